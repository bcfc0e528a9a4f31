/* SPDX-License-Identifier: BSD-3-Clause */
/* The delay histogram against all delays in a sorted array. */
#include "unit.h"

#include "delay_histogram.h"
#include "rng.h"

#define SAMPLES 20000

static struct delay_histogram histogram;
static int32_t sorted[SAMPLES];

static int
compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* What the header promises: 1/16 of the distance from the anchor, or from the next sample. */
static void
check_quantile(double q, int32_t n)
{
	int32_t rank = (int32_t)(q * n), anchor = histogram.anchor;
	int64_t got = delay_histogram_quantile(&histogram, q), low, high, slack;

	rank = rank < n ? rank : n - 1;
	low = sorted[rank > 0 ? rank - 1 : 0];
	high = sorted[rank];
	slack = 2 + (llabs(low - anchor) > llabs(high - anchor) ? llabs(low - anchor)
								: llabs(high - anchor)) /
			    16;
	assert_true(got >= low - slack);
	assert_true(got <= high + slack);
}

static void
check_distribution(int32_t base, uint32_t spread, uint32_t tail, uint64_t seed)
{
	struct rng rng;

	memset(&histogram, 0, sizeof(histogram));
	rng_seed(&rng, seed);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		sorted[i] = base + (int32_t)rng_below(&rng, spread);
		if (rng_below(&rng, 100) == 0)
			sorted[i] += (int32_t)rng_below(&rng, tail);
		delay_histogram_add(&histogram, sorted[i], i * UINT64_C(1000));
	}
	qsort(sorted, SAMPLES, sizeof(sorted[0]), compare);
	assert_int_equal(histogram.count, SAMPLES);
	assert_int_equal(histogram.max, sorted[SAMPLES - 1]);
	for (int i = 0; i <= 20; i++)
		check_quantile(i / 20.0, SAMPLES);
	check_quantile(0.99, SAMPLES);
	check_quantile(0.999, SAMPLES);
}

static void
test_quantiles(void **state)
{
	uint64_t seed = unit_seed();

	(void)state;
	check_distribution(0, 10, 1000, seed++);
	check_distribution(20000, 3000, 100000, seed++);
	check_distribution(-5000000, 20000, 100000, seed++); /* clocks apart */
	check_distribution(-50, 100, 100, seed++);
	check_distribution(2000000000, 1000, 1000, seed++);
	check_distribution(-2000000000, 1000, 1000, seed++);
}

/* Every distance lies in the bin whose middle is near it; bins are in order. */
static void
test_bins(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (uint32_t d = 0; d < 1u << DELAY_MAX_BITS; d += 1 + d / 200) {
		uint32_t bin = delay_bin(d), middle = delay_bin_middle(bin);
		uint32_t off = middle > d ? middle - d : d - middle;

		assert_true(bin < DELAY_BINS);
		assert_true(bin >= last);
		assert_true(off <= d / 16);
		assert_int_equal(delay_bin(middle), bin);
		last = bin;
	}
	assert_int_equal(delay_bin(UINT32_MAX), DELAY_BINS - 1);
}

/* Clocks apart by as much as a delay can say: bins beyond it end there, and stay in order. */
static void
test_extremes(void **state)
{
	static const int32_t delays[] = {INT32_MAX - 1000, INT32_MIN + 1000};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		memset(&histogram, 0, sizeof(histogram));
		delay_histogram_add(&histogram, delays[i], 0);
		for (uint32_t bin = 1; bin < 2 * DELAY_BINS; bin++)
			assert_true(delay_histogram_middle(&histogram, bin) >=
				    delay_histogram_middle(&histogram, bin - 1));
		assert_int_equal(delay_histogram_middle(&histogram, DELAY_BINS), delays[i]);
		delay_histogram_add(&histogram, delays[1 - i], 0);
		assert_true(delay_histogram_quantile(&histogram, 0) <
			    delay_histogram_quantile(&histogram, 1));
	}
}

