/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes wrong is dropped by name, and the node goes on when it is right again. */
#include "rlnc_encoder.h"
#include "small.h"

#define GAP (200 * SIM_US)

/* Source 1, relay 5, destinations 2 and 3. */
static struct sim *
fork_in_the_road(uint32_t *index)
{
	struct sim *sim = small_new(5);
	struct sim_session s;

	small_wire(sim, 1, 5);
	small_wire(sim, 5, 2);
	small_wire(sim, 5, 3);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 3, 0});
	sim_session_flow(&s, 1, 1, "5 > (2, 3)");
	*index = small_start(sim, NULL, &s);
	small_send(sim, *index, 100, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	return sim;
}

static uint64_t
delivered(const struct sim *sim, uint32_t index, uint32_t id)
{
	return destination_delivered(small_destination(sim, index, id)).packets;
}

/* It goes on: the next hundred all arrive at both. */
static void
check_recovered(struct sim *sim, uint32_t index, const enum drop_reason *allowed)
{
	uint64_t at_2, at_3;

	sim_run_until(sim, sim->now + 10 * SIM_MS);
	at_2 = delivered(sim, index, 2);
	at_3 = delivered(sim, index, 3);
	small_send(sim, index, 100, 200, GAP);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, index, 2) - at_2, 100);
	assert_int_equal(delivered(sim, index, 3) - at_3, 100);
	small_finish(sim, NULL, allowed);
}

static void
test_port_down(void **state)
{
	uint32_t index;
	struct sim *sim = fork_in_the_road(&index);

	(void)state;
	port_set_up(sim_port(sim, 4, 1), false);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 5, DROP_port_down), 50);
	assert_int_equal(node_find_link(sim->nodes[4].node, 2)->tx.drops, 50);
	assert_int_equal(node_find_link(sim->nodes[4].node, 2)->tx.packets, 100);
	/* Link header, Pathlet, session header, payload. */
	assert_int_equal(
		node_find_link(sim->nodes[4].node, 2)->tx.bytes, 100 * (24 + 6 + 24 + 200));
	assert_int_equal(delivered(sim, index, 2), 100);
	assert_int_equal(delivered(sim, index, 3), 150);
	port_set_up(sim_port(sim, 4, 1), true);
	check_recovered(sim, index, (enum drop_reason[]){DROP_port_down, DROP_none});
}

static void
test_wire_cut(void **state)
{
	uint32_t index;
	struct sim *sim = fork_in_the_road(&index);
	struct wire *wire = sim_wire_between(sim, 4, 1)->wire;

	(void)state;
	wire_cut(wire, true);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	wire_cut(wire, false);
	assert_int_equal(wire_count(wire, 1, WIRE_CUT), 50);
	small_send(sim, index, 1, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 50);
	check_recovered(sim, index, small_none);
}

static const enum drop_reason may_be_far[] = {DROP_session_far_ahead, DROP_none};

/*
 * However long a way was dead: the flow's loss is that of the session, and its packets count. A gap
 * of nearly the window or more is believed to its second packet; the first is lost, its flow's too.
 */
static void
long_loss(const struct rlnc_params *coding)
{
	static const uint16_t gaps[] = {1, 1000, 32766, 32767, 32768, 50000, 63000};
	struct sim *sim = small_new(2);
	const struct destination *dst;
	struct sim_session s;
	uint32_t index;
	uint64_t lost = 0, far = 0;

	small_wire(sim, 1, 2);
	sim->extra_buffers = 256;
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.coding = *coding;
	sim_session_flow(&s, 0, 1, "2");
	index = small_start(sim, NULL, &s);
	dst = small_destination(sim, index, 2);
	small_send(sim, index, 100, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	for (uint32_t i = 0; i < RTE_DIM(gaps); i++) {
		struct source *source = sim_source(sim, index);

		/* As if so many had been sent, and none arrived. */
		source->line->first.packets += gaps[i];
		if (source->encoder != NULL) {
			source->encoder->seq += gaps[i];
			source->encoder->flow_seq[0] += gaps[i];
		}
		far += gaps[i] > dst->params.window - 64;
		lost += gaps[i];
		small_send(sim, index, 100, 200, GAP);
		sim_run_until(sim, sim->now + 10 * SIM_MS);
		assert_int_equal(destination_lost(dst), lost + far);
		assert_int_equal(destination_flow_const(dst, 0)->lost, lost + far);
		assert_int_equal(destination_flow_received(dst, 0), 100 * (i + 2) - far);
	}
	sim_session_stop(sim, index);
	sim_drain(sim, SIM_S);
	small_finish(sim, NULL, may_be_far);
}

static void
test_long_loss(void **state)
{
	struct rlnc_params coding = {0};

	(void)state;
	long_loss(&coding);
	/* A hundred packets are ten generations, so that none is cut by a gap. */
	coding = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = 10,
		.systematic = true,
		.close = 5 * SIM_MS,
		.deadline = 100 * SIM_MS};
	long_loss(&coding);
}

