/* SPDX-License-Identifier: BSD-3-Clause */
/* The generators' times and sizes against what their parameters say. */
#include "unit.h"

#include <math.h>

#include "generator.h"

#define N 50000

static uint64_t due[N];

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
make(struct generator *gen, const struct generator_params *params, uint64_t begin)
{
	generator_init(gen, params);
	generator_start(gen, begin);
	for (uint32_t i = 0; i < N; i++) {
		due[i] = gen->due;
		assert_true(i == 0 || due[i] >= due[i - 1]);
		assert_int_equal(generator_next(gen), params->size);
	}
	assert_int_equal(gen->made, N);
}

/* Packet i is due at i times the exact gap, rounded down, but for the gap's own rounding. */
static void
test_constant(void **state)
{
	static const uint64_t rates[] = {64000, 999999, 7777777, 1000000000, UINT64_C(40000000000)};

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct generator_params params = {
			.kind = GENERATOR_CONSTANT, .size = 1200, .rate = rates[r]};
		struct generator gen;

		make(&gen, &params, 1000);
		assert_int_equal(due[0], 1000);
		for (uint64_t i = 0; i < N; i++) {
			uint64_t exact = (uint64_t)((unsigned __int128)i * 1200 * 8000000000u /
						    rates[r]);

			assert_in_range(due[i] - 1000 + 1, exact, exact + 1);
		}
	}
}

/* Gaps are exponential: Kolmogorov and Smirnov's distance below 1.95 / sqrt(n) (0.1 %). */
static void
test_poisson(void **state)
{
	struct generator_params params = {
		.kind = GENERATOR_POISSON, .size = 100, .rate = 800000, .seed = unit_seed()};
	static double gaps[N];
	struct generator gen;
	double worst = 0;

	(void)state;
	make(&gen, &params, 0);
	for (uint32_t i = 1; i < N; i++)
		gaps[i - 1] = (double)(due[i] - due[i - 1]);
	qsort(gaps, N - 1, sizeof(gaps[0]), compare);
	for (uint32_t i = 0; i < N - 1; i++) {
		double expected = 1 - exp(-(gaps[i] + 0.5) / 1e6), seen = (i + 0.5) / (N - 1);

		worst = fmax(worst, fabs(expected - seen));
	}
	assert_true(worst < 1.95 / sqrt(N));
}

/*
 * While on, packets are one gap apart; a longer gap holds one pause or more. On and off times are
 * exponential, so that their sums over k periods lie within five times mean / sqrt(k).
 */
static void
test_onoff(void **state)
{
	struct generator_params params = {.kind = GENERATOR_ONOFF,
		.size = 100,
		.rate = 8000000,
		.on_ns = 5000000,
		.off_ns = 20000000,
		.seed = unit_seed()};
	uint64_t on = 0, off = 0, pauses = 0;
	struct generator gen;

	(void)state;
	make(&gen, &params, 0);
	for (uint32_t i = 1; i < N; i++) {
		uint64_t gap = due[i] - due[i - 1];

		assert_true(gap >= 100000);
		on += 100000;
		off += gap - 100000;
		pauses += gap > 100000;
	}
	assert_true(pauses > 500);
	/* The chance that a whole on time falls between two packets is small, not none. */
	assert_true(fabs((double)on / (double)pauses / 5e6 - 1) < 5 / sqrt((double)pauses) + 0.03);
	assert_true(
		fabs((double)off / (double)pauses / 20e6 - 1) < 5 / sqrt((double)pauses) + 0.03);
}

/* Each frame in packets of the size, its rest last, all at the frame's time. */
static void
test_trace(void **state)
{
	static const uint32_t frames[] = {0, 3000, 1, 0, 0, 1000, 1001, 999, 64000};
	struct generator_params params = {.kind = GENERATOR_TRACE,
		.size = 1000,
		.frames = frames,
		.nb_frames = 9,
		.frame_ns = 40000000};
	struct generator gen;

	(void)state;
	generator_init(&gen, &params);
	generator_start(&gen, 777);
	for (uint64_t frame = 0; frame < 900; frame++) {
		for (uint32_t left = frames[frame % 9], size; left > 0; left -= size) {
			size = left < 1000 ? left : 1000;
			assert_int_equal(gen.due, 777 + frame * 40000000);
			assert_int_equal(generator_next(&gen), size);
		}
	}
}

static void
test_same_seed(void **state)
{
	struct generator_params params = {
		.size = 100, .rate = 800000, .on_ns = 1000000, .off_ns = 1000000};
	static uint64_t first[N];
	struct generator gen;

	(void)state;
	for (params.kind = GENERATOR_CONSTANT; params.kind <= GENERATOR_ONOFF; params.kind++) {
		params.seed = 1;
		make(&gen, &params, 5);
		memcpy(first, due, sizeof(due));
		make(&gen, &params, 5);
		assert_memory_equal(first, due, sizeof(due));
		params.seed = 2;
		make(&gen, &params, 5);
		if (params.kind != GENERATOR_CONSTANT)
			assert_memory_not_equal(first, due, sizeof(due));
	}
}

static void
test_fill(void **state)
{
	uint8_t payload[20];

	(void)state;
	memset(payload, 0xee, sizeof(payload));
	generator_fill(payload, 16, 0x1122334455667788);
	assert_memory_equal(payload,
		((uint8_t[]){0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x88, 0x88, 0x88, 0x88,
			0x88, 0x88, 0x88, 0x88, 0xee, 0xee, 0xee, 0xee}),
		20);
	generator_fill(payload, 3, UINT64_MAX);
	assert_memory_equal(payload, ((uint8_t[]){0xff, 0xff, 0xff, 0x44}), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_onoff),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests_name("generator", tests, NULL, NULL);
}
