/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that end and begin anew in the middle of traffic. */
#include "small.h"

#define GAP (200 * SIM_US)

static const enum drop_reason may_repeat[] = {DROP_session_duplicate, DROP_none};

/* Relay 5 is away for 30 ms: what the wires brought to nobody is lost, nothing else. */
static void
test_relay(void **state)
{
	struct sim *sim = small_new(6);
	struct oracle *oracle;
	struct sim_session s;
	const struct link *link;
	uint64_t gone, lost;
	uint32_t index, relay = 4;

	(void)state;
	small_wire(sim, 1, 5);
	small_wire(sim, 5, 2);
	small_wire(sim, 5, 6);
	small_wire(sim, 6, 3);
	small_wire(sim, 6, 4);
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 3, 4, 0});
	sim_session_flow(&s, 1, 1, "5 > (2, 6 > (3, 4))");
	index = small_start(sim, oracle, &s);
	small_send(sim, index, 500, 300, GAP);
	sim_node_stop(sim, relay);
	small_send(sim, index, 150, 300, GAP);
	sim_node_start(sim, relay);
	small_send(sim, index, 500, 300, GAP);

	sim_drain(sim, SIM_S);
	gone = wire_count(sim_wire_between(sim, 0, relay)->wire, 1, WIRE_UNPLUGGED);
	assert_in_range(gone, 148, 152);
	for (uint32_t id = 2; id <= 4; id++) {
		const struct destination *dst = small_destination(sim, index, id);

		lost = destination_lost(dst);
		assert_int_equal(lost, gone);
		assert_int_equal(destination_delivered(dst).packets + lost, 1150);
		assert_int_equal(dst->counters.epochs, 1);
	}
	/* Its neighbours saw a second epoch and began to count anew. */
	link = node_find_link(sim->nodes[1].node, 5);
	assert_int_equal(link->rx.epochs, 2);
	assert_int_equal(link_lost(&link->rx), 0);
	link = node_find_link(sim->nodes[relay].node, 1);
	assert_int_equal(link->rx.epochs, 1);
	small_finish(sim, oracle, small_none);
}

/* On redundant paths the restart of one relay costs nobody anything. */
static void
test_redundant_relay(void **state)
{
	struct sim *sim = small_new(4);
	struct oracle *oracle;
	struct sim_session s;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 3);
	small_wire(sim, 1, 4);
	small_wire(sim, 3, 2);
	small_wire(sim, 4, 2);
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "(3 > 2, 4 > 2)");
	index = small_start(sim, oracle, &s);
	for (uint32_t round = 0; round < 4; round++) {
		small_send(sim, index, 100, 200, GAP);
		sim_node_stop(sim, 2 + round % 2);
		small_send(sim, index, 100, 200, GAP);
		sim_node_start(sim, 2 + round % 2);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 800);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 0);
	small_finish(sim, oracle, may_repeat);
}

/*
 * The source begins anew: sequences from 0 in a new epoch. Over the slow path packets of the old
 * epoch come behind the new one's first, and are refused by name.
 */
static void
restart_source(uint64_t slow, bool ordered)
{
	static const enum drop_reason allowed[] = {DROP_session_stale_epoch, DROP_none};
	struct sim_line line = small_line();
	struct sim *sim = small_new(4);
	const struct destination *dst;
	struct oracle *oracle;
	struct sim_session s;
	uint64_t stale;
	uint32_t index;

	small_wire(sim, 1, 3);
	small_wire(sim, 3, 2);
	small_wire(sim, 1, 4);
	line.lane.delay = slow;
	small_connect(sim, 4, 2, &line);
	sim->extra_buffers = 512;
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 50, "3 > 2");
	sim_session_flow(&s, 2, 50, "4 > 2");
	s.reorder_packets = ordered ? 256 : 0;
	s.reorder_ns = 50 * SIM_MS;
	index = small_start(sim, oracle, &s);
	small_send(sim, index, 400, 100, GAP);
	sim_node_stop(sim, 0);
	small_send(sim, index, 10, 100, GAP);
	sim_node_start(sim, 0);
	sim_session_start(sim, index);
	small_send(sim, index, 400, 100, GAP);

	sim_drain(sim, SIM_S);
	dst = small_destination(sim, index, 2);
	stale = small_drops(sim, 2, DROP_session_stale_epoch);
	assert_int_equal(dst->counters.epochs, 2);
	assert_int_equal(destination_delivered(dst).packets + stale, 800);
	assert_int_equal(source_sent(sim_source(sim, index)).bytes, 400 * 100);
	if (slow > 10 * SIM_MS)
		assert_true(stale > 0);
	else
		assert_int_equal(stale, 0);
	small_finish(sim, oracle, stale > 0 ? allowed : small_none);
}