static void
test_unresolved(void **state)
{
	uint32_t index;
	struct sim *sim = fork_in_the_road(&index);
	struct link *link = node_find_link(sim->nodes[4].node, 2);

	(void)state;
	assert_int_equal(node_set_link_mac(sim->nodes[4].node, link, NULL), 0);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 5, DROP_hop_unresolved), 50);
	assert_int_equal(delivered(sim, index, 3), 150);
	assert_int_equal(
		node_set_link_mac(sim->nodes[4].node, link, &sim_wire_between(sim, 4, 1)->mac[1]),
		0);
	check_recovered(sim, index, (enum drop_reason[]){DROP_hop_unresolved, DROP_none});
}

/* A device that takes no more: dropped, counted at the link, nothing waits. */
static void
test_port_full(void **state)
{
	struct wire_lane_params lane = {
		.delay = SIM_MS, .rate = 1000000, .queue = 3000, .push_back = true};
	uint32_t index;
	struct sim *sim = fork_in_the_road(&index);
	struct sim_wire *sw = sim_wire_between(sim, 4, 1);
	uint64_t full;

	(void)state;
	small_set_lane(sim, sw, 2, &lane);
	small_send(sim, index, 200, 200, GAP);
	sim_run_until(sim, sim->now + SIM_S);
	full = small_drops(sim, 5, DROP_port_full);
	assert_in_range(full, 150, 190);
	assert_int_equal(node_find_link(sim->nodes[4].node, 2)->tx.drops, full);
	assert_int_equal(delivered(sim, index, 2) + full, 300);
	assert_int_equal(delivered(sim, index, 3), 300);
	lane = (struct wire_lane_params){.delay = SIM_MS};
	small_set_lane(sim, sw, 2, &lane);
	check_recovered(sim, index, (enum drop_reason[]){DROP_port_full, DROP_none});
}

/* A destination's port to its applications is down, and then not resolved: nothing is delivered. */
static void
test_egress_down(void **state)
{
	uint32_t index;
	struct sim *sim = fork_in_the_road(&index);
	struct port *port = sim_port(sim, 1, (uint16_t)(sim->nodes[1].nb_ports - 1));
	struct destination *dst = small_destination(sim, index, 2);

	(void)state;
	port_set_up(port, false);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 2, DROP_port_down), 50);
	assert_int_equal(dst->counters.egress_drops, 50);
	assert_int_equal(destination_delivered(dst).packets, 100);
	assert_int_equal(destination_delivered(dst).bytes, 100 * 200);
	assert_int_equal(sim_node_counters(sim, 1).delivered, 100);
	port_set_up(port, true);
	small_send(sim, index, 50, 200, GAP);
	assert_int_equal(node_set_egress(sim->nodes[1].node, dst, NULL), 0);
	small_send(sim, index, 50, 200, GAP);
	sim_drain(sim, SIM_S);
	assert_in_range(small_drops(sim, 2, DROP_hop_unresolved), 45, 60);
	assert_int_equal(dst->counters.egress_drops, 50 + small_drops(sim, 2, DROP_hop_unresolved));
	assert_int_equal(destination_delivered(dst).packets + dst->counters.egress_drops, 250);
	small_finish(
		sim, NULL, (enum drop_reason[]){DROP_port_down, DROP_hop_unresolved, DROP_none});
}

