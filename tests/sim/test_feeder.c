/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait for a paced link: when each leaves, who goes first, what is dropped when more
 * comes than the link may carry, and that nothing is left behind when conferences and links end.
 */
#include "feeder.h"
#include "narrow.h"
#include "node_request.h"

#define FRAME (14 + 20 + 8)

/* What the wire saw leave the relay and come to it. */
#define SEEN_MAX 4096

static struct {
	uint64_t came[SEEN_MAX], left[SEEN_MAX];
	uint32_t bytes[SEEN_MAX]; /* of UDP payload */
	uint32_t nb_came, nb_left;
} seen;

static void
see(void *arg, struct sim *sim, const struct sim_wire *wire, const struct wire_log *log)
{
	uint32_t to = wire->node[log->to], from = wire->node[log->to ^ 1];

	(void)arg;
	if (log->event == WIRE_DELIVERED && to == 2 && from == 0)
		seen.came[seen.nb_came++] = sim->now; /* the turn; log->now is when it arrived */
	if (log->event == WIRE_SENT && from == 2 && to == 1) {
		seen.bytes[seen.nb_left] = log->len - FRAME;
		seen.left[seen.nb_left++] = log->now;
	}
}

/*
 * Each packet leaves in the first turn at or after its time, which is size / rate after that of the
 * packet before, or a worker's turn before it came, whichever is later.
 */
static void
check_times(const struct sim *sim, uint64_t step)
{
	double due = 0;

	assert_int_equal(seen.nb_came, seen.nb_left);
	for (uint32_t i = 0; i < seen.nb_left; i++) {
		double came = (double)seen.came[i], turn = (double)PACER_TURN_NS;
		double begun = due > came - turn ? due : came - turn;
		double time = begun > came ? begun : came;

		if ((double)seen.left[i] < time || (double)seen.left[i] >= time + (double)step)
			sim_fail(sim, __FILE__, __LINE__, "in time",
				"packet %u: due at %.3f, left at %lu", i, time, seen.left[i]);
		due = begun + (double)seen.bytes[i] * 1e9 / (double)RATE;
	}
}

static void
test_in_time(void **state)
{
	struct sim *sim = narrow(RATE);
	uint32_t index;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	sim->hooks.wire = see;
	index = start(sim, 9, false);
	for (uint32_t i = 0; i < 1500; i++) {
		sim_host_send(sim, index, (uint16_t)(100 + rng_below(&sim->rng, 1200)));
		/* Now faster than the link's rate, now slower, now a pause. */
		sim_run_until(sim, sim->now + 20 * SIM_US * (1 + rng_below(&sim->rng, 80)));
		if (rng_below(&sim->rng, 100) == 0)
			sim_run_until(sim, sim->now + 50 * SIM_MS);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(seen.nb_left, 1500);
	check_times(sim, sim->step);
	small_finish(sim, NULL, small_none);
}

/*
 * A minute of ten times as much as the link may carry: what is over is dropped by name, all else
 * arrives, and what waits stays bounded.
 */
static void
test_overload(void **state)
{
	static const enum drop_reason allowed[] = {DROP_queue_full, DROP_none};
	struct feeder_terms low = feeder_terms_default(), high = feeder_terms_default();
	struct worker_event events[80];
	uint32_t a, b, n, most = 0;
	uint64_t full, from;
	struct sim *sim = narrow(RATE / 10);

	(void)state;
	low.packets = 100;
	low.age = 10 * SIM_S;
	low.priority = 2;
	high.priority = 6;
	set_terms(sim, 9, &low);
	set_terms(sim, 8, &high);
	a = start(sim, 9, false);
	b = start(sim, 8, false);
	from = sim->now;
	while (sim->now < from + 60 * SIM_S) {
		/* 1000 a second of the low one; of the high one, half of the link's rate. */
		for (uint32_t i = 0; i < 20; i++)
			sim_host_send(sim, a, SIZE);
		sim_host_send(sim, b, SIZE);
		sim_run_until(sim, sim->now + 20 * SIM_MS);
		most = RTE_MAX(most, narrow_worker(sim)->feeders.packets);
	}
	assert_in_range(most, 98, 110);
	/* Told as it happens, once a second, with what was dropped since. */
	n = worker_event_take(narrow_worker(sim), events, 80);
	assert_in_range(n, 59, 61);
	full = small_drops(sim, 3, DROP_queue_full);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(events[i].kind, EVENT_congestion);
		assert_int_equal(events[i].peer, 2);
		assert_int_equal(events[i].congestion.conference, 9);
		assert_int_equal(events[i].congestion.session, sim->sessions[a].session);
		assert_int_equal(events[i].congestion.queue_packets, 100);
		assert_in_range(events[i].congestion.drops, i == 0 ? 1 : 900, 1000);
	}
	sim_drain(sim, 3 * SIM_S);
	assert_int_equal(delivered(sim, b), sim->sessions[b].sent);
	assert_int_equal(delivered(sim, a) + full, sim->sessions[a].sent);
	assert_int_equal(narrow_link(sim)->tx.drops, full);
	assert_in_range(delivered(sim, a) + delivered(sim, b), 6000, 6110);
	small_finish(sim, NULL, allowed);
}

