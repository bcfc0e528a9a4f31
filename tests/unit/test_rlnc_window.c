/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sliding window at a destination, on a stream with loss: what is computed is what was sent; as
 * long as nothing was given up, all is known that slow and plain elimination knows; memory stays
 * within its bound, whatever comes.
 */
#include "unit.h"

#include "coded_packets.h"
#include "rlnc_window.h"

#define PACKETS 512

static struct rng rng;
static struct rlnc_window window;
static struct coded_symbol sources[PACKETS];

static void *
begin(uint8_t k, uint64_t deadline)
{
	void *memory = aligned_alloc(64, RTE_ALIGN_CEIL(rlnc_window_bytes(k), 64));

	rng_seed(&rng, unit_seed());
	rlnc_window_init(&window, memory, k, deadline, coded_release_all);
	return memory;
}

static void
end(void *memory)
{
	(void)rlnc_window_reset(&window);
	assert_int_equal(coded_mbufs, 0);
	free(memory);
}

static uint32_t
compute(uint32_t first)
{
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX];
	uint8_t room[RLNC_SOLVER_SLOTS_MAX][8 + 64], *payloads[RLNC_SOLVER_SLOTS_MAX];
	uint16_t n = rlnc_decoder_find(&window.d, found, &parts);

	for (uint16_t i = 0; i < n; i++)
		payloads[i] = room[i] + 8;
	rlnc_decoder_compute(&window.d, found, n, &parts, 40, payloads);
	for (uint16_t i = 0; i < n; i++) {
		const struct coded_symbol *source = &sources[found[i].seq - first];

		assert_true(found[i].sound && found[i].seq - first < PACKETS);
		assert_int_equal(found[i].len + 8, source->len);
		assert_memory_equal(payloads[i], source->bytes + 8, found[i].len);
		packets[i] = coded_mbuf(&rng, payloads[i], found[i].len);
	}
	rlnc_decoder_keep(&window.d, found, n, packets);
	return n;
}

static void
put_source(uint32_t first, uint32_t i)
{
	struct rlnc_symbol_head head;

	memcpy(&head, sources[i].bytes, sizeof(head));
	(void)rlnc_decoder_source(&window.d, first + i, head,
		coded_mbuf(&rng, sources[i].bytes + 8, sources[i].len - 8));
}

/* Of the n packets before and including i. */
static enum rlnc_verdict
put_repair(uint32_t first, uint32_t i, uint8_t n, struct slow_space *space, uint32_t base)
{
	struct rlnc_header h = {
		.kind = RLNC_SEEDED, .code = RLNC_WINDOW, .n = n, .seed = (uint16_t)rng_next(&rng)};
	struct coded_symbol sum = {0};
	uint8_t coeffs[RLNC_SPAN_MAX], vector[SLOW_COLUMNS] = {0};
	uint32_t from = i + 1 - n;
	enum rlnc_verdict verdict;
	struct rte_mbuf *m;

	rlnc_header_coeffs(&h, coeffs);
	for (uint32_t k = 0; k < n; k++) {
		coded_add(&sum, coeffs[k], &sources[from + k]);
		if (from + k - base < SLOW_COLUMNS)
			vector[from + k - base] = coeffs[k];
	}
	if (space != NULL)
		(void)slow_space_add(space, vector);
	m = coded_mbuf(&rng, sum.bytes, sum.len);
	verdict = rlnc_decoder_combination(&window.d, &h, first + from, m, 0);
	if (verdict != RLNC_HELD)
		coded_release(m);
	return verdict;
}

