/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_node.h"

#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "../harness/test_eal.h"
#include "destination_settle.h"
#include "link_tfrc.h"
#include "rlnc_receiver.h"

#define BUFFERS 255

struct rte_mempool *fuzz_rx_pool;
void (*fuzz_sent)(const struct rte_mbuf *m);

static struct rte_mbuf *waiting[2];
static volatile uint8_t sink;

void
fuzz_check(bool condition)
{
	if (!condition)
		abort();
}

static uint16_t
rx_burst(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)p;
	(void)at;
	if (waiting[queue] == NULL || n == 0)
		return 0;
	pkts[0] = waiting[queue];
	waiting[queue] = NULL;
	return 1;
}

/* Every byte that leaves is looked at. */
static uint16_t
tx_burst(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)queue;
	(void)at;
	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *eth = rte_pktmbuf_mtod(pkts[i], const uint8_t *);
		uint32_t bytes = 0;

		fuzz_check(pkts[i]->data_len >= 42);
		fuzz_check(memcmp(eth + 6, p->mac.addr_bytes, 6) == 0);
		for (const struct rte_mbuf *m = pkts[i]; m != NULL; m = m->next) {
			for (uint16_t b = 0; b < m->data_len; b++)
				sink ^= *rte_pktmbuf_mtod_offset(m, const uint8_t *, b);
			bytes += m->data_len;
		}
		fuzz_check(bytes == pkts[i]->pkt_len);
		fuzz_check(bytes <= p->mtu + 14u);
		if (fuzz_sent != NULL)
			fuzz_sent(pkts[i]);
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

struct address
fuzz_ipv4(uint8_t last)
{
	return address_ipv4(rte_cpu_to_be_32(10u << 24 | last));
}

struct address
fuzz_ipv6(uint8_t last)
{
	uint8_t bytes[16] = {0xfd, [15] = last};

	return address_ipv6(bytes);
}

void
fuzz_eal(void)
{
	fuzz_check(test_eal(256, false) == 0);
	fuzz_rx_pool = rte_pktmbuf_pool_create("rx", BUFFERS, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	fuzz_check(fuzz_rx_pool != NULL);
}

struct node *
fuzz_node_new(struct port *port, uint64_t now)
{
	struct node_params params = {.name = "fuzz",
		.id = FUZZ_NODE,
		.epoch = 100,
		.nb_workers = 2,
		.max_links = 8,
		.now = now};
	struct node *node;
	const char *error;

	*port = (struct port){.ops = &ops,
		.name = "memory",
		.rx_queues = 2,
		.tx_queues = 2,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.offloads = PORT_TX_CHAINS,
		.mac = {{2, 0, 0, 0, 0, FUZZ_NODE}},
		.nb_addresses = 2,
		.addresses = {fuzz_ipv4(FUZZ_NODE), fuzz_ipv6(FUZZ_NODE)},
		.up = true};
	node = node_new(&params, &error);
	fuzz_check(node != NULL && node_add_port(node, port) == 0);
	return node;
}

struct link *
fuzz_add_neighbour(struct node *node, struct link_params params, bool resolved)
{
	uint8_t id = (uint8_t)params.node_id;
	struct rte_ether_addr mac = {{2, 0, 0, 0, 0, id}};
	struct link *link;

	params.udp_port = FERRY_UDP_PORT;
	params.ring = 64;
	link = node_add_link(node, &params);
	fuzz_check(link != NULL && (!resolved || node_set_link_mac(node, link, &mac) == 0));
	return link;
}

void
fuzz_receive(uint16_t queue, struct rte_mbuf *m)
{
	waiting[queue] = m;
}

void
fuzz_forget_links(struct node *node)
{
	for (uint16_t i = 0; i < node->max_links; i++) {
		struct link *link = node->links[i];

		if (link == NULL)
			continue;
		/* Its timer runs on that worker's wheel. */
		if (link->rx_owner != LINK_NO_OWNER)
			link_tfrc_end_receiving(node->workers[link->rx_owner], link);
		link->rx.heard = false;
		link->rx_owner = LINK_NO_OWNER;
		seq_window_reset(&link->rx.window);
		link_forget_heads(&link->rx);
	}
}

void
fuzz_forget_destination(struct node *node, struct destination *dst)
{
	destination_settle(dst, dst->line);
	dst->line->way = DESTINATION_SLOW;
	dst->heard = false;
	seq_window_reset(&dst->window);
	if (dst->coding != NULL)
		rlnc_receiver_reset(node->workers[dst->params.owner], dst, DROP_coding_given_up);
}

void
fuzz_check_empty(const struct node *node)
{
	fuzz_check(rte_mempool_in_use_count(fuzz_rx_pool) == 0);
	fuzz_check(rte_mempool_in_use_count(node->pool) == 0);
	fuzz_check(rte_mempool_in_use_count(node->header_pool) == 0);
}

static void
check_sums(const struct worker *w)
{
	const struct worker_counters *c = &w->counters;
	uint64_t in = c->received + c->originated + c->copies + c->handed_in;
	uint64_t out = c->sent + c->delivered + c->consumed + c->handed_out + c->queued;

	for (int i = 0; i < DROP_COUNT; i++)
		out += c->drops[i];
	fuzz_check(in == out && c->drops[DROP_none] == 0);
}

void
fuzz_turn(struct node *node, uint64_t now)
{
	uint32_t progress;

	do {
		progress = 0;
		for (uint16_t i = 0; i < node->nb_workers; i++) {
			struct worker *w = node->workers[i];
			struct rte_mbuf *m;

			progress += worker_poll(w, now);
			check_sums(w);
			while (rte_ring_sc_dequeue(w->punt, (void **)&m) == 0)
				rte_pktmbuf_free(m);
		}
	} while (progress > 0);
}

static struct rte_mbuf *
fill(const uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(fuzz_rx_pool);
	uint8_t *end;

	fuzz_check(m != NULL);
	ASAN_UNPOISON_MEMORY_REGION(m->buf_addr, m->buf_len);
	m->data_len = len;
	m->pkt_len = len;
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	end = rte_pktmbuf_mtod_offset(m, uint8_t *, len);
	ASAN_POISON_MEMORY_REGION(end, (uint8_t *)m->buf_addr + m->buf_len - end);
	return m;
}

struct rte_mbuf *
fuzz_fill(const uint8_t *bytes, uint16_t len, uint16_t cut)
{
	struct rte_mbuf *m = fill(bytes, cut);

	if (cut < len)
		fuzz_check(rte_pktmbuf_chain(m, fill(bytes + cut, len - cut)) == 0);
	return m;
}