/* The same over the ring between two workers: its owner paces what others hand over. */
static void
test_ring_way(void **state)
{
	struct sim *sim = small_new(3);
	struct sim_line line = small_line();
	uint32_t a;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	sim->nodes[2].workers = 2;
	line.queues = 1;
	small_connect(sim, 1, 3, &line);
	small_connect(sim, 3, 2, &line);
	sim->link_rate = RATE;
	sim->paced_node = 2;
	sim->paced_peer = 2;
	sim_build(sim);
	a = start(sim, 9, false);
	/* Packets come to worker 0's queue. */
	assert_int_not_equal(narrow_link(sim)->owner, 0);
	sim->hooks.wire = see;
	for (uint32_t i = 0; i < 60; i++)
		sim_host_send(sim, a, SIZE);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, a), 60);
	assert_true(narrow_worker(sim)->counters.handed_in >= 60);
	assert_int_equal(seen.nb_left, 60);
	for (uint32_t i = 1; i < 60; i++)
		assert_in_range(seen.left[i], seen.left[0] + i * SIM_MS - PACER_TURN_NS,
			seen.left[0] + i * SIM_MS - PACER_TURN_NS + sim->step - 1);
	small_finish(sim, NULL, small_none);
}

/* Two conferences that both have more than they get: bytes by weight, to within a turn. */
static void
test_weights(void **state)
{
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = narrow(RATE);
	uint32_t a, b;

	(void)state;
	terms.weight = 3;
	set_terms(sim, 8, &terms);
	a = start(sim, 9, false); /* is not configured at the relay: weight 1 */
	b = start(sim, 8, false);
	for (uint32_t i = 0; i < 2000; i++) {
		sim_host_send(sim, a, SIZE);
		sim_host_send(sim, b, SIZE / 2);
		sim_host_send(sim, b, SIZE / 2);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	/* Packets of the second have (946 / 2 + 54) bytes each. */
	assert_in_range(delivered(sim, b) * (SIZE / 2 + HEADERS), delivered(sim, a) * 3000 - 10000,
		delivered(sim, a) * 3000 + 10000);
	sim_drain(sim, 4 * SIM_S);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_feeder_full, DROP_none});
}

/* Delay-sensitive packets pass the others of their conference. */
static void
test_delay_sensitive(void **state)
{
	struct sim *sim = narrow(RATE);
	uint32_t a, b;

	(void)state;
	a = start(sim, 9, false);
	b = start(sim, 9, true);
	for (uint32_t i = 0; i < 50; i++)
		sim_host_send(sim, a, SIZE);
	for (uint32_t i = 0; i < 10; i++)
		sim_host_send(sim, b, SIZE);
	/* 2 ms under way; then 11 packets of 1 ms each. */
	sim_run_until(sim, sim->now + 13 * SIM_MS + 200 * SIM_US);
	assert_int_equal(delivered(sim, b), 10);
	assert_in_range(delivered(sim, a), 1, 2);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, a), 50);
	small_finish(sim, NULL, small_none);
}

static void
test_age(void **state)
{
	static const enum drop_reason allowed[] = {DROP_queue_expired, DROP_none};
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = narrow(RATE);
	uint32_t a;

	(void)state;
	terms.age = 20 * SIM_MS;
	set_terms(sim, 9, &terms);
	a = start(sim, 9, false);
	for (uint32_t i = 0; i < 50; i++)
		sim_host_send(sim, a, SIZE);
	sim_drain(sim, SIM_S);
	/* The first at once, one each millisecond, up to the 20th. */
	assert_int_equal(delivered(sim, a), 21);
	assert_int_equal(small_drops(sim, 3, DROP_queue_expired), 29);
	small_finish(sim, NULL, allowed);
}

