/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_node.h"

#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "../harness/test_eal.h"
#include "destination_settle.h"
#include "feeder.h"
#include "frame_repair.h"
#include "link_tfrc.h"
#include "prober.h"
#include "rlnc_receiver.h"

#define BUFFERS	  1023
#define PORTS	  2
#define QUEUES	  2
#define FRAME_MAX 1518 /* that is sent */

struct rte_mempool *fuzz_rx_pool;
void (*fuzz_sent)(const uint8_t *frame, uint32_t len);
uint16_t fuzz_room = UINT16_MAX;
bool fuzz_sums_may_lie;

static struct queue {
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t n;
} waiting[PORTS][QUEUES];

void
fuzz_check(bool condition)
{
	if (!condition)
		abort();
}

static uint16_t
rx_burst(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	struct queue *q = &waiting[p->index][queue];
	uint16_t came = q->n;

	(void)at;
	fuzz_check(came <= n);
	memcpy(pkts, q->pkts, came * sizeof(pkts[0]));
	q->n = 0;
	return came;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)(p[0] << 8 | p[1]);
}

/* What is sent is all UDP, without options, and has lengths and checksums; len bytes of IP. */
static void
check_udp(const uint8_t *ip, uint32_t len)
{
	bool ipv4 = ip[0] == 0x45;
	uint32_t l3_len = ipv4 ? 20 : 40, rest = len - l3_len, pseudo;
	const uint8_t *udp = ip + l3_len;

	fuzz_check((ipv4 || ip[0] >> 4 == 6) && len >= l3_len + 8 && ip[ipv4 ? 9 : 6] == 17);
	fuzz_check(get16(ip + (ipv4 ? 2 : 4)) == (ipv4 ? len : rest));
	fuzz_check(!ipv4 || frame_sum(ip, 20, 0) == 0xffff);
	fuzz_check(get16(udp + 4) == rest);
	if (get16(udp + 6) == 0) {
		fuzz_check(ipv4);
		return;
	}
	pseudo = frame_sum(ip + (ipv4 ? 12 : 8), ipv4 ? 8 : 32, 17 + rest);
	fuzz_check(fuzz_sums_may_lie || frame_sum(udp, rest, pseudo) == 0xffff);
}

static void
check_frame(const struct port *p, const uint8_t *eth, uint32_t len)
{
	uint32_t l2 = p->vlan == 0 ? 14 : 18;

	fuzz_check(len >= l2 + 28 && len <= p->mtu + l2);
	fuzz_check(memcmp(eth + 6, p->mac.addr_bytes, 6) == 0);
	fuzz_check(p->vlan == 0 || (get16(eth + 12) == 0x8100 && get16(eth + 14) == p->vlan));
	fuzz_check(get16(eth + l2 - 2) == (eth[l2] >> 4 == 4 ? 0x0800 : 0x86dd));
	check_udp(eth + l2, len - l2);
}

/* Every byte that leaves is looked at. */
static uint16_t
tx_burst(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	static uint8_t frame[FRAME_MAX];

	(void)queue;
	(void)at;
	n = RTE_MIN(n, fuzz_room);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t bytes = 0;

		fuzz_check(pkts[i]->nb_segs == 1 || (p->offloads & PORT_TX_CHAINS) != 0);
		for (const struct rte_mbuf *m = pkts[i]; m != NULL; m = m->next) {
			fuzz_check(bytes + m->data_len <= sizeof(frame));
			memcpy(frame + bytes, rte_pktmbuf_mtod(m, void *), m->data_len);
			bytes += m->data_len;
		}
		fuzz_check(bytes == pkts[i]->pkt_len);
		check_frame(p, frame, bytes);
		if (fuzz_sent != NULL)
			fuzz_sent(frame, bytes);
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
		.max_links = 16,
		.now = now};
	struct node *node;
	const char *error;

	*port = (struct port){.ops = &ops,
		.name = "memory",
		.rx_queues = QUEUES,
		.tx_queues = QUEUES,
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

void
fuzz_add_tagged_port(struct node *node, struct port *port)
{
	*port = (struct port){.ops = &ops,
		.name = "tagged",
		.rx_queues = QUEUES,
		.tx_queues = QUEUES,
		.mtu = 1500,
		.vlan = FUZZ_TAGGED_VLAN,
		.udp_port = FERRY_UDP_PORT,
		.mac = {{2, 0, 0, 0, 1, FUZZ_NODE}},
		.nb_addresses = 2,
		.addresses = {fuzz_ipv4(FUZZ_TAGGED), fuzz_ipv6(FUZZ_TAGGED)},
		.up = true};
	fuzz_check(node_add_port(node, port) == 0);
}

void
fuzz_set_clock(struct node *node, uint64_t now)
{
	const struct utc_map map = {.now0 = now, .utc0_ns = FUZZ_UTC_NS};

	node_set_clock(node, &map);
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

bool
fuzz_receive(const struct port *port, uint16_t queue, struct rte_mbuf *m)
{
	struct queue *q = &waiting[port->index][queue];

	q->pkts[q->n++] = m;
	return q->n < BURST_MAX;
}

void
fuzz_let_go(struct node *node)
{
	for (uint16_t i = 0; i < node->max_links; i++) {
		struct link *link = node->links[i];

		if (link == NULL || !link_is_tfrc(link))
			continue;
		link_tfrc_end_sending(node->workers[link->owner], link);
		feeder_set_rate(node->workers[link->owner], link, 0);
	}
}

static void
forget_sending(struct worker *w, struct link *link)
{
	link->tx.seq = link->tx.packets = link->tx.bytes = 0;
	link->tx.rtt = 0;
	if (link->probe_interval != 0)
		prober_begin(w, link);
	if (!link_is_tfrc(link))
		return;
	link_tfrc_end_sending(w, link);
	feeder_set_rtt(link, 0);
	feeder_set_rate(w, link, link_tfrc_init(link));
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
		link->rx.behind.run = 0;
		link_forget_heads(&link->rx);
		forget_sending(node->workers[link->owner], link);
	}
}

void
fuzz_forget_destination(struct node *node, struct destination *dst)
{
	destination_settle(dst, dst->line);
	dst->line->way = DESTINATION_SLOW;
	dst->heard = false;
	seq_window_reset(&dst->window);
	dst->behind.run = 0;
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
	struct worker_sums sums = worker_sums(&w->counters);

	fuzz_check(sums.in == sums.out && w->counters.drops[DROP_none] == 0);
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
