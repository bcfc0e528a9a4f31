/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much repair a target needs: beside generations that are sent, one packet after the other,
 * over links that lose at random, with relays between them that recode or not.
 */
#include "unit.h"

#include <math.h>

#include <rte_common.h>

#include "rlnc_redundancy.h"
#include "rng.h"

#define MILLION	  1000000u
#define LINKS_MAX 4
#define TRIALS	  10000

struct line {
	uint32_t nb_links;
	double loss[LINKS_MAX];
	bool recoded[LINKS_MAX]; /* before this link; never before the first */
};

static struct rng rng;

static struct rlnc_way
way_of(const struct line *line)
{
	double arrives = 1, kept = 1;

	for (uint32_t i = 0; i < line->nb_links; i++) {
		arrives *= 1 - line->loss[i];
		kept *= line->recoded[i] ? 1 - line->loss[i] : 1;
	}
	return (struct rlnc_way){.loss = (uint32_t)((1 - arrives) * MILLION + 0.5),
		.regained = (uint32_t)((1 - kept) * MILLION + 0.5)};
}

/* What each node knows of a generation: packets that say something new, and those it owes. */
struct relay {
	uint32_t rank;
	double credit;
};

/* So many packets from the node before a link: how many come, each new as long as it can be. */
static uint32_t
cross(const struct line *line, struct relay *relays, uint32_t link, uint32_t packets)
{
	uint32_t came = 0, sent = packets;

	if (line->recoded[link]) {
		relays[link].credit += packets / (1 - line->loss[link]);
		sent = (uint32_t)relays[link].credit;
		relays[link].credit -= sent;
	}
	for (uint32_t i = 0; i < sent; i++) {
		if (rng_unit(&rng) < line->loss[link])
			continue;
		came++;
		relays[link + 1].rank += relays[link + 1].rank < relays[link].rank;
	}
	return came;
}

/* Share of generations that are not decoded, n packets and r repairs. */
static double
failed(const struct line *line, uint32_t n, uint32_t r)
{
	struct relay relays[LINKS_MAX + 1] = {{0}};
	uint32_t missed = 0;

	for (uint32_t trial = 0; trial < TRIALS; trial++) {
		for (uint32_t i = 0; i <= line->nb_links; i++)
			relays[i].rank = 0;
		for (uint32_t sent = 0; sent < n + r; sent++) {
			uint32_t packets = 1;

			relays[0].rank = RTE_MIN(sent + 1, n);
			for (uint32_t i = 0; i < line->nb_links; i++)
				packets = cross(line, relays, i, packets);
		}
		missed += relays[line->nb_links].rank < n;
	}
	return (double)missed / TRIALS;
}

/* The target is met, with not so much more than it takes; without relays' help it takes more. */
static void
test_lines(void **state)
{
	static const struct line lines[] = {
		{1, {0.05}, {false}},
		{1, {0.3}, {false}},
		{2, {0.05, 0.1}, {false, false}},
		{2, {0, 0.1}, {false, true}},
		{2, {0.1, 0.1}, {false, true}},
		{2, {0.05, 0.2}, {false, true}},
		{2, {0.2, 0.05}, {false, true}},
		{3, {0.05, 0.05, 0.05}, {false, true, true}},
		{3, {0.05, 0.1, 0.02}, {false, true, false}},
		{4, {0.02, 0.05, 0.1, 0.05}, {false, false, true, true}},
	};
	static const uint32_t sizes[] = {16, 32, 64};
	const uint32_t target = MILLION / 100;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(lines); i++) {
		struct rlnc_way way = way_of(&lines[i]);

		for (size_t k = 0; k < RTE_DIM(sizes); k++) {
			uint32_t n = sizes[k];
			uint32_t r = rlnc_redundancy_way(n, way, true, target, 10 * n);
			uint32_t alone = rlnc_redundancy(n, way.loss, true, target, 10 * n);

			assert_true(failed(&lines[i], n, r) < 0.02);
			assert_true(r < 3 || failed(&lines[i], n, r - 2) > 0.003);
			assert_true(way.regained > 0 ? r <= alone : r == alone);
		}
	}
}