/* What waits in a queue is bounded in bytes too: packets of another size are fewer or more. */
static void
test_bytes(void **state)
{
	static const enum drop_reason allowed[] = {DROP_queue_full, DROP_none};
	static const uint16_t sizes[] = {SIZE, SIZE / 2};
	struct feeder_terms terms = feeder_terms_default();

	(void)state;
	terms.bytes = 20000;
	for (size_t i = 0; i < RTE_DIM(sizes); i++) {
		struct sim *sim = narrow(RATE);
		uint32_t a, fit = terms.bytes / (sizes[i] + HEADERS);

		set_terms(sim, 9, &terms);
		a = start(sim, 9, false);
		for (uint32_t n = 0; n < 100; n++)
			sim_host_send(sim, a, sizes[i]);
		sim_drain(sim, SIM_S);
		/* The first goes at once. */
		assert_int_equal(delivered(sim, a), 1 + fit);
		assert_int_equal(small_drops(sim, 3, DROP_queue_full), 99 - fit);
		small_finish(sim, NULL, allowed);
	}
}

/* A conference ends while packets wait: they go at once, by name, and the others' stay. */
static void
test_conference_ends(void **state)
{
	static const enum drop_reason allowed[] = {DROP_conference_ended, DROP_none};
	struct sim *sim = narrow(RATE);
	uint64_t ended;
	uint32_t a, b;

	(void)state;
	a = start(sim, 9, false);
	b = start(sim, 8, false);
	for (uint32_t i = 0; i < 50; i++) {
		sim_host_send(sim, a, SIZE);
		sim_host_send(sim, b, SIZE);
	}
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(node_end_conference(sim->nodes[2].node, 9), 0);
	sim_run_until(sim, sim->now + SIM_MS);
	ended = small_drops(sim, 3, DROP_conference_ended);
	assert_in_range(ended, 40, 50);
	assert_null(feeder_queue_find(&narrow_worker(sim)->feeders, narrow_link(sim)->index, 9));
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, a) + ended, 50);
	assert_int_equal(delivered(sim, b), 50);
	/* It may come back. */
	sim_host_send(sim, a, SIZE);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, a) + ended, 51);
	assert_int_equal(node_set_conference(sim->nodes[2].node, 9, NULL), 0);
	small_finish(sim, NULL, allowed);
}

static void
test_link_removed(void **state)
{
	static const enum drop_reason allowed[] = {DROP_hop_removed, DROP_none};
	struct sim *sim = narrow(RATE);
	uint32_t a;

	(void)state;
	a = start(sim, 9, false);
	for (uint32_t i = 0; i < 50; i++)
		sim_host_send(sim, a, SIZE);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	node_remove_link(sim->nodes[2].node, narrow_link(sim));
	sim_drain(sim, SIM_S);
	assert_in_range(small_drops(sim, 3, DROP_hop_removed), 25, 49);
	assert_int_equal(delivered(sim, a) + small_drops(sim, 3, DROP_hop_removed), 50);
	small_finish(sim, NULL, allowed);
}

/* What lies in all queues together is bounded too. */
static void
test_all_full(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_none};
	struct sim *sim;
	uint32_t index[8];
	uint64_t sum = 0;

	(void)state;
	sim = narrow(RATE);
	for (uint32_t i = 0; i < 8; i++)
		index[i] = start(sim, 100 + i, false);
	for (uint32_t i = 0; i < 40; i++) {
		for (uint32_t k = 0; k < 8; k++)
			sim_host_send(sim, index[k], SIZE);
		sim_run_until(sim, sim->now + 40 * SIM_US);
	}
	sim_run_until(sim, sim->now + 5 * SIM_MS);
	/* Nine equal parts: one of them stays free. */
	assert_in_range(small_drops(sim, 3, DROP_feeder_full),
		320 - SIM_FEEDER_PACKETS * 8 / 9 - 10, 320 - SIM_FEEDER_PACKETS * 8 / 9);
	sim_drain(sim, SIM_S);
	for (uint32_t k = 0; k < 8; k++)
		sum += delivered(sim, index[k]);
	assert_int_equal(sum + small_drops(sim, 3, DROP_feeder_full), 320);
	small_finish(sim, NULL, allowed);
}