/* Streams as long as the slow field's matrix is wide. */
static void
play(uint8_t k, uint32_t loss, uint32_t every)
{
	static struct slow_space space;
	void *memory = begin(k, UINT64_MAX);
	uint32_t first = (uint32_t)rng_next(&rng), gone = 0, n = SLOW_COLUMNS;

	slow_space_init(&space, n);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t vector[SLOW_COLUMNS] = {0};

		coded_source(&rng, &sources[i], rng_below(&rng, 32));
		if (i == 0 || rng_below(&rng, 100) >= loss) {
			gone += rlnc_window_reach(&window, first + i, 1, i);
			vector[i] = 1;
			(void)slow_space_add(&space, vector);
			put_source(first, i);
			(void)compute(first);
		}
		if (i % every == 0 && rng_below(&rng, 100) >= loss) {
			uint8_t span = (uint8_t)RTE_MIN(i + 1, (uint32_t)k);

			gone += rlnc_window_reach(&window, first + i + 1 - span, span, i);
			(void)put_repair(first, i, span, &space, 0);
			(void)compute(first);
		}
		assert_true(window.d.held <= rlnc_window_hold(k));
		for (uint32_t j = 0; gone == 0 && j <= i; j++)
			if (rlnc_decoder_in_play(&window.d, first + j) && first + j != window.end)
				assert_int_equal(rlnc_decoder_knows(&window.d, first + j),
					slow_space_knows(&space, j));
	}
	end(memory);
}

static void
test_stream(void **state)
{
	static const uint8_t spans[] = {2, 8, 24, 64, 128};

	(void)state;
	for (size_t i = 0; i < sizeof(spans); i++)
		for (uint32_t loss = 5; loss <= 40; loss += 5)
			play(spans[i], loss, 3);
}

/* Numbers that jump anywhere: everything is given back, the bound holds. */
static void
test_jumps(void **state)
{
	void *memory = begin(24, UINT64_MAX);
	uint32_t at = 1;

	(void)state;
	for (uint32_t i = 0; i < PACKETS; i++)
		coded_source(&rng, &sources[i], 20);
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t kind = rng_below(&rng, 8);
		uint8_t n = (uint8_t)(1 + rng_below(&rng, 24));

		at += kind == 0	  ? (uint32_t)rng_next(&rng)
		      : kind == 1 ? (uint32_t)-rng_below(&rng, 100)
				  : rng_below(&rng, 4);
		(void)rlnc_window_reach(&window, at, n, round);
		if (kind % 2 == 0 && rlnc_decoder_in_play(&window.d, at) &&
			!rlnc_decoder_knows(&window.d, at))
			put_source(at, 0);
		else
			(void)put_repair(at, n - 1u, n, NULL, 0);
		assert_true(window.d.held <= rlnc_window_hold(24));
		assert_true(coded_mbufs >= window.d.held);
	}
	end(memory);
}

static void
test_late(void **state)
{
	void *memory = begin(8, 100);

	(void)state;
	(void)rlnc_window_reach(&window, 10, 1, 1000);
	(void)rlnc_window_reach(&window, 13, 1, 1050);
	assert_true(rlnc_decoder_in_play(&window.d, 9));
	assert_false(rlnc_window_is_late(&window, 10, 1100));
	assert_true(rlnc_window_is_late(&window, 10, 1101));
	assert_false(rlnc_window_is_late(&window, 12, 1150));
	assert_true(rlnc_window_is_late(&window, 12, 1151));
	end(memory);
}

/* What is below the window, as all is when a forged packet moved it up, does not keep it alive. */
static void
test_forged(void **state)
{
	void *memory = begin(8, 100);

	(void)state;
	(void)rlnc_window_reach(&window, 10, 1, 1000);
	(void)rlnc_window_reach(&window, 9, 1, 1010);
	assert_int_equal(window.heard_at, 1010);
	(void)rlnc_window_reach(&window, 10 + (UINT32_C(1) << 30), 8, 1020);
	for (uint32_t i = 11; i < 30; i++)
		(void)rlnc_window_reach(&window, i, 1, 1020 + i);
	assert_int_equal(window.heard_at, 1020);
	(void)rlnc_window_reset(&window);
	(void)rlnc_window_reach(&window, 30, 1, 2000);
	assert_true(rlnc_decoder_in_play(&window.d, 30));
	end(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_forged),
	};

	slow_field_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
