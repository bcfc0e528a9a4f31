/* SPDX-License-Identifier: BSD-3-Clause */
/* Several queues and several workers: who gets what, and that nothing is lost between them. */
#include "feeder.h"
#include "link_control.h"
#include "small.h"

#define LEAVES 9

/* Places of a worker's ring for others, and of these DATA's. */
#define HANDED	    (NODE_HANDOVER_RING - 1)
#define HANDED_DATA (HANDED - 64)

struct queues {
	struct oracle *oracle;
	int queue[SIM_WIRES_MAX][2];
	bool host_queues[PORT_QUEUES_MAX];
	uint64_t watched;
};

/* Hears the wires before the oracle does. */
static struct sim_hooks below;

static void
watch(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	struct queues *q = arg;
	int *seen = &q->queue[wire_tag(sw->wire)][log->to];

	if (log->event == WIRE_DELIVERED && sw->node[log->to] != SIM_HOST) {
		if (sw->node[log->to ^ 1] == SIM_HOST)
			q->host_queues[log->queue] = true;
		else
			SIM_CHECK(sim, *seen < 0 || *seen == log->queue,
				"one link's datagrams come by two queues");
		if (sw->node[log->to ^ 1] != SIM_HOST)
			*seen = log->queue;
		q->watched++;
	}
	below.wire(below.arg, sim, sw, log);
}

static void
pass_on(void *arg, struct sim *sim, uint32_t node, uint32_t session, const uint8_t *payload,
	uint32_t len)
{
	(void)arg;
	below.delivered(below.arg, sim, node, session, payload, len);
}

/* A hub with many workers between leaves; every leaf sends to all others. */
static void
test_hub(void **state)
{
	static struct queues q;
	struct sim_line line = small_line();
	struct sim *sim = sim_new(2);
	struct worker_counters hub;
	uint32_t used = 0;

	(void)state;
	sim_add_node(sim, 100, 3);
	line.queues = 4;
	for (uint32_t i = 0; i < LEAVES; i++) {
		line.ipv6 = i % 2 != 0;
		line.offloads = i % 3 != 0 ? PORT_TX_CHAINS : 0;
		sim_add_node(sim, i + 1, (uint16_t)(1 + i % 3));
		small_connect(sim, 100, i + 1, &line);
	}
	sim_build(sim);
	q.oracle = sim_oracle_new(sim);
	memset(q.queue, 0xff, sizeof(q.queue));
	below = sim->hooks;
	sim->hooks = (struct sim_hooks){watch, pass_on, &q};
	for (uint32_t i = 0; i < LEAVES; i++) {
		uint32_t others[LEAVES] = {0};
		struct sim_session s;
		char text[256];
		size_t n = (size_t)sprintf(text, "100 > (");

		for (uint32_t k = 0, at = 0; k < LEAVES; k++) {
			if (k == i)
				continue;
			others[at++] = k + 1;
			n += (size_t)sprintf(text + n, "%s%u", at > 1 ? ", " : "", k + 1);
		}
		sprintf(text + n, ")");
		s = small_session(sim, i + 1, others);
		sim_session_flow(&s, 1, 1, text);
		small_start(sim, q.oracle, &s);
	}
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < LEAVES; i++)
			for (uint32_t k = 0; k < 3; k++)
				sim_host_send(sim, i, 200);
		sim_run_until(sim, sim->now + 200 * SIM_US);
	}
	sim_drain(sim, SIM_S);
	hub = sim_node_counters(sim, 0);
	assert_true(hub.handed_out > 1000); /* by next hops' rings */
	assert_int_equal(hub.handed_in, hub.handed_out);
	assert_int_equal(hub.sent, 100 * 3 * LEAVES * (LEAVES - 1));
	for (uint16_t i = 0; i < 3; i++)
		assert_true(sim->nodes[0].node->workers[i]->counters.received > 100);
	for (uint32_t i = 0; i < PORT_QUEUES_MAX; i++)
		used += q.host_queues[i];
	assert_int_equal(used, 3); /* clients' ports vary: all of a host's queues */
	assert_true(q.watched > 10000);
	small_finish(sim, q.oracle, small_none);
}

/*
 * A neighbour begins to send from another UDP port, so that its datagrams hash to another queue:
 * the worker there hands them to the one that has the link's receiving side.
 */