/* Many conferences find all places taken: not one event each. */
static void
test_flood_of_conferences(void **state)
{
	struct worker_event events[128];
	struct sim *sim = narrow(RATE / 100);
	uint32_t index[60], n;

	(void)state;
	for (uint32_t i = 0; i < 60; i++)
		index[i] = start(sim, 100 + i, false);
	for (uint32_t round = 0; round < 40; round++) {
		for (uint32_t i = 0; i < 60; i++)
			sim_host_send(sim, index[i], SIZE);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	n = worker_event_take(narrow_worker(sim), events, RTE_DIM(events));
	assert_int_equal(n, 32);
	/* The next second has its own. */
	sim_run_until(sim, sim->now + SIM_S);
	for (uint32_t i = 0; i < 60; i++)
		for (uint32_t k = 0; k < 8; k++)
			sim_host_send(sim, index[i], SIZE);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	n = worker_event_take(narrow_worker(sim), events, RTE_DIM(events));
	assert_in_range(n, 20, 64);
	sim_drain(sim, 30 * SIM_S);
	small_finish(
		sim, NULL, (enum drop_reason[]){DROP_feeder_full, DROP_queue_expired, DROP_none});
}

/* Many of low priority hold all places: one of high priority still loses nothing. */
static void
test_all_full_of_low(void **state)
{
	static const enum drop_reason allowed[] = {DROP_feeder_full, DROP_none};
	struct feeder_terms high = feeder_terms_default();
	struct sim *sim = narrow(RATE);
	uint32_t low[40], index;

	(void)state;
	high.priority = 7;
	set_terms(sim, 1, &high);
	for (uint32_t i = 0; i < 40; i++)
		low[i] = start(sim, 100 + i, false);
	index = start(sim, 1, false);
	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < 10; i++)
			sim_host_send(sim, low[rng_below(&sim->rng, 40)], SIZE);
		for (uint32_t i = 0; round % 20 == 0 && i < 15; i++)
			sim_host_send(sim, index, SIZE);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	assert_true(small_drops(sim, 3, DROP_feeder_full) > 1000);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, index), 150);
	small_finish(sim, NULL, allowed);
}

static void
perform_rate(struct worker *w, struct worker_request *request)
{
	feeder_set_rate(w, node_find_link(w->node, 2), *(const uint64_t *)request->object);
}

static void
set_rate(struct sim *sim, uint64_t rate)
{
	struct node *node = sim->nodes[2].node;

	assert_int_equal(
		node_request(node, narrow_link(sim)->owner, perform_rate, &rate, NULL, NULL), 0);
	sim_run_until(sim, sim->now + sim->step);
}

/* The rate changes while packets wait; without one they leave at once. */
static void
test_rate_changes(void **state)
{
	struct sim *sim = narrow(RATE);
	uint32_t a;

	(void)state;
	a = start(sim, 9, false);
	for (uint32_t i = 0; i < 100; i++)
		sim_host_send(sim, a, SIZE);
	sim_run_until(sim, sim->now + 12 * SIM_MS);
	assert_in_range(delivered(sim, a), 9, 12);
	set_rate(sim, 4 * RATE);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_in_range(delivered(sim, a), 44, 50);
	set_rate(sim, 0);
	sim_run_until(sim, sim->now + 2 * SIM_MS);
	assert_int_equal(delivered(sim, a), 100);
	assert_int_equal(narrow_worker(sim)->counters.queued, 0);
	assert_true(feeder_is_direct(narrow_worker(sim), narrow_link(sim)));
	small_finish(sim, NULL, small_none);
}

/* The relay's stop takes what waits with it. */
static void
test_stop(void **state)
{
	struct sim *sim = narrow(RATE);
	uint32_t a;

	(void)state;
	a = start(sim, 9, false);
	for (uint32_t i = 0; i < 50; i++)
		sim_host_send(sim, a, SIZE);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_true(narrow_worker(sim)->counters.queued > 0);
	sim_node_stop(sim, 2);
	sim_node_start(sim, 2);
	sim_drain(sim, SIM_S);
	sim_host_send(sim, a, SIZE);
	sim_drain(sim, SIM_S);
	small_finish(sim, NULL, small_none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_ring_way),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_delay_sensitive),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_conference_ends),
		cmocka_unit_test(test_link_removed),
		cmocka_unit_test(test_all_full),
		cmocka_unit_test(test_flood_of_conferences),
		cmocka_unit_test(test_all_full_of_low),
		cmocka_unit_test(test_rate_changes),
		cmocka_unit_test(test_stop),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("feeder", tests, NULL, NULL);
}
