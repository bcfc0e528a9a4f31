/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "mix_node.h"

#define MS UINT64_C(1000000)

static void
add_links(struct node *node, const struct mix_scene *scene)
{
	static const uint8_t pacings[MIX_PEERS] = {LINK_PACING_NONE, LINK_PACING_NONE,
		LINK_PACING_TFRC, LINK_PACING_TFRC, LINK_PACING_RATE, LINK_PACING_RATE,
		LINK_PACING_NONE, LINK_PACING_NONE};

	for (uint32_t i = 0; i < MIX_PEERS; i++) {
		struct link_params params = {.node_id = MIX_PEER_ID + i,
			.port = node->ports[mix_peer_port(i)],
			.remote = mix_peer_address(i),
			.local = mix_peer_is_ipv6(i),
			.udp_port = FERRY_UDP_PORT,
			.pacing = scene->paced ? pacings[i] : LINK_PACING_NONE};
		struct rte_ether_addr mac = {{2, [5] = (uint8_t)(MIX_PEER_ID + i)}};
		struct link *link;

		params.rate = params.pacing == LINK_PACING_RATE ? 2000000 : 0;
		link = node_add_link(node, &params);
		assert_non_null(link);
		assert_int_equal(node_set_link_mac(node, link, &mac), 0);
	}
}

int
mix_set_egress(struct node *node, struct destination *dst)
{
	uint32_t session = dst->params.session;
	uint8_t port = dst->params.egress_port->index;
	bool ipv6 = session % 2 == 0;
	struct frame_endpoints ends = {.source_mac = node->ports[port]->mac,
		.destination_mac = {{2, [5] = (uint8_t)(100 + session)}},
		.source = mix_own_address(port, ipv6),
		.destination = mix_own_address(port, ipv6),
		.source_port = 6000,
		.destination_port = (uint16_t)(6000 + session),
		.hop_limit = FRAME_HOP_LIMIT};

	return node_set_egress(node, dst, &ends);
}

/*
 * Sessions of odd numbers leave over IPv4, the others over IPv6; but for 3, which nobody gets. 4 is
 * kept in order, 5 is coded, 6 has several flows, 7 leaves by the tagged port.
 */
static void
add_destinations(struct node *node)
{
	static const struct rlnc_params coding = {
		.code = RLNC_BLOCK, .k = MIX_K, .systematic = true, .deadline = 30 * MS};

	for (uint32_t session = 1; session < MIX_SESSIONS; session++) {
		struct destination_params params = {.conference = MIX_HERE,
			.session = session,
			.window = 256,
			.reorder_packets = session == 4 ? 16 : 0,
			.reorder_ns = 5 * MS,
			.egress = session == 3 ? EGRESS_SINK : EGRESS_UDP,
			.egress_port = node->ports[session == 7],
			.coding = session == MIX_CODED ? &coding : NULL,
			.nb_flows = session == 6 ? 4 : 1};
		struct destination *dst = node_add_destination(node, &params, 0);

		assert_non_null(dst);
		if (params.egress == EGRESS_UDP)
			assert_int_equal(mix_set_egress(node, dst), 0);
	}
}

/* Over IPv4, over IPv6, to several, over a longer way. */
static void
add_sources(struct node *node)
{
	static const uint8_t routings[][24] = {{0, 6, 0x80, 0, 0, 2}, {0, 6, 0x80, 0, 0, 3},
		{0, 6, 0x80, 0, 0, 2, 0, 6, 0x80, 0, 0, 3, 0, 6, 0x80, 0, 0, 8},
		{0, 18, 0, 0, 0, 9, 0, 12, 0, 0, 0, 2, 0, 6, 0x80, 0, 0, 3}};
	static const uint8_t lengths[MIX_INGRESSES] = {6, 6, 18, 18};

	for (uint32_t i = 0; i < MIX_INGRESSES; i++) {
		struct flow_params flow = {
			.id = 1, .weight = 1, .routing = routings[i], .routing_len = lengths[i]};
		struct source_params params = {.conference = MIX_SOURCES,
			.session = i + 1,
			.kind = SOURCE_UDP,
			.epoch = 7,
			.ingress_port = node->ports[0],
			.ingress_local = i % 2,
			.ingress_udp_port = (uint16_t)(MIX_INGRESS + i)};
		uint32_t missing;
		struct flow_plan *plan = node_build_plan(node, &flow, 1, 0, &missing);
		struct source *source = node_add_source(node, &params, plan);

		assert_non_null(source);
		node_start_source(node, source);
	}
}

struct node *
mix_node_new(const char *name, struct port ports[MIX_PORTS], const struct mix_scene *scene,
	const struct port_ops *ops, void *driver, uint64_t now)
{
	struct node_params params = {.name = name,
		.id = MIX_NODE,
		.epoch = 3,
		.nb_workers = 1,
		.max_links = MIX_PEERS,
		.now = now};
	struct node_budget budget = {.port_descriptors = 128,
		.reorder_packets = 64,
		.coding_packets = 256,
		.feeder_packets = 256,
		.feeder_queues = 32,
		.buffer_bytes = MIX_HEADROOM + MIX_FRAME};
	struct utc_map clock = {.now0 = 0, .utc0_ns = MIX_UTC_AT_0};
	const char *error = "";
	struct node *node = node_new(&params, &error);

	assert_non_null(node);
	for (uint8_t i = 0; i < MIX_PORTS; i++) {
		ports[i] = (struct port){.ops = ops,
			.driver = driver,
			.rx_queues = 1,
			.tx_queues = 1,
			.mtu = 1500,
			.vlan = i == 0 ? 0 : MIX_VLAN,
			.udp_port = FERRY_UDP_PORT,
			.offloads = i == 0 ? scene->offloads : 0,
			.mac = {{2, 0, i}},
			.nb_addresses = 2,
			.addresses = {mix_own_address(i, false), mix_own_address(i, true)},
			.up = true};
		assert_int_equal(node_add_port(node, &ports[i]), 0);
	}
	assert_int_equal(node_layout(node, &budget, &error), 0);
	node_set_clock(node, &clock);
	add_links(node, scene);
	add_destinations(node);
	add_sources(node);
	for (uint32_t i = 1; i < MIX_SESSIONS; i++)
		assert_int_equal(node_know_session(node, MIX_TRANSIT, i), 0);
	node_set_forwarding(node, scene->installed);
	return node;
}

struct destination *
mix_destination(const struct node *node, uint32_t session)
{
	return node_find_destination(node, MIX_HERE, session);
}

void
mix_node_end(struct node *node, uint64_t now)
{
	struct worker *w = node->workers[0];

	for (uint32_t session = 1; session < MIX_SESSIONS; session++)
		node_remove_destination(node, mix_destination(node, session));
	for (uint32_t session = 1; session <= MIX_INGRESSES; session++)
		node_remove_source(node, node_find_source(node, MIX_SOURCES, session));
	for (uint32_t i = 0; i < MIX_PEERS; i++)
		node_remove_link(node, node_find_link(node, MIX_PEER_ID + i));
	while (!node_settled(node)) {
		(void)worker_poll(w, now);
		node_tick(node);
	}
	assert_int_equal(w->counters.queued, 0);
	assert_int_equal(rte_mempool_in_use_count(node->pool), 0);
	assert_int_equal(rte_mempool_in_use_count(node->header_pool), 0);
	node_free(node);
}