static void
test_other_queue(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(2);
	struct worker_counters before, after;
	struct sim_session s;
	struct link *link;
	struct port *port;
	uint32_t index, moved = 0;

	(void)state;
	line.queues = 2;
	sim->nodes[1].workers = 2;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	link = node_find_link(sim->nodes[0].node, 2);
	port = sim_port(sim, 0, 0);
	for (uint16_t from = 0; from < 32; from++) {
		port->udp_port = (uint16_t)(FERRY_UDP_PORT + from);
		assert_int_equal(node_set_link_mac(sim->nodes[0].node, link,
					 &sim_wire_between(sim, 0, 1)->mac[1]),
			0);
		port->udp_port = FERRY_UDP_PORT;
		before = sim_node_counters(sim, 1);
		small_send(sim, index, 20, 100, 100 * SIM_US);
		sim_run_until(sim, sim->now + 5 * SIM_MS);
		after = sim_node_counters(sim, 1);
		moved += after.handed_out > before.handed_out;
	}
	assert_in_range(moved, 4, 28);
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 32 * 20);
	assert_int_equal(destination_lost(small_destination(sim, index, 2)), 0);
	assert_int_equal(node_find_link(sim->nodes[1].node, 1)->rx.packets, 32 * 20);
	small_finish(sim, NULL, small_none);
}

/*
 * Any number of packets in a next hop's ring goes out though no more come: the owner, which takes a
 * burst a turn, remembers what it left.
 */
static void
test_ring_is_emptied(void **state)
{
	struct sim *sim = small_new(3);
	uint64_t sent = 0;
	struct sim_session s;
	struct node *relay;
	uint32_t index;

	(void)state;
	sim->nodes[2].workers = 2;
	small_wire(sim, 1, 3);
	small_wire(sim, 3, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	relay = sim->nodes[2].node;
	assert_int_equal(node_find_link(relay, 2)->owner, 1);
	for (uint32_t n = 1; n <= 100; n++) {
		for (uint32_t i = 0; i < n; i++)
			sim_host_send(sim, index, 100);
		sent += n;
		/* Through the source, all of it; then the relay's first worker turns alone. */
		for (uint32_t turns = 0; turns < 8; turns++)
			worker_poll(sim->nodes[0].node->workers[0], sim->now);
		sim->now += 2 * SIM_MS;
		while (worker_poll(relay->workers[0], sim->now) > 0)
			;
		assert_int_equal(rte_ring_count(node_find_link(relay, 2)->ring), n);
		sim_drain(sim, SIM_S);
		assert_int_equal(
			destination_delivered(small_destination(sim, index, 2)).packets, sent);
	}
	small_finish(sim, NULL, small_none);
}

/* DATA fills a next hop's ring but for some places: a probe's answer still gets in. */
static void
test_ring_keeps_room(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_hop_ring_full, DROP_probe_unexpected, DROP_none};
	struct sim *sim = small_new(3);
	struct sim_session s;
	struct worker *first;
	struct rte_mbuf *m;
	struct link *link;
	uint32_t index;

	(void)state;
	sim->nodes[2].workers = 2;
	sim->link_ring = 64;
	small_wire(sim, 1, 3);
	small_wire(sim, 3, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "3 > 2");
	index = small_start(sim, NULL, &s);
	first = sim->nodes[2].node->workers[0];
	link = node_find_link(sim->nodes[2].node, 2);
	assert_int_equal(link->owner, 1);
	for (uint32_t i = 0; i < 100; i++)
		sim_host_send(sim, index, 100);
	for (uint32_t turns = 0; turns < 8; turns++)
		worker_poll(sim->nodes[0].node->workers[0], sim->now);
	sim->now += 2 * SIM_MS;
	while (worker_poll(first, sim->now) > 0)
		;
	assert_int_equal(rte_ring_count(link->ring), 63 - 63 / 8);
	assert_int_equal(small_drops(sim, 3, DROP_hop_ring_full), 100 - 63 + 63 / 8);
	for (uint32_t i = 0; i < 63 / 8; i++) {
		m = rte_pktmbuf_alloc(first->pool);
		assert_non_null(m);
		memset(rte_pktmbuf_append(m, sizeof(struct probe_body)), 0,
			sizeof(struct probe_body));
		first->counters.originated++;
		feeder_push_control(first, link, LINK_PROBE_REPLY, m);
	}
	assert_int_equal(rte_ring_count(link->ring), 63);
	sim_drain(sim, SIM_S);
	assert_int_equal(small_drops(sim, 2, DROP_probe_unexpected), 63 / 8);
	small_finish(sim, NULL, allowed);
}

/*
 * Node 2's first worker, which receives, hands all DATA from 1 to the second, which does not turn:
 * its ring is full of DATA.
 */