/* Several at once are the same as one after the other. */
static void
test_several(void **state)
{
	static struct delay_histogram one;
	uint32_t n;
	struct rng rng;

	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	memset(&one, 0, sizeof(one));
	rng_seed(&rng, unit_seed());
	for (uint32_t i = 0; i < 1000; i += n) {
		uint64_t now = i * UINT64_C(100000000);

		n = rng_below(&rng, 6);
		for (uint32_t k = 0; k < n; k++) {
			sorted[k] = (int32_t)rng_below(&rng, 200000) - 100000;
			delay_histogram_add(&one, sorted[k], now);
		}
		delay_histogram_add_several(&histogram, sorted, n, now);
		assert_memory_equal(&histogram, &one, sizeof(one));
	}
}

#define EVENTS 3000

/*
 * The least of the last minute, to a slice: never one older than a minute, none younger left out.
 */
static void
test_minimum(void **state)
{
	static uint64_t at[EVENTS];
	static int32_t delay[EVENTS];
	struct rng rng;
	uint64_t now = 0;
	int32_t minimum;

	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	rng_seed(&rng, unit_seed());
	assert_false(delay_histogram_minimum(&histogram, now, &minimum));
	for (int i = 0; i < EVENTS; i++) {
		int32_t surely = INT32_MAX, possibly = INT32_MAX;
		uint64_t pause = rng_below(&rng, 50) == 0 ? 40000000000 : 400000000;

		now += rng_next(&rng) % pause;
		at[i] = now;
		delay[i] = (int32_t)rng_below(&rng, 1000000) - 500000;
		delay_histogram_add(&histogram, delay[i], now);
		if (rng_below(&rng, 10) == 0)
			now += rng_next(&rng) % 20000000000;
		for (int j = 0; j <= i; j++) {
			if (now - at[j] <= 50000000000 && delay[j] < surely)
				surely = delay[j];
			if (now - at[j] <= 60000000000 && delay[j] < possibly)
				possibly = delay[j];
		}
		if (delay_histogram_minimum(&histogram, now, &minimum)) {
			assert_true(minimum <= surely);
			assert_true(minimum >= possibly);
		} else {
			assert_int_equal(surely, INT32_MAX);
		}
	}
	assert_false(delay_histogram_minimum(&histogram, now + 70000000000, &minimum));
}

/* RFC 3550, 6.4.1, in real numbers beside it. */
static void
test_jitter(void **state)
{
	struct rng rng;
	double jitter = 0;
	int32_t last = 0;

	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	rng_seed(&rng, unit_seed());
	for (uint32_t i = 0; i < SAMPLES; i++) {
		int32_t delay = (int32_t)rng_below(&rng, i % 1000 < 500 ? 100 : 50000) - 20000;

		if (i > 0)
			jitter += (abs(delay - last) - jitter) / 16;
		last = delay;
		delay_histogram_add(&histogram, delay, i * UINT64_C(1000));
		assert_float_equal(delay_histogram_jitter(&histogram), jitter, 0.51);
	}
	/* Clocks that are far apart; another source after it. */
	delay_histogram_break(&histogram);
	jitter = delay_histogram_jitter(&histogram);
	delay_histogram_add(&histogram, INT32_MAX, SAMPLES * UINT64_C(1000));
	assert_true(delay_histogram_jitter(&histogram) <= jitter);
	delay_histogram_add(&histogram, INT32_MIN, SAMPLES * UINT64_C(1000));
	assert_true(delay_histogram_jitter(&histogram) <= jitter);
}

/* A bin has its ten millionth packet a second for seven minutes; all but the last few are set. */
static void
test_many(void **state)
{
	uint32_t near;

	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	for (uint32_t i = 0; i < 100; i++)
		delay_histogram_add(&histogram, i < 90 ? 20000 : 90000, i * UINT64_C(1000));
	near = delay_histogram_index(&histogram, 20000);
	for (uint32_t round = 0; round < 3; round++) {
		histogram.bins[near] = UINT32_MAX - 1;
		for (uint32_t i = 0; i < 4; i++)
			delay_histogram_add(&histogram, 20000, UINT64_C(1000000));
		assert_in_range(delay_histogram_quantile(&histogram, 0.5), 19999, 20001);
		assert_in_range(delay_histogram_quantile(&histogram, 0.99), 19999, 20001);
	}
	assert_true(delay_histogram_quantile(&histogram, 1) > 80000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_minimum),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("delay_histogram", tests, NULL, NULL);
}
