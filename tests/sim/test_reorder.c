/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeping order at a destination: the window, its patience, what comes too late. */
#include "small.h"

#define PATIENCE (20 * SIM_MS)

/* Times and numbers of deliveries, in their order. */
struct deliveries {
	uint32_t n;
	uint64_t at[1000];
	uint64_t number[1000];
};

static struct deliveries got;

static void
note(void *arg, struct sim *sim, uint32_t node, uint32_t session, const uint8_t *payload,
	uint32_t len)
{
	(void)arg;
	(void)node;
	(void)session;
	(void)len;
	got.at[got.n] = sim->now;
	got.number[got.n++] = (uint64_t)payload[6] << 8 | payload[7];
}

static struct sim *
pair(uint32_t packets, uint32_t *index)
{
	struct sim *sim = small_new(2);
	struct sim_session s;

	memset(&got, 0, sizeof(got));
	small_wire(sim, 1, 2);
	sim->extra_buffers = packets;
	sim_build(sim);
	sim->hooks.delivered = note;
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.reorder_packets = packets;
	s.reorder_ns = PATIENCE;
	sim_session_flow(&s, 1, 1, "2");
	*index = small_start(sim, NULL, &s);
	return sim;
}

/* The next packet alone takes so long more, or is lost (UINT64_MAX). */
static void
send_odd(struct sim *sim, uint32_t index, uint64_t more)
{
	struct wire_lane_params lane = {.delay = SIM_MS};

	if (more == UINT64_MAX)
		lane.impair.loss = 1;
	else
		lane.impair = (struct impair_params){.reorder = 1, .reorder_ns = 1};
	lane.delay += more == UINT64_MAX ? 0 : more;
	small_set_lane(sim, &sim->wires[0], 2, &lane);
	small_send(sim, index, 1, 100, SIM_MS);
	lane = (struct wire_lane_params){.delay = SIM_MS};
	small_set_lane(sim, &sim->wires[0], 2, &lane);
}

static void
check_in_order(uint32_t n)
{
	assert_int_equal(got.n, n);
	for (uint32_t i = 1; i < n; i++)
		assert_true(got.number[i] > got.number[i - 1]);
}

/* A packet that is late by less than the patience is waited for. */
static void
test_restored(void **state)
{
	uint32_t index;
	struct sim *sim = pair(64, &index);

	(void)state;
	small_send(sim, index, 5, 100, SIM_MS);
	send_odd(sim, index, 10 * SIM_MS);
	small_send(sim, index, 30, 100, SIM_MS);
	sim_drain(sim, SIM_S);
	check_in_order(36);
	assert_int_equal(small_destination(sim, index, 2)->counters.skipped, 0);
	assert_int_equal(small_destination(sim, index, 2)->counters.reordered, 1);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 0);
	/* The ten that were held came out with it. */
	assert_int_equal(got.at[5], got.at[12]);
	small_finish(sim, NULL, small_none);
}

/* A gap larger than what can be held: all of it is skipped, a part at once. */
static void
test_long_gap(void **state)
{
	uint32_t index;
	struct sim *sim = pair(16, &index);

	(void)state;
	small_send(sim, index, 5, 100, SIM_MS);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	wire_cut(sim->wires[0].wire, true);
	small_send(sim, index, 40, 100, SIM_MS);
	wire_cut(sim->wires[0].wire, false);
	small_send(sim, index, 5, 100, SIM_MS);
	sim_drain(sim, SIM_S);
	check_in_order(10);
	assert_int_equal(small_destination(sim, index, 2)->counters.skipped, 40);
	small_finish(sim, NULL, small_none);
}

/* The very first is late: sources count from 0, so it is known to be missing. */
static void
test_first_is_late(void **state)
{
	uint32_t index;
	struct sim *sim = pair(64, &index);

	(void)state;
	send_odd(sim, index, 10 * SIM_MS);
	small_send(sim, index, 30, 100, SIM_MS);
	sim_drain(sim, SIM_S);
	check_in_order(31);
	small_finish(sim, NULL, small_none);
}