static void
fill_handover(struct sim *sim, uint32_t session)
{
	struct node *node = sim->nodes[1].node;

	for (uint32_t i = 0; i < HANDED + 100; i += 25) {
		for (uint32_t k = 0; k < 25; k++)
			sim_host_send(sim, session, 100);
		sim->now += 2 * SIM_MS;
		while (worker_poll(sim->nodes[0].node->workers[0], sim->now) > 0)
			;
		sim->now += 2 * SIM_MS;
		while (worker_poll(node->workers[0], sim->now) > 0)
			;
	}
	assert_int_equal(rte_ring_count(node->workers[1]->handover), HANDED_DATA);
}

/* A session from 1 to 2, which has two workers: the first receives, the second delivers. */
static struct sim *
two_workers(uint32_t *session)
{
	struct sim *sim = small_new(3);
	struct sim_session s;

	sim->nodes[1].workers = 2;
	sim->extra_buffers = 2 * NODE_HANDOVER_RING;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.session = 42; /* its destination is the second's */
	sim_session_flow(&s, 1, 1, "2");
	*session = small_start(sim, NULL, &s);
	assert_int_equal(small_destination(sim, *session, 2)->params.owner, 1);
	return sim;
}

/* A datagram's body of zeros, from the neighbour that the link header before it names. */
static struct rte_mbuf *
body_from(struct worker *w, const struct link *link, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct link_hdr hdr = {.node = rte_cpu_to_be_32(link->node_id)};

	assert_non_null(m);
	w->counters.originated++;
	memcpy(rte_pktmbuf_append(m, sizeof(hdr)), &hdr, sizeof(hdr));
	memset(rte_pktmbuf_append(m, len), 0, len);
	assert_non_null(rte_pktmbuf_adj(m, sizeof(hdr)));
	return m;
}

/* DATA for a worker's destination fills its ring but for some places: an answer still gets in. */
static void
test_handover_keeps_room(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_handover_full, DROP_probe_unexpected, DROP_none};
	struct worker *first, *second;
	uint32_t session;
	struct sim *sim = two_workers(&session);
	struct link *link = node_find_link(sim->nodes[1].node, 3);

	(void)state;
	first = sim->nodes[1].node->workers[0];
	second = sim->nodes[1].node->workers[1];
	assert_int_equal(link->owner, 1);
	fill_handover(sim, session);
	for (uint32_t i = 0; i < HANDED - HANDED_DATA; i++) {
		struct link_datagram answer = {.link = link, .type = LINK_PROBE_REPLY};

		answer.m = body_from(first, link, sizeof(struct probe_body));
		link_control_input(first, &answer);
	}
	assert_int_equal(rte_ring_count(second->handover), HANDED);
	sim_drain(sim, SIM_S);
	assert_int_equal(small_drops(sim, 2, DROP_probe_unexpected), HANDED - HANDED_DATA);
	small_finish(sim, NULL, allowed);
}

/* The same with frames that come by another queue than the link's. */
static void
test_handover_of_frames(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_handover_full, DROP_probe_unexpected, DROP_none};
	struct probe_body body = {0};
	uint32_t session;
	struct sim *sim = two_workers(&session);
	struct link *link = node_find_link(sim->nodes[1].node, 1);
	struct worker *source = sim->nodes[0].node->workers[0];
	struct rte_mbuf *probe;
	uint64_t before;

	(void)state;
	link->rx_owner = 1;
	fill_handover(sim, session);
	probe = rte_pktmbuf_alloc(source->pool);
	assert_non_null(probe);
	memcpy(rte_pktmbuf_append(probe, sizeof(body)), &body, sizeof(body));
	source->counters.originated++;
	feeder_push_control(source, node_find_link(sim->nodes[0].node, 2), LINK_PROBE, probe);
	worker_poll(source, sim->now);
	sim->now += 2 * SIM_MS;
	worker_poll(sim->nodes[1].node->workers[0], sim->now);
	assert_int_equal(rte_ring_count(sim->nodes[1].node->workers[1]->handover), HANDED_DATA + 1);
	before = link->tx.control;
	sim_drain(sim, SIM_S);
	assert_int_equal(link->tx.control, before + 1);
	/* The answer, to one that keeps no account of its questions. */
	assert_int_equal(small_drops(sim, 1, DROP_probe_unexpected), 1);
	small_finish(sim, NULL, allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hub),
		cmocka_unit_test(test_other_queue),
		cmocka_unit_test(test_ring_is_emptied),
		cmocka_unit_test(test_ring_keeps_room),
		cmocka_unit_test(test_handover_keeps_room),
		cmocka_unit_test(test_handover_of_frames),
	};

	sim_eal(768);
	return cmocka_run_group_tests_name("rss", tests, NULL, NULL);
}