static void
test_source(void **state)
{
	(void)state;
	restart_source(SIM_MS, false);
	restart_source(20 * SIM_MS, false);
	restart_source(SIM_MS, true);
	restart_source(20 * SIM_MS, true);
}

/*
 * A node whose clock went back comes with an older epoch: refused while the link was not silent for
 * two seconds, taken then.
 */
static void
test_older_epoch(void **state)
{
	struct sim *sim = small_new(2);
	const struct link *link;
	struct sim_session s;
	uint64_t heard;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	small_send(sim, index, 100, 100, SIM_MS);
	link = node_find_link(sim->nodes[1].node, 1);
	heard = link->rx.heard_at;
	sim_node_stop(sim, 0);
	sim->nodes[0].epoch -= 20;
	sim_node_start(sim, 0);
	sim_session_start(sim, index);
	while (sim->now < heard + LINK_SILENCE_NS - 10 * SIM_MS)
		small_send(sim, index, 1, 100, 10 * SIM_MS);
	assert_true(small_drops(sim, 2, DROP_link_stale_epoch) > 100);
	assert_int_equal(link->rx.epochs, 1);
	small_send(sim, index, 50, 100, 10 * SIM_MS);
	assert_int_equal(link->rx.epochs, 2);
	assert_true(destination_delivered(small_destination(sim, index, 2)).packets >= 145);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_link_stale_epoch, DROP_none});
}

/*
 * Epochs are of 16 bits: the one after the highest is 0, of links and of sources. With each all is
 * counted anew: what a flow loses, and delays, for the clock may be another.
 */
static void
test_epoch_wraps(void **state)
{
	struct sim *sim = small_new(2);
	const struct utc_map clock = {.utc0_ns = 5 * SIM_S};
	const struct destination *dst;
	struct delay_histogram delay;
	struct sim_session s;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	sim->nodes[0].epoch = UINT16_MAX - 1;
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	small_send(sim, index, 50, 100, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	wire_cut(sim_wire_between(sim, 0, 1)->wire, true);
	small_send(sim, index, 5, 100, GAP);
	wire_cut(sim_wire_between(sim, 0, 1)->wire, false);
	small_send(sim, index, 45, 100, GAP);
	sim_node_stop(sim, 0);
	sim_node_start(sim, 0);
	assert_int_equal(sim->nodes[0].epoch, 0);
	node_set_clock(sim->nodes[0].node, &clock);
	sim_session_start(sim, index);
	small_send(sim, index, 20, 100, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	wire_cut(sim_wire_between(sim, 0, 1)->wire, true);
	small_send(sim, index, 10, 100, GAP);
	wire_cut(sim_wire_between(sim, 0, 1)->wire, false);
	small_send(sim, index, 20, 100, GAP);
	sim_drain(sim, SIM_S);
	dst = small_destination(sim, index, 2);
	assert_int_equal(node_find_link(sim->nodes[1].node, 1)->rx.epochs, 2);
	assert_int_equal(dst->counters.epochs, 2);
	assert_int_equal(destination_flow_const(dst, 1)->lost, 5 + 10);
	assert_int_equal(destination_lost(dst), 5 + 10);
	destination_delay(dst, &delay);
	assert_true(delay.jitter >> 4 < 10);
	assert_in_range(destination_delivered(dst).packets, 125, 135);
	small_finish(sim, NULL, small_none);
}

/* A destination that begins anew delivers what comes from then on. */
static void
test_destination(void **state)
{
	struct sim *sim = small_new(3);
	struct sim_session s;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 3, 0});
	sim_session_flow(&s, 1, 1, "2* > 3");
	index = small_start(sim, NULL, &s);
	small_send(sim, index, 100, 100, GAP);
	sim_node_stop(sim, 1);
	small_send(sim, index, 50, 100, GAP);
	sim_node_start(sim, 1);
	small_send(sim, index, 100, 100, GAP);
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 0);
	assert_int_equal(destination_lost(small_destination(sim, index, 3)),
		250 - destination_delivered(small_destination(sim, index, 3)).packets);
	assert_in_range(destination_delivered(small_destination(sim, index, 2)).packets, 100, 110);
	assert_in_range(wire_count(sim->wires[0].wire, 1, WIRE_UNPLUGGED), 48, 52);
	small_finish(sim, NULL, small_none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_redundant_relay),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_older_epoch),
		cmocka_unit_test(test_epoch_wraps),
		cmocka_unit_test(test_destination),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