/* Links carry more than the port to the applications does: what is too large is told there. */
static void
test_egress_mtu(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(2);
	const struct destination *dst;
	struct sim_session s;
	uint32_t index;

	(void)state;
	line.mtu = 1900;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.kind = SOURCE_GENERATOR;
	s.generator = (struct generator_params){
		.kind = GENERATOR_CONSTANT, .size = 1473, .rate = 1000000, .count = 10};
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	sim_drain(sim, SIM_S);
	dst = small_destination(sim, index, 2);
	assert_int_equal(small_drops(sim, 2, DROP_mtu_exceeded), 10);
	assert_int_equal(dst->counters.egress_drops, 10);
	assert_int_equal(dst->counters.oversize, 10);
	assert_int_equal(dst->counters.oversize_last, 1473);
	assert_int_equal(destination_delivered(dst).packets, 0);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_mtu_exceeded, DROP_none});
}

/* The second wire carries less than the first: what is too large for it is dropped at the relay. */
static void
test_mtu(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(3);
	struct sim_session s;
	uint32_t index, most;

	(void)state;
	small_wire(sim, 1, 3);
	line.mtu = 600;
	small_connect(sim, 3, 2, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	/* IPv4, UDP, link header, the last Pathlet, session header. */
	most = 600 - 20 - 8 - 24 - 6 - 24;
	for (uint32_t len = most - 20; len < most + 20; len++)
		small_send(sim, index, 1, (uint16_t)len, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 3, DROP_mtu_exceeded), 19);
	assert_int_equal(delivered(sim, index, 2), 21);

	/* At the source: less the Pathlets of the whole path, coding header and seal. */
	most = sim_source(sim, index)->plan->payload_max;
	assert_int_equal(most, 1500 - 20 - 8 - 24 - 12 - 24 - 8 - 16);
	small_send(sim, index, 1, (uint16_t)most, GAP);
	assert_int_equal(small_drops(sim, 1, DROP_session_oversize), 0);
	small_send(sim, index, 1, (uint16_t)(most + 1), GAP);
	assert_int_equal(small_drops(sim, 1, DROP_session_oversize), 1);
	assert_int_equal(sim_source(sim, index)->counters.oversize_last, most + 1);
	small_finish(sim, NULL,
		(enum drop_reason[]){DROP_mtu_exceeded, DROP_session_oversize, DROP_none});
}

/* Takes every buffer of a pool; returns how many. */
static uint32_t
take_all(struct rte_mempool *pool, struct rte_mbuf **all)
{
	uint32_t n = 0;

	while ((all[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	return n;
}

static void
test_no_headers(void **state)
{
	static struct rte_mbuf *all[20000];
	uint32_t index, n;
	struct sim *sim = fork_in_the_road(&index);

	(void)state;
	n = take_all(sim->nodes[4].node->header_pool, all);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 5, DROP_no_buffer), 100);
	assert_int_equal(delivered(sim, index, 2), 100);
	rte_pktmbuf_free_bulk(all, n);
	check_recovered(sim, index, (enum drop_reason[]){DROP_no_buffer, DROP_none});
}

static void
test_no_packets(void **state)
{
	static struct rte_mbuf *all[20000];
	uint32_t index, n;
	struct sim *sim = fork_in_the_road(&index);

	(void)state;
	n = take_all(sim->nodes[4].node->pool, all);
	small_send(sim, index, 50, 200, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(wire_count(sim_wire_between(sim, 0, 4)->wire, 1, WIRE_NO_BUFFER), 50);
	rte_pktmbuf_free_bulk(all, n);
	check_recovered(sim, index, small_none);
}

/* A generator without buffers waits and says how often. */
static void
test_starved_generator(void **state)
{
	static struct rte_mbuf *all[20000];
	struct sim *sim = small_new(2);
	struct sim_session s;
	uint32_t index, n;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.kind = SOURCE_GENERATOR;
	s.generator = (struct generator_params){
		.kind = GENERATOR_CONSTANT, .size = 100, .rate = 800000, .count = 100, .seed = 1};
	sim_session_flow(&s, 1, 1, "2");
	n = take_all(sim->nodes[0].node->pool, all);
	index = small_start(sim, NULL, &s);
	sim_run_until(sim, sim->now + 20 * SIM_MS);
	assert_int_equal(source_sent(sim_source(sim, index)).packets, 0);
	assert_in_range(sim_source(sim, index)->counters.starved, 10, 21);
	rte_pktmbuf_free_bulk(all, n);
	sim_run_until(sim, sim->now + SIM_S);
	assert_int_equal(delivered(sim, index, 2), 100);
	assert_true(sim_source(sim, index)->finished);
	small_finish(sim, NULL, small_none);
}

/* A next hop's ring smaller than what other workers have for it in one turn. */
static void
test_ring_full(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(3);
	struct sim_session s;
	uint64_t full;
	uint32_t index;

	(void)state;
	sim->link_ring = 8;
	sim->nodes[2].workers = 2;
	line.queues = 1;
	small_connect(sim, 1, 3, &line);
	small_connect(sim, 3, 2, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	/* Ports' queues go round the workers, links to the one with the fewest: not the same. */
	assert_int_not_equal(node_find_link(sim->nodes[2].node, 2)->owner, 0);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 16; i++)
			sim_host_send(sim, index, 100);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	full = small_drops(sim, 3, DROP_hop_ring_full);
	assert_true(full > 20);
	assert_int_equal(delivered(sim, index, 2) + full, 320);
	assert_int_equal(sim->nodes[2]
				 .node->workers[0]
				 ->ring_drops[node_find_link(sim->nodes[2].node, 2)->index],
		full);
	small_send(sim, index, 100, 100, GAP);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, index, 2) + full, 420);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_hop_ring_full, DROP_none});
}

