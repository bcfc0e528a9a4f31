/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a paced link does with conferences whose terms change while they wait, with packets that
 * cannot leave, and when more conferences wait than there are queues.
 */
#include "narrow.h"

/* Both offer the link's whole rate for so long; how many packets of each were delivered. */
struct both {
	uint64_t a, b;
};

static struct both
overload(struct sim *sim, uint32_t a, uint32_t b, uint32_t ms)
{
	struct both before = {delivered(sim, a), delivered(sim, b)};

	for (uint32_t i = 0; i < ms; i++) {
		sim_host_send(sim, a, SIZE);
		sim_host_send(sim, b, SIZE);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	return (struct both){delivered(sim, a) - before.a, delivered(sim, b) - before.b};
}

/* Queues that are never empty go by the terms that hold now, not by those of long ago. */
static void
test_change_under_load(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_none};
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = narrow(RATE);
	uint32_t a = start(sim, 9, false), b = start(sim, 8, false);
	struct both got;

	(void)state;
	(void)overload(sim, a, b, 300);
	got = overload(sim, a, b, 400);
	assert_in_range(got.b, got.a - 2, got.a + 2);

	terms.weight = 3;
	set_terms(sim, 8, &terms);
	(void)overload(sim, a, b, 10);
	got = overload(sim, a, b, 400);
	assert_in_range(got.b, 3 * got.a - 6, 3 * got.a + 6);

	terms.priority = 5;
	set_terms(sim, 8, &terms);
	(void)overload(sim, a, b, 10);
	got = overload(sim, a, b, 400);
	assert_int_equal(got.a, 0);
	assert_in_range(got.b, 399, 401);

	set_terms(sim, 8, NULL);
	(void)overload(sim, a, b, 10);
	got = overload(sim, a, b, 400);
	assert_in_range(got.b, got.a - 2, got.a + 2);
	sim_drain(sim, 4 * SIM_S);
	small_finish(sim, NULL, allowed);
}

/* A shorter queue, and an age, hold for what waits already. */
static void
test_limits_change_under_load(void **state)
{
	static const enum drop_reason allowed[] = {DROP_queue_full, DROP_queue_expired, DROP_none};
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = narrow(RATE);
	uint32_t a = start(sim, 9, false);

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		sim_host_send(sim, a, SIZE);
	sim_run_until(sim, sim->now + 4 * SIM_MS);
	terms.packets = 10;
	terms.age = 20 * SIM_MS;
	set_terms(sim, 9, &terms);
	sim_host_send(sim, a, SIZE);
	sim_drain(sim, SIM_S);
	assert_int_equal(small_drops(sim, 3, DROP_queue_full), 1);
	assert_in_range(delivered(sim, a), 20, 24);
	assert_int_equal(delivered(sim, a) + small_drops(sim, 3, DROP_queue_expired), 100);
	small_finish(sim, NULL, allowed);
}

/* What is too large for the link's port costs others nothing of the link's rate. */
static void
test_oversize_takes_no_time(void **state)
{
	static const enum drop_reason allowed[] = {DROP_mtu_exceeded, DROP_none};
	struct sim_line line = small_line();
	struct sim *sim;
	uint32_t a, b;

	(void)state;
	line.mtu = 600;
	sim = narrow_new(RATE, &line);
	sim_build(sim);
	a = start(sim, 9, false);
	b = start(sim, 8, false);
	for (uint32_t i = 0; i < 500; i++) {
		sim_host_send(sim, a, SIZE);
		sim_host_send(sim, b, 400);
		sim_host_send(sim, b, 400);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	sim_run_until(sim, sim->now + 5 * SIM_MS);
	assert_int_equal(delivered(sim, b), 1000);
	assert_int_equal(small_drops(sim, 3, DROP_mtu_exceeded), 500);
	assert_int_equal(narrow_link(sim)->tx.oversize, 500);
	/* Link header, Pathlet, session header, payload. */
	assert_int_equal(narrow_link(sim)->tx.oversize_last, 24 + 6 + 24 + SIZE);
	sim_drain(sim, SIM_S);
	small_finish(sim, NULL, allowed);
}

/* More conferences wait than there are queues: one of high priority still gets one. */
static void
test_queues_run_out(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_queue_expired, DROP_none};
	struct feeder_terms high = feeder_terms_default();
	struct sim_line line = small_line();
	struct sim *sim = narrow_new(RATE / 100, &line);
	uint32_t low[20], index;

	(void)state;
	sim->feeder_queues = 16;
	sim_build(sim);
	high.priority = 7;
	set_terms(sim, 1, &high);
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		low[i] = start(sim, 100 + i, false);
	index = start(sim, 1, false);
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		sim_host_send(sim, low[i], SIZE);
	sim_run_until(sim, sim->now + 4 * SIM_MS);
	assert_true(small_drops(sim, 3, DROP_feeder_full) > 0);
	for (uint32_t i = 0; i < 5; i++)
		sim_host_send(sim, index, SIZE);
	sim_run_until(sim, sim->now + 700 * SIM_MS);
	assert_int_equal(delivered(sim, index), 5);
	sim_drain(sim, 3 * SIM_S);
	small_finish(sim, NULL, allowed);
}

