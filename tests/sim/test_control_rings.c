/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes to the control thread: when it does not come to fetch it, the rest is dropped by name.
 */
#include <rte_ether.h>

#include "input.h"
#include "small.h"

#define FILE_RING 64

static uint32_t
empty_ring(struct rte_ring *ring)
{
	struct rte_mbuf *m;
	uint32_t n = 0;

	for (; rte_ring_dequeue(ring, (void **)&m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

/* A frame as if the worker's port had given it; its IP header is the caller's. */
static void
receive(struct worker *w, uint16_t ether_type, const void *ip, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct rte_ether_hdr *eth;

	assert_non_null(m);
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(sizeof(*eth) + len));
	memset(eth, 0, sizeof(*eth));
	eth->dst_addr = w->node->ports[0]->mac;
	eth->ether_type = rte_cpu_to_be_16(ether_type);
	memcpy(eth + 1, ip, len);
	w->counters.received++;
	input_frames(w, w->node->ports[0], &m, 1);
}

static void
receive_arp(struct worker *w)
{
	receive(w, RTE_ETHER_TYPE_ARP, (uint8_t[46]){0}, 46);
}

static void
receive_ping(struct worker *w)
{
	struct {
		struct rte_ipv4_hdr ip;
		uint8_t body[26];
	} ping = {.ip = {.version_ihl = RTE_IPV4_VHL_DEF,
			  .total_length = RTE_BE16(sizeof(ping)),
			  .time_to_live = 64,
			  .next_proto_id = IPPROTO_ICMP}};

	memcpy(&ping.ip.dst_addr, &w->node->ports[0]->addresses[0].bytes[12], 4);
	ping.ip.hdr_checksum = rte_ipv4_cksum(&ping.ip);
	receive(w, RTE_ETHER_TYPE_IPV4, &ping, sizeof(ping));
}

static void
receive_icmpv6(struct worker *w, uint8_t type)
{
	struct {
		struct rte_ipv6_hdr ip;
		uint8_t type, body[23];
	} frame = {.ip = {.vtc_flow = RTE_BE32(6u << 28),
			   .payload_len = RTE_BE16(24),
			   .proto = IPPROTO_ICMPV6,
			   .hop_limits = 255},
		.type = type};

	receive(w, RTE_ETHER_TYPE_IPV6, &frame, sizeof(frame));
}

static void
test_control_full(void **state)
{
	struct sim *sim = small_new(2);
	struct worker *w;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	w = sim->nodes[0].node->workers[0];
	for (uint32_t i = 0; i < NODE_PUNT_RING + 44; i++)
		receive_arp(w);
	assert_int_equal(w->counters.consumed, NODE_PUNT_RING - 1);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 45);
	assert_int_equal(empty_ring(w->punt), NODE_PUNT_RING - 1);
	receive_arp(w);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 45);
	assert_int_equal(empty_ring(w->punt), 1);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_control_full, DROP_none});
}

/* A flood of pings, of either family, leaves room for ARP and neighbour discovery. */
static void
test_pings_leave_room(void **state)
{
	struct sim *sim = small_new(2);
	struct worker *w;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	w = sim->nodes[0].node->workers[0];
	for (uint32_t i = 0; i < NODE_PUNT_RING; i++) {
		receive_ping(w);
		receive_icmpv6(w, 128);
	}
	assert_int_equal(w->counters.consumed, NODE_PUNT_RING / 2);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 3 * NODE_PUNT_RING / 2);
	receive_arp(w);
	for (uint8_t type = 133; type <= 137; type++)
		receive_icmpv6(w, type);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 3 * NODE_PUNT_RING / 2);
	assert_int_equal(empty_ring(w->punt), NODE_PUNT_RING / 2 + 6);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_control_full, DROP_none});
}

/* Node 2 writes the session to a file that nobody writes, then somebody does. */
static void
test_egress_behind(void **state)
{
	struct sim *sim = small_new(2);
	struct destination_params params;
	struct destination *dst;
	struct sim_session s;
	struct node *node;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	node = sim->nodes[1].node;
	dst = small_destination(sim, index, 2);
	params = dst->params;
	node_remove_destination(node, dst);
	sim_run_until(sim, sim->now + 10 * SIM_MS);

	params.egress = EGRESS_FILE;
	dst = node_add_destination(node, &params, FILE_RING);
	assert_non_null(dst);
	small_send(sim, index, 100, 200, 200 * SIM_US);
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(dst).packets, FILE_RING - 1);
	assert_int_equal(dst->counters.egress_drops, 100 - (FILE_RING - 1));
	assert_int_equal(small_drops(sim, 2, DROP_egress_behind), 100 - (FILE_RING - 1));
	assert_int_equal(empty_ring(dst->file), FILE_RING - 1);
	small_send(sim, index, 20, 200, 200 * SIM_US);
	sim_drain(sim, SIM_S);
	assert_int_equal(empty_ring(dst->file), 20);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_egress_behind, DROP_none});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_full),
		cmocka_unit_test(test_pings_leave_room),
		cmocka_unit_test(test_egress_behind),
	};

	sim_eal(128);
	return cmocka_run_group_tests_name("control_rings", tests, NULL, NULL);
}