/* A worker that does not turn for long: what others hand it fills its ring, the rest is named. */
static void
test_handover_full(void **state)
{
	struct sim *sim = small_new(2);
	struct worker *other;
	struct sim_session s;
	struct node *node;
	uint64_t full = 0, sent = 0;
	uint32_t index;

	(void)state;
	sim->nodes[0].workers = 2;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	node = sim->nodes[0].node;
	other = node->workers[sim_source(sim, index)->owner ^ 1];
	/* Only the one that is not the source's turns. */
	while (full < 100 && sent < 10000) {
		sim_host_send(sim, index, 100);
		sent++;
		sim->now += 10 * SIM_US;
		worker_poll(other, sim->now);
		full = other->counters.drops[DROP_handover_full];
	}
	assert_int_equal(full, 100);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, index, 2) + full, sent);
	small_send(sim, index, 100, 100, GAP);
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, index, 2) + full, sent + 100);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_handover_full, DROP_none});
}

/* A path through a node that is no neighbour, and to one that knows nothing of the session. */
static void
test_wrong_ways(void **state)
{
	struct sim *sim = small_new(5);
	struct sim_session s;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 3);
	small_wire(sim, 3, 2);
	small_wire(sim, 3, 4);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "3 > (2, 5, 4)");
	index = small_start(sim, NULL, &s);
	small_send(sim, index, 10, 100, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 3, DROP_pathlet_unknown_hop), 10);
	assert_int_equal(small_drops(sim, 4, DROP_session_unknown), 10);
	assert_int_equal(delivered(sim, index, 2), 10);
	assert_int_equal(node_know_session(sim->nodes[3].node, 9, s.session), 0);
	small_send(sim, index, 10, 100, GAP);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(small_drops(sim, 4, DROP_session_not_destination), 10);
	assert_int_equal(delivered(sim, index, 2), 20);
	small_finish(sim, NULL,
		(enum drop_reason[]){DROP_pathlet_unknown_hop, DROP_session_unknown,
			DROP_session_not_destination, DROP_none});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_down),
		cmocka_unit_test(test_wire_cut),
		cmocka_unit_test(test_long_loss),
		cmocka_unit_test(test_unresolved),
		cmocka_unit_test(test_port_full),
		cmocka_unit_test(test_egress_down),
		cmocka_unit_test(test_egress_mtu),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_no_headers),
		cmocka_unit_test(test_no_packets),
		cmocka_unit_test(test_starved_generator),
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_handover_full),
		cmocka_unit_test(test_wrong_ways),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