/* More conferences wait for one link than there are queues: that leaves some for another link. */
static void
test_queues_for_another_link(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_none};
	struct feeder_terms high = feeder_terms_default();
	struct sim_line line = small_line();
	struct sim *sim = narrow_new(RATE / 100, &line);
	uint32_t low[20], index;
	struct sim_session s;

	(void)state;
	sim_add_node(sim, 4, 1);
	small_wire(sim, 3, 4);
	sim->feeder_queues = 16;
	sim_build(sim);
	feeder_set_rate(narrow_worker(sim), node_find_link(sim->nodes[2].node, 4), RATE / 100);
	high.priority = 7;
	set_terms(sim, 1, &high);
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		low[i] = start(sim, 100 + i, false);
	s = small_session(sim, 1, (uint32_t[]){4, 0});
	s.conference = 1;
	sim_session_flow(&s, 1, 1, "3 > 4");
	index = small_start(sim, NULL, &s);
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		sim_host_send(sim, low[i], SIZE);
	sim_run_until(sim, sim->now + 4 * SIM_MS);
	/* One was sent at once, eight wait. */
	assert_int_equal(small_drops(sim, 3, DROP_feeder_full), RTE_DIM(low) - 9);
	for (uint32_t i = 0; i < 5; i++)
		sim_host_send(sim, index, SIZE);
	sim_run_until(sim, sim->now + 700 * SIM_MS);
	assert_int_equal(destination_delivered(small_destination(sim, index, 4)).packets, 5);
	sim_drain(sim, 3 * SIM_S);
	small_finish(sim, NULL, allowed);
}

/*
 * Half of the queues have packets, which is as many as one link may have. A conference that the
 * node knows, of a higher priority, takes one of the others; once they are gone, the queue that is
 * emptied for it is one that holds little.
 */
static void
test_least_makes_way(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_queue_expired, DROP_none};
	struct feeder_terms high = feeder_terms_default();
	struct sim_line line = small_line();
	struct sim *sim = narrow_new(RATE / 50, &line);
	uint32_t low[8], known[9];

	(void)state;
	sim->feeder_queues = 16;
	sim_build(sim);
	high.priority = 7;
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		low[i] = start(sim, 100 + i, false);
	for (uint32_t i = 0; i < RTE_DIM(known); i++) {
		set_terms(sim, 1 + i, &high);
		known[i] = start(sim, 1 + i, false);
	}
	for (uint32_t i = 0; i < RTE_DIM(low); i++)
		for (uint32_t n = 0; n < (i == 3 ? 2 : 10); n++)
			sim_host_send(sim, low[i], SIZE);
	sim_run_until(sim, sim->now + 4 * SIM_MS);
	assert_int_equal(narrow_link(sim)->feeder.drr.queues, RTE_DIM(low));
	for (uint32_t i = 0; i < 8; i++)
		sim_host_send(sim, known[i], SIZE);
	sim_run_until(sim, sim->now + SIM_MS);
	assert_int_equal(small_drops(sim, 3, DROP_feeder_full), 0);
	for (uint32_t i = 0; i < 5; i++)
		sim_host_send(sim, known[8], SIZE);
	sim_run_until(sim, sim->now + 700 * SIM_MS);
	for (uint32_t i = 0; i < RTE_DIM(known); i++)
		assert_int_equal(delivered(sim, known[i]), i == 8 ? 5 : 1);
	assert_int_equal(small_drops(sim, 3, DROP_feeder_full), 2);
	assert_int_equal(delivered(sim, low[3]), 0);
	sim_drain(sim, 3 * SIM_S);
	small_finish(sim, NULL, allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_under_load),
		cmocka_unit_test(test_limits_change_under_load),
		cmocka_unit_test(test_oversize_takes_no_time),
		cmocka_unit_test(test_queues_run_out),
		cmocka_unit_test(test_queues_for_another_link),
		cmocka_unit_test(test_least_makes_way),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("feeder_terms", tests, NULL, NULL);
}
