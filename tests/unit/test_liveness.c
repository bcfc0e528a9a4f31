/* SPDX-License-Identifier: BSD-3-Clause */
/* Single probes and answers; what follows from many of them is tests/sim's. */
#include "unit.h"

#include "liveness.h"

#define MS UINT64_C(1000000)

/*
 * The worker that received the answer began its turn before the link's owner began the one in which
 * the probe left: a round trip shorter than that is an answer all the same, but says nothing of the
 * round-trip time or of the neighbour's clock.
 */
static void
test_answered_before_it_was_asked(void **state)
{
	struct liveness l = {0};
	struct probe_body body;
	struct rng rng;
	uint64_t rtt;
	int64_t us;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	assert_true(liveness_send(&l, 1200 * MS, 5000, true, &rng, &body));
	assert_true(liveness_answer(&l, 1200 * MS - 200000, 4800, 4900, &body));
	assert_int_equal(l.answers, 1);
	assert_int_equal(rtt_us(&l.rtt), 0);
	assert_false(liveness_clock_offset(&l, &us, &rtt));
	/* And it is one answer. */
	assert_false(liveness_answer(&l, 1200 * MS, 5000, 4900, &body));
	/* What nobody asked is none. */
	body.cookie[4] ^= 1;
	assert_false(liveness_answer(&l, 1201 * MS, 6000, 5900, &body));
}

/* Nor does it take the place of one that does, whichever comes first. */
static void
test_quickest_answer(void **state)
{
	static const int32_t took_us[] = {-10, 200, 0, 200};
	struct liveness l = {0};
	struct rng rng;
	uint64_t rtt;
	int64_t us;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t now = l.send_at, arrived = now + (uint64_t)(int64_t)took_us[i] * 1000;
		uint32_t utc_us = 5000 + (uint32_t)took_us[i], stamp = took_us[i] > 0 ? 7100 : 7050;
		struct probe_body body;

		assert_true(liveness_send(&l, now, 5000, true, &rng, &body));
		assert_true(liveness_answer(&l, arrived, utc_us, stamp, &body));
		(void)liveness_turn(&l, now + MS, now + MS);
	}
	assert_int_equal(l.answers, 4);
	assert_int_equal(l.missed, 0);
	assert_true(liveness_clock_offset(&l, &us, &rtt));
	assert_int_equal(us, 2000);
	assert_int_equal(rtt, 200000);
	assert_int_equal(rtt_least(&l.rtt), 200000);
	assert_int_equal(l.rtt.smoothed, 200000);
}

/* A probe now, and its answer so much later of a clock that is so far ahead. */
static void
ask(struct liveness *l, struct rng *rng, uint64_t now, uint32_t took_us, uint32_t ahead_us)
{
	uint64_t arrived = now + took_us * UINT64_C(1000);
	struct probe_body body;

	l->send_at = now;
	assert_true(liveness_send(l, now, 5000, true, rng, &body));
	assert_true(
		liveness_answer(l, arrived, 5000 + took_us, 5000 + took_us / 2 + ahead_us, &body));
	(void)liveness_turn(l, arrived, arrived);
}

/* The quickest answer of this ten seconds and those before it tells the offset, no older one. */
static void
test_offset_grows_old(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t took_us, ahead_us, told;
	} all[] = {{1100, 200, 2000, 2000}, {12000, 400, 2100, 2000}, {23000, 600, 2200, 2100},
		{60000, 800, 2300, 2300}};
	struct liveness l = {0};
	struct rng rng;
	uint64_t rtt;
	int64_t us;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	for (uint32_t i = 0; i < 4; i++) {
		ask(&l, &rng, all[i].at * MS, all[i].took_us, all[i].ahead_us);
		assert_true(liveness_clock_offset(&l, &us, &rtt));
		assert_int_equal(us, all[i].told);
	}
}

/* A link that returns is judged by how it is now: what it lost before it was cut does not count. */
static void
test_returns_as_new(void **state)
{
	struct liveness l = {0};
	struct probe_body body;
	struct rng rng;
	uint64_t now = 1100 * MS;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	ask(&l, &rng, now, 200, 0);
	assert_int_equal(l.state, LINK_STATE_up);
	liveness_data(&l, 2500 * MS, 1000, 1000);
	(void)liveness_turn(&l, now, now);
	assert_int_equal(l.state, LINK_STATE_degraded);
	for (uint32_t i = 0; i < 10; i++) {
		now = l.send_at;
		assert_true(liveness_send(&l, now, 5000, true, &rng, &body));
		(void)liveness_turn(&l, now + 5000 * MS, 1100 * MS);
	}
	assert_int_equal(l.state, LINK_STATE_down);
	for (uint32_t i = 0; i < 4; i++)
		ask(&l, &rng, now + 6000 * MS, 200, 0);
	assert_int_equal(l.state, LINK_STATE_up);
	assert_int_equal(liveness_data_loss_ppm(&l), 0);
}

/* What was missing and comes late after all makes no loss. */
static void
test_late_data(void **state)
{
	struct liveness l = {0};
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	liveness_data(&l, 2000 * MS, 100, 900);
	assert_in_range(liveness_data_loss_ppm(&l), 24900, 25000);
	liveness_data(&l, 3000 * MS, 90, 1900);
	assert_in_range(liveness_data_loss_ppm(&l), 18600, 18750);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_before_it_was_asked),
		cmocka_unit_test(test_quickest_answer),
		cmocka_unit_test(test_offset_grows_old),
		cmocka_unit_test(test_returns_as_new),
		cmocka_unit_test(test_late_data),
	};

	return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