/* Share of source packets that stay lost of a systematic code, which is less than of all. */
static void
test_systematic(void **state)
{
	const uint32_t n = 32, target = MILLION / 1000;
	uint32_t r = rlnc_redundancy(n, MILLION / 10, false, target, n), gone = 0;

	(void)state;
	assert_true(r < rlnc_redundancy(n, MILLION / 10, true, target, n));
	for (uint32_t trial = 0; trial < 5 * TRIALS; trial++) {
		uint32_t sources = 0, lost = 0;

		for (uint32_t i = 0; i < n + r; i++) {
			bool away = rng_below(&rng, 10) == 0;

			lost += away;
			sources += away && i < n;
		}
		gone += lost > r ? sources : 0;
	}
	assert_true(gone < 5e-3 * TRIALS * n);
	assert_true(gone > 5e-4 * TRIALS * n);
}

/* Nothing is lost, everything is, or more than can be; never more than the bound. */
static void
test_ends(void **state)
{
	struct rlnc_way all = {MILLION, MILLION}, lie = {1, UINT32_MAX}, half = {MILLION / 2, 0};

	(void)state;
	assert_int_equal(rlnc_redundancy(32, 0, true, 1, 32), 0);
	assert_int_equal(rlnc_redundancy_way(32, (struct rlnc_way){0}, true, 1, 32), 0);
	assert_int_equal(rlnc_redundancy(32, MILLION / 2, false, 1000, 8), 8);
	assert_int_equal(rlnc_redundancy(32, UINT32_MAX, false, 1000, 40), 40);
	assert_int_equal(rlnc_redundancy_way(32, half, false, 1000, 8), 8);
	for (uint32_t most = 0; most < 100; most++) {
		assert_in_range(rlnc_redundancy_way(32, all, false, 1000, most), 0, most);
		assert_in_range(rlnc_redundancy_way(32, lie, false, 1000, most), 0, most);
	}
	/* Most that is ever lost can be made up for, and is not taken for nothing. */
	assert_true(rlnc_redundancy(128, MILLION, true, 1000, 128 * 100) > 128 * 3);
	for (uint32_t loss = 0, last = 0; loss < MILLION; loss += 1000) {
		uint32_t r = rlnc_redundancy(24, loss, false, 1000, 1000);

		assert_true(r >= last);
		last = r;
	}
}

/* What stays lost, by the logarithms of the binomial coefficients. */
static double
stays_lost(uint32_t n, uint32_t r, double p, bool whole)
{
	double sum = 0, all = n + r;

	for (uint32_t lost = r + 1; lost <= n + r; lost++)
		sum += exp(lgamma(all + 1) - lgamma(lost + 1) - lgamma(all - lost + 1) +
			       lost * log(p) + (all - lost) * log1p(-p)) *
		       (whole ? 1 : lost / all);
	return sum;
}

/* It is the least: with one less more would stay lost than the target, and no number is passed. */
static void
test_least(void **state)
{
	static const uint32_t sizes[] = {1, 2, 16, 33, 128};
	static const uint32_t losses[] = {1000, 20000, 100000, 330000, 700000};
	static const uint32_t targets[] = {10, 100, 10000, 200000};

	(void)state;
	for (uint32_t i = 0; i < 5 * 5 * 4 * 2; i++) {
		uint32_t n = sizes[i % 5], loss = losses[i / 5 % 5], target = targets[i / 25 % 4];
		bool whole = i >= 100;
		double p = (double)loss / MILLION, most = (double)target / MILLION;
		uint32_t need = rlnc_redundancy(n, loss, whole, target, 4000), r = 0;

		while (stays_lost(n, r, p, whole) > most)
			r++;
		assert_int_equal(need, r);
		assert_int_equal(rlnc_redundancy(n, loss, whole, target, r / 2), r / 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_systematic),
		cmocka_unit_test(test_ends),
	};

	rng_seed(&rng, unit_seed());
	return cmocka_run_group_tests_name("rlnc_redundancy", tests, NULL, NULL);
}
