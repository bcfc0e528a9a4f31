/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rates.h"

#define SECOND UINT64_C(1000000000)

static void
test_unknown_before_two_samples(void **state)
{
	struct rate rate = {0};

	(void)state;
	assert_false(rate.known);
	rate_sample(&rate, 500, 3 * SECOND);
	assert_false(rate.known);
	rate_sample(&rate, 700, 4 * SECOND);
	assert_true(rate.known);
	assert_float_equal(rate.per_second, 200, 1e-9);
}

static void
test_real_interval_counts(void **state)
{
	struct rate rate = {0};

	(void)state;
	rate_sample(&rate, 0, 0);
	rate_sample(&rate, 1000, SECOND / 4);
	assert_float_equal(rate.per_second, 4000, 1e-6);
	rate_sample(&rate, 1000, 10 * SECOND);
	assert_true(rate.known);
	assert_float_equal(rate.per_second, 0, 1e-9);
}

static void
test_a_counter_that_began_anew(void **state)
{
	struct rate rate = {0};

	(void)state;
	rate_sample(&rate, 1000000, SECOND);
	rate_sample(&rate, 10, 2 * SECOND);
	assert_false(rate.known);
	rate_sample(&rate, 30, 3 * SECOND);
	assert_true(rate.known);
	assert_float_equal(rate.per_second, 20, 1e-9);
}

static void
test_one_sample_a_time(void **state)
{
	struct rate rate = {0};

	(void)state;
	rate_sample(&rate, 0, SECOND);
	rate_sample(&rate, 100, 2 * SECOND);
	rate_sample(&rate, 999, 2 * SECOND);
	rate_sample(&rate, 999, SECOND);
	assert_float_equal(rate.per_second, 100, 1e-9);
	rate_sample(&rate, 300, 3 * SECOND);
	assert_float_equal(rate.per_second, 200, 1e-9);
}

static void
test_large_counters(void **state)
{
	struct rate rate = {0};

	(void)state;
	rate_sample(&rate, UINT64_C(1) << 60, SECOND);
	rate_sample(&rate, (UINT64_C(1) << 60) + 12345, 2 * SECOND);
	assert_float_equal(rate.per_second, 12345, 1e-6);
}

static void
test_reset_forgets(void **state)
{
	struct rate rate = {0};

	(void)state;
	rate_sample(&rate, 1, SECOND);
	rate_sample(&rate, 2, 2 * SECOND);
	rate_reset(&rate);
	assert_false(rate.known);
	rate_sample(&rate, 3, 3 * SECOND);
	assert_false(rate.known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_before_two_samples),
		cmocka_unit_test(test_real_interval_counts),
		cmocka_unit_test(test_a_counter_that_began_anew),
		cmocka_unit_test(test_one_sample_a_time),
		cmocka_unit_test(test_large_counters),
		cmocka_unit_test(test_reset_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
