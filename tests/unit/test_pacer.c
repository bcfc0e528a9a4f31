/* SPDX-License-Identifier: BSD-3-Clause */
/* pacer (RFC 5348, 4.6) against send times in exact fractions. */
#include "unit.h"

#include "pacer.h"
#include "rng.h"

#define S UINT64_C(1000000000)

/*
 * The n-th packet may go at n times size / rate: after a million packets still to the nanosecond.
 */
static void
test_long_run_is_exact(void **state)
{
	static const uint64_t rates[] = {125, 1000003, 1250000000, 12500000000, 7};
	(void)state;

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint64_t start = 5 * S, begun = start - PACER_TURN_NS, now = start;
		struct pacer pacer;

		pacer_init(&pacer, rates[r]);
		for (uint64_t i = 0; i < 100000; i++) {
			unsigned __int128 due = (unsigned __int128)i * 1000 * S / rates[r];

			/* Rounding goes to the late side, by 2^-32 ns a byte at most. */
			if (i > 0)
				assert_in_range(pacer_ready_at(&pacer), begun + (uint64_t)due,
					begun + (uint64_t)due + 2);
			now = i > 0 ? pacer_ready_at(&pacer) : start;
			assert_true(pacer_is_ready(&pacer, now));
			pacer_spend(&pacer, 1000, now, i > 0);
		}
	}
}

/*
 * Packets of any size at any rate, some of them late: each may go at the first nanosecond that is
 * not before its nominal time in exact fractions.
 */
static void
test_nominal_times_in_fractions(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int r = 0; r < 200; r++) {
		uint64_t rate = 1 + rng_next(&rng) % (UINT64_C(1) << (8 + r % 32));
		unsigned __int128 byte = ((S << 32) + rate - 1) / rate; /* 2^-32 ns */
		unsigned __int128 nominal = (unsigned __int128)(5 * S - PACER_TURN_NS) << 32;
		struct pacer pacer;
		uint64_t now = 5 * S;

		pacer_init(&pacer, rate);
		for (int i = 0; i < 500; i++) {
			uint32_t bytes = 40 + (uint32_t)(rng_next(&rng) % 9000);

			pacer_spend(&pacer, bytes, now, i > 0);
			nominal += byte * bytes;
			assert_int_equal(
				pacer_ready_at(&pacer), (uint64_t)((nominal + UINT32_MAX) >> 32));
			if (pacer_ready_at(&pacer) >= now)
				now = pacer_ready_at(&pacer) +
				      rng_below(&rng, 3) * rng_below(&rng, PACER_TURN_NS) / 2;
		}
	}
}

/* What was not sent before earns a turn of the worker, no more, and no more than a round trip. */
static void
test_idle_time_earns_a_turn(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 1000000);
	pacer_spend(&pacer, 1000, S, false);
	assert_int_equal(pacer_ready_at(&pacer), S + 1000000 - PACER_TURN_NS);
	assert_false(pacer_is_ready(&pacer, S + 999999 - PACER_TURN_NS));
	pacer_spend(&pacer, 1000, 9 * S, false);
	assert_int_equal(pacer_ready_at(&pacer), 9 * S + 1000000 - PACER_TURN_NS);
	pacer_set_rtt(&pacer, 5000);
	pacer_spend(&pacer, 1000, 10 * S, false);
	assert_int_equal(pacer_ready_at(&pacer), 10 * S + 1000000 - 5000);
	/* A packet late by less than that goes on from its time. */
	pacer_set_rtt(&pacer, 0);
	pacer_spend(&pacer, 1000, 10 * S + 1000000, false);
	assert_int_equal(pacer_ready_at(&pacer), 10 * S + 2000000 - 5000);
}

/* How many packets leave at once when the worker comes so late. */
static uint32_t
burst_after(struct pacer *pacer, uint64_t late)
{
	uint64_t now = pacer_ready_at(pacer) + late;
	uint32_t n = 0;

	for (; pacer_is_ready(pacer, now); n++)
		pacer_spend(pacer, 1000, now, true);
	return n;
}

static void
test_bursts_are_bounded(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 100000000); /* 10 us a packet */
	pacer_spend(&pacer, 1000, S, false);
	assert_int_equal(burst_after(&pacer, 0), 1);
	assert_int_equal(burst_after(&pacer, 55000), 6);
	/* The grain of the clock, then no more. */
	assert_int_equal(burst_after(&pacer, PACER_GRAIN_NS), 101);
	assert_int_equal(burst_after(&pacer, 50 * PACER_GRAIN_NS), 101);
	/* Never more than a round-trip time's worth. */
	pacer_set_rtt(&pacer, 300000);
	assert_int_equal(burst_after(&pacer, 50 * PACER_GRAIN_NS), 31);
	pacer_set_rtt(&pacer, 600 * PACER_GRAIN_NS);
	assert_int_equal(burst_after(&pacer, 50 * PACER_GRAIN_NS), 101);
	pacer_set_rtt(&pacer, 300000);
	pacer_set_rtt(&pacer, 0);
	assert_int_equal(burst_after(&pacer, 50 * PACER_GRAIN_NS), 101);
}

static void
test_rate_changes_what_is_left_of_a_wait(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 1000000);
	pacer_spend(&pacer, 1000, S, false); /* until 980 us later */
	pacer_set_rate(&pacer, 2000000, S + 200000);
	assert_in_range(pacer_ready_at(&pacer), S + 589999, S + 590001);
	pacer_set_rate(&pacer, 500000, S + 400000);
	assert_in_range(pacer_ready_at(&pacer), S + 1159990, S + 1160010);
	pacer_set_rate(&pacer, 0, S + 500000);
	assert_true(pacer_is_ready(&pacer, S + 500000));
	pacer_spend(&pacer, 1000, S + 500000, false);
	assert_true(pacer_is_ready(&pacer, S + 500000));
	pacer_set_rate(&pacer, 1000000, S + 600000);
	assert_true(pacer_is_ready(&pacer, S + 600000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_run_is_exact),
		cmocka_unit_test(test_nominal_times_in_fractions),
		cmocka_unit_test(test_idle_time_earns_a_turn),
		cmocka_unit_test(test_bursts_are_bounded),
		cmocka_unit_test(test_rate_changes_what_is_left_of_a_wait),
	};

	return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