/* A lost packet holds the others up for the patience of the first that waits, no longer. */
static void
test_gap(void **state)
{
	uint32_t index;
	struct sim *sim = pair(64, &index);
	uint64_t waited;

	(void)state;
	small_send(sim, index, 5, 100, SIM_MS);
	send_odd(sim, index, UINT64_MAX);
	small_send(sim, index, 50, 100, SIM_MS);
	sim_drain(sim, SIM_S);
	check_in_order(55);
	waited = got.at[5] - got.at[4];
	/* Sent 2 ms behind the fifth, then PATIENCE; a turn of the wheel is 33 us, of ours 20. */
	assert_in_range(
		waited, 2 * SIM_MS + PATIENCE - 40 * SIM_US, 2 * SIM_MS + PATIENCE + 100 * SIM_US);
	assert_int_equal(small_destination(sim, index, 2)->counters.skipped, 1);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 1);
	small_finish(sim, NULL, small_none);
}

/* What comes when its place was given up is dropped by name. */
static void
test_too_late(void **state)
{
	uint32_t index;
	struct sim *sim = pair(64, &index);

	(void)state;
	small_send(sim, index, 5, 100, SIM_MS);
	send_odd(sim, index, 2 * PATIENCE);
	small_send(sim, index, 80, 100, SIM_MS);
	sim_drain(sim, SIM_S);
	check_in_order(85);
	assert_int_equal(small_drops(sim, 2, DROP_session_too_old), 1);
	assert_int_equal(small_destination(sim, index, 2)->counters.too_old, 1);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_session_too_old, DROP_none});
}

/* The window is full before the patience ends: the gap is given up for room. */
static void
test_full_window(void **state)
{
	uint32_t index;
	struct sim *sim = pair(8, &index);

	(void)state;
	small_send(sim, index, 5, 100, 100 * SIM_US);
	send_odd(sim, index, UINT64_MAX);
	small_send(sim, index, 30, 100, 100 * SIM_US);
	sim_run_until(sim, sim->now + 2 * SIM_MS);
	check_in_order(35);
	assert_int_equal(small_destination(sim, index, 2)->counters.skipped, 1);
	small_finish(sim, NULL, small_none);
}

/* The session goes while packets are held: they are dropped by name, none is left. */
static void
test_ends_while_held(void **state)
{
	uint32_t index;
	struct sim *sim = pair(64, &index);

	(void)state;
	small_send(sim, index, 5, 100, SIM_MS);
	send_odd(sim, index, UINT64_MAX);
	small_send(sim, index, 10, 100, SIM_MS);
	sim_run_until(sim, sim->now + 3 * SIM_MS);
	assert_int_equal(sim_node_counters(sim, 1).queued, 10);
	node_remove_destination(sim->nodes[1].node, small_destination(sim, index, 2));
	sim->sessions[index].nb_destinations = 0;
	sim_run_until(sim, sim->now + 20 * SIM_MS);
	assert_int_equal(sim_node_counters(sim, 1).queued, 0);
	assert_int_equal(small_drops(sim, 2, DROP_session_ended), 10);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_session_ended, DROP_none});
}

/* Redundant paths of different length, both imperfect, in order and each once. */
static void
test_redundant(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(4);
	const struct destination *dst;
	struct oracle *oracle;
	struct sim_session s;
	uint32_t index;

	(void)state;
	line.lane.impair = (struct impair_params){.loss = 0.1,
		.reorder = 0.1,
		.reorder_ns = 5 * SIM_MS,
		.duplicate = 0.05,
		.duplicate_ns = SIM_MS};
	small_connect(sim, 1, 3, &line);
	small_connect(sim, 3, 2, &line);
	line.lane.delay = 6 * SIM_MS;
	small_connect(sim, 1, 4, &line);
	small_connect(sim, 4, 2, &line);
	sim->extra_buffers = 256;
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.reorder_packets = 256;
	s.reorder_ns = 40 * SIM_MS;
	sim_session_flow(&s, 1, 1, "(3 > 2, 4 > 2)");
	index = small_start(sim, oracle, &s);
	small_send(sim, index, 3000, 100, 200 * SIM_US);
	sim_drain(sim, SIM_S);
	dst = small_destination(sim, index, 2);
	/* Each way loses 19 %, both 3.6 %. */
	assert_in_range(destination_lost(dst), 60, 160);
	assert_in_range(dst->counters.duplicates, 1700, 2200);
	assert_int_equal(dst->counters.too_old, 0);
	small_finish(sim, oracle,
		(enum drop_reason[]){DROP_session_duplicate, DROP_link_duplicate, DROP_none});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restored),
		cmocka_unit_test(test_long_gap),
		cmocka_unit_test(test_first_is_late),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_too_late),
		cmocka_unit_test(test_full_window),
		cmocka_unit_test(test_ends_while_held),
		cmocka_unit_test(test_redundant),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("reorder", tests, NULL, NULL);
}
