/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator changes while packets flow: nothing is lost by it. */
#include <math.h>

#include "small.h"

/* Two ways and a third, all alike. */
static struct sim *
three_ways(void)
{
	struct sim *sim = small_new(5);

	sim->nodes[0].workers = 2;
	small_wire(sim, 1, 3);
	small_wire(sim, 1, 4);
	small_wire(sim, 1, 5);
	small_wire(sim, 3, 2);
	small_wire(sim, 4, 2);
	small_wire(sim, 5, 2);
	sim_build(sim);
	return sim;
}

static uint64_t
flow_packets(const struct sim *sim, uint32_t session, uint8_t id)
{
	const struct flow_plan *plan = sim_source(sim, session)->plan;

	for (uint16_t i = 0; i < plan->nb_flows; i++)
		if (plan->flows[i].id == id)
			return plan->flows[i].state->packets;
	return 0;
}

/* Within five standard deviations of a share p of n. */
static void
check_split(uint64_t count, double n, double p)
{
	assert_true(fabs((double)count - n * p) <= 5 * sqrt(n * p * (1 - p)) + 1);
}

static void
weights(uint8_t kind)
{
	struct sim *sim = three_ways();
	struct oracle *oracle = sim_oracle_new(sim);
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	uint64_t before = 0, before_all = 0;
	uint32_t index;

	s.kind = kind;
	s.generator = (struct generator_params){
		.kind = GENERATOR_POISSON, .size = 100, .rate = 8000000, .seed = 3};
	sim_session_flow(&s, 1, 25, "3 > 2");
	sim_session_flow(&s, 2, 75, "4 > 2");
	index = small_start(sim, oracle, &s);
	for (uint32_t round = 0; round <= 10; round++) {
		uint32_t weight = round * 10;
		uint64_t count, all;

		/* All weight on one flow is allowed; the other then takes nothing. */
		sim->sessions[index].flows[0].weight = weight;
		sim->sessions[index].flows[1].weight = 100 - weight;
		sim_session_publish(sim, index);
		if (kind == SOURCE_UDP)
			small_send(sim, index, 1000, 100, 50 * SIM_US);
		else
			sim_run_until(sim, sim->now + 100 * SIM_MS);
		/* The host's last may still be on its way to the node. */
		count = flow_packets(sim, index, 1) - before;
		all = source_sent(sim_source(sim, index)).packets - before_all;
		assert_true(all > 900);
		check_split(count, (double)all, weight / 100.0);
		before += count;
		before_all += all;
	}
	sim_session_stop(sim, index);
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets,
		source_sent(sim_source(sim, index)).packets);
	small_finish(sim, oracle, small_none);
}

static void
test_weights(void **state)
{
	(void)state;
	weights(SOURCE_UDP);
	weights(SOURCE_GENERATOR);
}

/* A new plan every millisecond; in time a flow joins, and one goes. */
static void
test_flows(void **state)
{
	struct sim *sim = three_ways();
	struct oracle *oracle = sim_oracle_new(sim);
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0}), *now;
	uint32_t index;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, oracle, &s);
	now = &sim->sessions[index];
	oracle_add_flow(oracle, index, 2, "4 > 2");
	oracle_add_flow(oracle, index, 3, "(5 > 2, 4 > 2)");
	for (uint32_t round = 0; round < 300; round++) {
		now->nb_flows = 0;
		sim_session_flow(now, 1, 1 + round % 3, "3 > 2");
		if (round < 200)
			sim_session_flow(now, 2, round % 7, "4 > 2");
		if (round >= 100)
			sim_session_flow(now, 3, 2, "(5 > 2, 4 > 2)");
		sim_session_publish(sim, index);
		small_send(sim, index, 5, 100, 200 * SIM_US);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 1500);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 0);
	small_finish(sim, oracle, (enum drop_reason[]){DROP_session_duplicate, DROP_none});
}

/* While a session is stopped its ingress is dropped by name; what was admitted all arrives. */
static void
test_stop_and_start(void **state)
{
	struct sim *sim = three_ways();
	struct oracle *oracle = sim_oracle_new(sim);
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	uint32_t udp, generator;
	uint64_t stopped;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	udp = small_start(sim, oracle, &s);
	s.session++;
	s.kind = SOURCE_GENERATOR;
	s.generator = (struct generator_params){
		.kind = GENERATOR_CONSTANT, .size = 100, .rate = 800000, .seed = 1};
	generator = small_start(sim, oracle, &s);
	for (uint32_t round = 0; round < 20; round++) {
		uint64_t made;

		small_send(sim, udp, 50, 100, 100 * SIM_US);
		sim_session_stop(sim, udp);
		sim_session_stop(sim, generator);
		made = source_sent(sim_source(sim, generator)).packets;
		small_send(sim, udp, 50, 100, 100 * SIM_US);
		assert_int_equal(source_sent(sim_source(sim, generator)).packets, made);
		sim_session_start(sim, udp);
		sim_session_start(sim, generator);
	}
	sim_session_stop(sim, generator);
	sim_drain(sim, SIM_S);
	stopped = sim_source(sim, udp)->counters.stopped;
	assert_in_range(stopped, 20 * 49, 20 * 51);
	assert_int_equal(small_drops(sim, 1, DROP_session_stopped), stopped);
	assert_int_equal(
		destination_delivered(small_destination(sim, udp, 2)).packets + stopped, 2000);
	/* 1000 packets a second for 20 times 5 ms. */
	assert_in_range(source_sent(sim_source(sim, generator)).packets, 90, 125);
	assert_int_equal(destination_delivered(small_destination(sim, generator, 2)).packets,
		source_sent(sim_source(sim, generator)).packets);
	small_finish(sim, oracle, (enum drop_reason[]){DROP_session_stopped, DROP_none});
}

