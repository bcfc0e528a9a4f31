/* SPDX-License-Identifier: BSD-3-Clause */
/* Whoever sends to a node that does not know it is told of, and not by each of its datagrams. */
#include "small.h"
#include "stranger.h"

#define INTERVAL (200 * SIM_MS)
#define EVENTS	 8

/* What node 1 told of strangers. */
static struct worker_event events[EVENTS];
static uint32_t told;

static void
on_event(void *arg, struct sim *sim, uint32_t node, const struct worker_event *event)
{
	(void)arg;
	(void)sim;
	if (node != 0 || event->kind != EVENT_unknown_peer)
		return;
	assert_true(told < EVENTS);
	events[told++] = *event;
}

static void
run(struct sim *sim, uint64_t ns)
{
	sim_run_until(sim, sim->now + ns);
}

/* All others probe node 1, which has just forgotten them. */
static struct sim *
forgotten(uint32_t nodes, uint64_t interval)
{
	struct sim *sim = small_new(nodes);

	told = 0;
	sim->probe = interval;
	sim->hooks = (struct sim_hooks){.event = on_event};
	for (uint32_t id = 2; id <= nodes; id++)
		small_wire(sim, 1, id);
	sim_build(sim);
	run(sim, 2 * SIM_S);
	assert_int_equal(told, 0);
	for (uint32_t id = 2; id <= nodes; id++)
		node_remove_link(sim->nodes[0].node, node_find_link(sim->nodes[0].node, id));
	return sim;
}

static void
finish(struct sim *sim)
{
	small_finish(sim, NULL, (enum drop_reason[]){DROP_link_unknown_peer, DROP_none});
}

static void
test_goes_on(void **state)
{
	struct sim *sim = forgotten(2, INTERVAL);
	uint64_t begin = sim->now;

	(void)state;
	run(sim, STRANGER_PATIENCE_NS + 4 * INTERVAL);
	assert_int_equal(told, 1);
	assert_in_range(events[0].now, begin + STRANGER_PATIENCE_NS,
		begin + STRANGER_PATIENCE_NS + 4 * INTERVAL);
	assert_int_equal(events[0].peer, 2);
	assert_true(address_equal(&events[0].stranger.address,
		&node_find_link(sim->nodes[1].node, 1)->port->addresses[0]));
	assert_ptr_equal(events[0].stranger.port, sim->nodes[0].node->ports[0]);
	assert_in_range(
		events[0].stranger.datagrams, 5, small_drops(sim, 1, DROP_link_unknown_peer));

	run(sim, STRANGER_AGAIN_NS - 5 * INTERVAL);
	assert_int_equal(told, 1);
	run(sim, 10 * INTERVAL);
	assert_int_equal(told, 2);
	assert_in_range(events[1].now, events[0].now + STRANGER_AGAIN_NS,
		events[0].now + STRANGER_AGAIN_NS + 4 * INTERVAL);
	assert_in_range(events[0].stranger.datagrams + events[1].stranger.datagrams,
		small_drops(sim, 1, DROP_link_unknown_peer) - 10,
		small_drops(sim, 1, DROP_link_unknown_peer));
	finish(sim);
}

/* One that is told of late, and comes and goes, is not. */
static void
test_does_not_go_on(void **state)
{
	struct sim *sim = forgotten(2, INTERVAL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		run(sim, STRANGER_PATIENCE_NS - 10 * INTERVAL);
		sim_node_stop(sim, 1);
		run(sim, STRANGER_PAUSE_NS + INTERVAL);
		sim_node_start(sim, 1);
	}
	assert_true(small_drops(sim, 1, DROP_link_unknown_peer) > 40);
	assert_int_equal(told, 0);
	finish(sim);
}

/* Who only probes, as seldom as can be, is told of too. */
static void
test_seldom(void **state)
{
	struct sim *sim = forgotten(2, 10 * SIM_S);

	(void)state;
	run(sim, 40 * SIM_S);
	assert_int_equal(told, 1);
	assert_int_equal(events[0].peer, 2);
	assert_in_range(events[0].stranger.datagrams, 2, 5);
	finish(sim);
}

/* Each of two has its turn, with what came of itself. */
static void
test_two(void **state)
{
	struct sim *sim = forgotten(3, INTERVAL);
	uint64_t dropped;

	(void)state;
	run(sim, STRANGER_PATIENCE_NS + 2 * STRANGER_AGAIN_NS + 4 * INTERVAL);
	dropped = small_drops(sim, 1, DROP_link_unknown_peer);
	assert_int_equal(told, 3);
	assert_int_equal(events[0].peer + events[1].peer, 2 + 3);
	assert_int_equal(events[2].peer, events[0].peer);
	for (uint32_t i = 0; i < told; i++)
		assert_ptr_equal(
			events[i].stranger.port, sim->nodes[0].node->ports[events[i].peer - 2]);
	assert_in_range(events[0].stranger.datagrams, 30, 70);
	assert_in_range(events[1].stranger.datagrams + events[2].stranger.datagrams, dropped / 3,
		dropped * 2 / 3);
	finish(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_does_not_go_on),
		cmocka_unit_test(test_seldom),
		cmocka_unit_test(test_two),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("stranger", tests, NULL, NULL);
}
