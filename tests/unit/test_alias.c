/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The alias table: what share a table gives to each choice follows from its columns exactly; the
 * draws then follow the table (chi-square).
 */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "alias.h"

static struct alias_entry table[ALIAS_MAX];

/* The share of choice i that the table's columns give, by plain addition. */
static double
share(uint32_t n, uint32_t i)
{
	double sum = 0;

	for (uint32_t column = 0; column < n; column++) {
		/* Drawn numbers 0..keep stay, of 2^32. */
		double keep = ((double)table[column].keep + 1) / 4294967296.0;

		if (column == i)
			sum += keep;
		if (table[column].other == i && keep < 1)
			sum += 1 - keep;
	}
	return sum / n;
}

static void
check_table(const uint32_t *weights, uint32_t n)
{
	double total = 0;

	assert_int_equal(alias_build(table, weights, n), 0);
	for (uint32_t i = 0; i < n; i++)
		total += weights[i];
	for (uint32_t i = 0; i < n; i++)
		assert_true(fabs(share(n, i) - weights[i] / total) < 1e-8);
}

/* 99.99 % of chi-square with k degrees of freedom lies below this (Wilson and Hilferty, 1931). */
static double
chi_square_limit(uint32_t k)
{
	double c = 1 - 2.0 / (9.0 * k) + 3.719 * sqrt(2.0 / (9.0 * k));

	return k * c * c * c;
}

static void
check_draws(const uint32_t *weights, uint32_t n, uint64_t seed)
{
	uint64_t drawn[ALIAS_MAX] = {0};
	uint32_t draws = 400000, degrees = 0;
	double total = 0, chi = 0;
	struct rng rng;

	rng_seed(&rng, seed);
	for (uint32_t i = 0; i < n; i++)
		total += weights[i];
	for (uint32_t i = 0; i < draws; i++) {
		uint32_t pick = alias_pick(table, n, &rng);

		assert_true(pick < n);
		drawn[pick]++;
	}
	for (uint32_t i = 0; i < n; i++) {
		double expected = draws * weights[i] / total;

		if (weights[i] == 0) {
			assert_int_equal(drawn[i], 0);
			continue;
		}
		chi += (drawn[i] - expected) * (drawn[i] - expected) / expected;
		degrees++;
	}
	if (degrees > 1)
		assert_true(chi < chi_square_limit(degrees - 1));
}

static void
test_known(void **state)
{
	static const uint32_t one[] = {7}, split[] = {25, 75}, zero[] = {0, 10, 0, 90, 0},
			      huge[] = {1, UINT32_MAX, UINT32_MAX}, even[] = {5, 5, 5, 5, 5, 5, 5};

	(void)state;
	check_table(one, 1);
	check_draws(one, 1, 1);
	check_table(split, 2);
	check_draws(split, 2, 2);
	check_table(zero, 5);
	check_draws(zero, 5, 3);
	check_table(huge, 3);
	check_table(even, 7);
	check_draws(even, 7, 5);
}

static void
test_random(void **state)
{
	uint32_t weights[ALIAS_MAX];
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (int round = 0; round < 300; round++) {
		uint32_t n = 1 + rng_below(&rng, ALIAS_MAX);

		for (uint32_t i = 0; i < n; i++)
			weights[i] = rng_below(&rng, 3) == 0 ? 0 : 1 + rng_below(&rng, 1000);
		weights[rng_below(&rng, n)] = 1 + rng_below(&rng, 1000);
		check_table(weights, n);
		if (round % 50 == 0)
			check_draws(weights, n, rng_next(&rng));
	}
}

static void
test_refused(void **state)
{
	uint32_t weights[ALIAS_MAX + 1] = {0};

	(void)state;
	assert_int_equal(alias_build(table, weights, 0), -EINVAL);
	assert_int_equal(alias_build(table, weights, 4), -EINVAL);
	weights[0] = 1;
	assert_int_equal(alias_build(table, weights, ALIAS_MAX + 1), -EINVAL);
	assert_int_equal(alias_build(table, weights, ALIAS_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("alias", tests, NULL, NULL);
}