/* Whatever flows a destination accounts for: the one that a session uses takes the fast path. */
static void
test_fast_path(void **state)
{
	struct sim *sim = three_ways();
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	const struct destination *dst;
	uint32_t index, settled = 0;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	dst = small_destination(sim, index, 2);
	assert_true(dst->params.nb_flows > 1);
	for (uint8_t id = 1; id < 3; id++) {
		sim->sessions[index].flows[0].id = id;
		sim_session_publish(sim, index);
		small_send(sim, index, 100, 100, 50 * SIM_US);
		sim_run_until(sim, sim->now + 5 * SIM_MS);
		assert_int_not_equal(dst->line->way, DESTINATION_SLOW);
		assert_int_equal(dst->line->flow, id);
		/* Of 100 that were collected 64 have been settled at least. */
		assert_true(dst->settling > settled);
		settled = dst->settling;
		assert_int_equal(destination_flow_received(dst, id), 100);
	}
	assert_int_equal(destination_flow_received(dst, 1), 100);
	small_finish(sim, NULL, small_none);
}

/* Sessions are added and removed beside one that runs. */
static void
test_removal(void **state)
{
	struct sim *sim = three_ways();
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	uint32_t index;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	for (uint32_t round = 0; round < 30; round++) {
		struct sim_session other = s;
		uint32_t second;

		other.session = 1000 + round;
		other.kind = SOURCE_GENERATOR;
		other.reorder_packets = 64;
		other.reorder_ns = SIM_S;
		other.generator = (struct generator_params){
			.kind = GENERATOR_CONSTANT, .size = 100, .rate = 8000000, .seed = round};
		second = small_start(sim, NULL, &other);
		small_send(sim, index, 30, 100, 100 * SIM_US);
		node_remove_source(sim->nodes[0].node, sim_source(sim, second));
		node_remove_destination(sim->nodes[1].node, small_destination(sim, second, 2));
		small_send(sim, index, 30, 100, 100 * SIM_US);
		assert_null(sim_source(sim, second));
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 1800);
	assert_true(small_drops(sim, 2, DROP_session_not_destination) > 0);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_session_not_destination, DROP_none});
}

/* The link of a node, by ids, as it is or with what else params says. */
static struct link_params
params_of(const struct sim *sim, uint32_t from, uint32_t to)
{
	const struct link *link = node_find_link(sim->nodes[sim_node_index(sim, from)].node, to);

	return (struct link_params){.node_id = to,
		.port = link->port,
		.remote = link->remote,
		.local = link->local,
		.udp_port = link->udp_port,
		.ring = 64};
}

static void
resolve(struct sim *sim, uint32_t from, uint32_t to, struct link *link)
{
	uint32_t index = sim_node_index(sim, from);
	const struct sim_wire *sw = sim_wire_between(sim, index, sim_node_index(sim, to));

	assert_non_null(link);
	assert_int_equal(
		node_set_link_mac(sim->nodes[index].node, link, &sw->mac[sw->node[0] == index]), 0);
}

/* A link goes and comes again: its neighbour takes it for a new one at once. */
static void
test_link_again(void **state)
{
	struct sim *sim = three_ways();
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	struct node *relay;
	uint32_t index;
	uint64_t before;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	relay = sim->nodes[sim_node_index(sim, 3)].node;
	small_send(sim, index, 100, 100, 50 * SIM_US);
	sim_run_until(sim, sim->now + 5 * SIM_MS);
	for (uint32_t round = 0; round < 10; round++) {
		struct link_params params = params_of(sim, 3, 2);

		node_remove_link(relay, node_find_link(relay, 2));
		small_send(sim, index, 20, 100, 50 * SIM_US);
		sim_run_until(sim, sim->now + 3 * SIM_MS);
		resolve(sim, 3, 2, node_add_link(relay, &params));
		sim_run_until(sim, sim->now + 5 * SIM_MS);
		before = destination_delivered(small_destination(sim, index, 2)).packets;
		small_send(sim, index, 20, 100, 50 * SIM_US);
		sim_run_until(sim, sim->now + 5 * SIM_MS);
		assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets,
			before + 20);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(small_drops(sim, 3, DROP_pathlet_unknown_hop), 200);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_pathlet_unknown_hop, DROP_none});
}

/* Another link to the same neighbour takes over from one, at a source and at a relay. */
static void
test_link_replaced(void **state)
{
	struct sim *sim = three_ways();
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});
	uint32_t index;

	(void)state;
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	for (uint32_t round = 0; round < 20; round++) {
		uint32_t from = round % 2 == 0 ? 1 : 3, to = round % 2 == 0 ? 3 : 2;
		struct node *node = sim->nodes[sim_node_index(sim, from)].node;
		struct link_params params = params_of(sim, from, to);
		struct link *old = node_find_link(node, to), *link;

		small_send(sim, index, 20, 100, 50 * SIM_US);
		/* Resolved before anybody finds it, as a known neighbour's would be at once. */
		link = node_replace_link(node, old, &params);
		resolve(sim, from, to, link);
		assert_ptr_equal(node_find_link(node, to), link);
		small_send(sim, index, 20, 100, 50 * SIM_US);
		if (from == 1)
			sim_session_publish(sim, index);
		node_retire_link(node, old);
		small_send(sim, index, 20, 100, 50 * SIM_US);
		sim_run_until(sim, sim->now + 40 * SIM_MS);
		assert_true(node_settled(node));
	}
	sim_drain(sim, SIM_S);
	/* A source's goes over to the new one with its plan: the older epoch sends no more then. */
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 20 * 60);
	small_finish(sim, NULL, small_none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_stop_and_start),
		cmocka_unit_test(test_fast_path),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_link_again),
		cmocka_unit_test(test_link_replaced),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
