/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "../harness/test_eal.h"
#include "frame.h"
#include "node.h"
#include "wire.h"
#include "wire_node.h"

#define LINKS_MAX     1024
#define OUTER_BYTES   (sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + 8)
#define NEIGHBOUR_MAX 60 /* NodeIDs up to here are peers from the start */

static struct node *node;
static uint64_t now = UINT64_C(1000000000);

/* The port's wire: one frame to come, and what was sent. */
static struct rte_mbuf *arriving;
static struct wire_outcome *sent_to;

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)port, (void)queue, (void)at;
	if (arriving == NULL || n == 0)
		return 0;
	pkts[0] = arriving;
	arriving = NULL;
	return 1;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)port, (void)queue, (void)at;
	for (uint16_t i = 0; i < n; i++) {
		struct wire_copy *copy = &sent_to->copies[sent_to->nb_copies];
		uint32_t len = pkts[i]->pkt_len - OUTER_BYTES;
		const void *data;

		if (sent_to->nb_copies < WIRE_NODE_COPIES_MAX && len <= sizeof(copy->data)) {
			data = rte_pktmbuf_read(pkts[i], OUTER_BYTES, len, copy->data);
			if (data != copy->data)
				memcpy(copy->data, data, len);
			copy->len = (uint16_t)len;
			sent_to->nb_copies++;
		}
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};
static struct port port = {
	.ops = &ops,
	.name = "wire",
	.rx_queues = 1,
	.tx_queues = 1,
	.mtu = 1500,
	.udp_port = FERRY_UDP_PORT,
	.offloads = PORT_TX_CHAINS,
	.mac = {{0x02, 0, 0, 0, 0, 1}},
	.nb_addresses = 1,
	.up = true,
};
static const struct rte_ether_addr neighbour_mac = {{0x02, 0, 0, 0, 0, 2}};

/* Each neighbour has an address of its own, made of the low bits of its NodeID. */
static struct address
neighbour_address(uint32_t id)
{
	return address_ipv4(RTE_BE32(RTE_IPV4(10, 0, 0, 0)) | rte_cpu_to_be_32(id & 0xffffff));
}

static struct link *
neighbour(uint32_t id)
{
	struct link *link = node_find_link(node, id);
	struct link_params params = {.node_id = id,
		.port = &port,
		.remote = neighbour_address(id),
		.udp_port = FERRY_UDP_PORT,
		.ring = 64};

	if (link != NULL)
		return link;
	link = node_add_link(node, &params);
	if (link != NULL && node_set_link_mac(node, link, &neighbour_mac) < 0)
		return NULL;
	return link;
}

int
wire_node_start(const char **error)
{
	struct node_params params = {.name = "wire",
		.id = NODE_ID_MAX,
		.epoch = 1,
		.nb_workers = 1,
		.max_links = LINKS_MAX,
		.seed = 1,
		.now = now};
	struct node_budget budget = {.port_descriptors = 64};

	*error = "DPDK's environment does not start";
	if (test_eal(64, false) < 0)
		return -1;
	node = node_new(&params, error);
	if (node == NULL)
		return -1;
	port.addresses[0] = address_ipv4(RTE_BE32(RTE_IPV4(192u, 0, 2, 1)));
	if (node_add_port(node, &port) < 0 || node_layout(node, &budget, error) < 0)
		return -1;
	*error = "no memory for links";
	for (uint32_t id = 1; id <= NEIGHBOUR_MAX; id++)
		if (neighbour(id) == NULL)
			return -1;
	return 0;
}

/* The datagram in a frame from the neighbour to the port's address. */
static struct rte_mbuf *
make_frame(uint32_t sender, const uint8_t *data, uint16_t len)
{
	struct frame_endpoints ends = {
		.source_mac = neighbour_mac,
		.destination_mac = port.mac,
		.source = neighbour_address(sender),
		.destination = port.addresses[0],
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = FRAME_HOP_LIMIT,
	};
	struct rte_mbuf *m = rte_pktmbuf_alloc(node->pool);
	struct frame_template t;

	if (m == NULL)
		return NULL;
	frame_template_build(&t, &port, &ends, "", 0);
	memcpy(rte_pktmbuf_append(m, t.total), t.bytes + sizeof(t.bytes) - t.total, t.total);
	memcpy(rte_pktmbuf_append(m, len), data, len);
	frame_finish(&t, m, 0, 0);
	return m;
}

/* From now on the node has this NodeID, also in the headers that it sends. 0, or -1. */
static int
be_node(uint32_t own)
{
	if (node->id == own)
		return 0;
	node->id = own;
	for (uint16_t i = 0; i < node->max_links && node->links[i] != NULL; i++)
		if (node_set_link_mac(node, node->links[i], &neighbour_mac) < 0)
			return -1;
	node_tick(node);
	return 0;
}

static void
forget(struct link *link)
{
	memset(&link->rx, 0, sizeof(link->rx));
	seq_window_init(&link->rx.window, link->rx.bits, LINK_WINDOW);
}

/* Which counters moved: what is said of the datagram, and what is said of branches and delivery. */
static enum drop_reason
compare(const struct worker_counters *was, const struct worker_counters *is,
	struct wire_outcome *outcome)
{
	enum drop_reason found = DROP_none;

	for (int reason = 1; reason < DROP_COUNT; reason++) {
		uint64_t more = is->drops[reason] - was->drops[reason];

		if (reason == DROP_pathlet_unknown_hop)
			outcome->unknown_hops = (uint32_t)more;
		else if (reason == DROP_session_unknown)
			outcome->asked_delivery = more > 0;
		else if (more > 0)
			found = (enum drop_reason)reason;
	}
	return found;
}

int
wire_node_take(uint32_t own, const uint8_t *data, uint16_t len, struct wire_outcome *outcome,
	const char **error)
{
	const struct link_hdr *hdr = (const struct link_hdr *)data;
	uint32_t sender = len >= sizeof(*hdr) ? rte_be_to_cpu_32(hdr->node) : 1;
	struct worker_counters was = node->workers[0]->counters;
	struct link *link = NULL;

	memset(outcome, 0, offsetof(struct wire_outcome, copies));
	if (sender >= 1 && sender <= NODE_ID_MAX) {
		link = neighbour(sender);
		if (link == NULL) {
			*error = "no room for another neighbour";
			return -1;
		}
		forget(link);
	}
	if (be_node(own) < 0) {
		*error = "no memory for headers";
		return -1;
	}
	arriving = make_frame(sender, data, len);
	if (arriving == NULL) {
		*error = "no packet buffer";
		return -1;
	}
	sent_to = outcome;
	now += 1000000;
	while (worker_poll(node->workers[0], now) > 0)
		;
	outcome->drop = compare(&was, &node->workers[0]->counters, outcome);
	return 0;
}

void
wire_node_stop(void)
{
	node_free(node);
	rte_eal_cleanup();
}
