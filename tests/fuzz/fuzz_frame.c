/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole way of a packet through a node under arbitrary frames. The input is a sequence of
 * records: what to do (1 byte: see RECORD_), length (2 bytes), frame. The node has two workers, a
 * port with two queues, IPv4 and IPv6 neighbours, sessions that start and end there.
 *
 * What must hold: each worker's sums after each turn; what is sent is a frame of its own port; in
 * the end every pool is full. The bytes behind a frame are poisoned, so that a read beyond it is
 * seen although it stays within the buffer. Each input finds links and destinations that heard
 * nothing yet.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <sanitizer/asan_interface.h>

#include "frame_repair.h"
#include "link_tfrc.h"
#include "node.h"
#include "rlnc_receiver.h"

#define RECORD_QUEUE 0x01
#define RECORD_AS_IS 0x02 /* lengths and checksums stay as they are */
#define RECORD_SPLIT 0x04 /* in two segments */
#define RECORD_GOOD  0x08 /* the device says that checksums are right */
#define RECORD_BAD   0x10 /* or wrong */
#define RECORD_LATER 0x20 /* 3 ms pass */

#define FRAME_MAX 1600

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node *node;
static struct rte_mempool *rx_pool;
static struct rte_mbuf *waiting[2];
static struct port port;
static uint64_t now = 1000000000;
static volatile uint8_t sink;

static void
check(bool condition)
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

		check(pkts[i]->data_len >= 42);
		check(memcmp(eth + 6, p->mac.addr_bytes, 6) == 0);
		for (const struct rte_mbuf *m = pkts[i]; m != NULL; m = m->next) {
			for (uint16_t b = 0; b < m->data_len; b++)
				sink ^= *rte_pktmbuf_mtod_offset(m, const uint8_t *, b);
			bytes += m->data_len;
		}
		check(bytes == pkts[i]->pkt_len);
		check(bytes <= p->mtu + 14u);
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

static struct address
ipv4(uint8_t last)
{
	return address_ipv4(rte_cpu_to_be_32(10u << 24 | last));
}

static struct address
ipv6(uint8_t last)
{
	uint8_t bytes[16] = {0xfd, [15] = last};

	return address_ipv6(bytes);
}

static void
add_neighbour(uint32_t id, struct address remote, uint8_t local)
{
	struct link_params params = {.node_id = id,
		.port = &port,
		.remote = remote,
		.local = local,
		.udp_port = FERRY_UDP_PORT,
		.ring = 64};
	struct rte_ether_addr mac = {{2, 0, 0, 0, 0, (uint8_t)id}};
	struct link *link = node_add_link(node, &params);

	/* Neighbour 5 stays unresolved. */
	check(link != NULL && (id == 5 || node_set_link_mac(node, link, &mac) == 0));
}

static void
add_destination(
	uint32_t session, uint8_t egress, uint32_t reorder, const struct rlnc_params *coding)
{
	struct destination_params params = {.conference = 1,
		.session = session,
		.window = 256,
		.reorder_packets = reorder,
		.reorder_ns = 1000000,
		.egress = egress,
		.egress_port = &port,
		.coding = coding,
		.nb_flows = 4};
	struct frame_endpoints ends = {.source_mac = port.mac,
		.destination_mac = {{2, 0, 0, 0, 0, 99}},
		.source = session % 2 != 0 ? ipv4(7) : ipv6(7),
		.destination = session % 2 != 0 ? ipv4(99) : ipv6(99),
		.source_port = 1,
		.destination_port = 2,
		.hop_limit = 64};
	struct destination *dst = node_add_destination(node, &params, 64);

	check(dst != NULL);
	if (egress == EGRESS_UDP)
		check(node_set_egress(node, dst, &ends) == 0);
}

/* A datagram to UDP port 5000 goes out again to neighbour 1, and over 2 to 3. */
static void
add_source(void)
{
	static const uint8_t routing[] = {
		0, 6, 0x80, 0, 0, 1, 0, 12, 0, 0, 0, 2, 0, 6, 0x80, 0, 0, 3};
	struct flow_params flow = {
		.id = 1, .weight = 1, .routing = routing, .routing_len = sizeof(routing)};
	struct source_params params = {.conference = 2,
		.session = 1,
		.kind = SOURCE_UDP,
		.ingress_port = &port,
		.ingress_udp_port = 5000};
	uint32_t missing;
	struct flow_plan *plan = node_build_plan(node, &flow, 1, 0, &missing);
	struct source *source;

	check(plan != NULL);
	source = node_add_source(node, &params, plan);
	check(source != NULL);
	node_start_source(node, source);
}

static void
make_node(void)
{
	struct node_params params = {
		.name = "fuzz", .id = 7, .epoch = 100, .nb_workers = 2, .max_links = 8, .now = now};
	static const struct rlnc_params block = {.code = RLNC_BLOCK,
						.k = 8,
						.repair = RLNC_REPAIR_RATELESS,
						.deadline = 5000000},
					window = {.code = RLNC_WINDOW, .k = 8, .deadline = 5000000};
	struct node_budget budget = {.port_descriptors = 64, .reorder_packets = 64};
	const char *error;

	port = (struct port){.ops = &ops,
		.name = "memory",
		.rx_queues = 2,
		.tx_queues = 2,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.offloads = PORT_TX_CHAINS,
		.mac = {{2, 0, 0, 0, 0, 7}},
		.nb_addresses = 2,
		.addresses = {ipv4(7), ipv6(7)},
		.up = true};
	node = node_new(&params, &error);
	check(node != NULL && node_add_port(node, &port) == 0);
	budget.coding_packets = rlnc_receiver_holds(&block) + rlnc_receiver_holds(&window);
	check(node_layout(node, &budget, &error) == 0);
	for (uint8_t id = 1; id <= 5; id++)
		add_neighbour(id, id % 2 != 0 ? ipv4(id) : ipv6(id), id % 2 != 0 ? 0 : 1);
	add_destination(1, EGRESS_SINK, 0, NULL);
	add_destination(2, EGRESS_UDP, 0, NULL);
	add_destination(3, EGRESS_UDP, 16, NULL);
	add_destination(5, EGRESS_UDP, 0, &block);
	add_destination(6, EGRESS_UDP, 16, &window);
	check(node_know_session(node, 1, 4) == 0);
	add_source();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char prefix[64];
	char *args[] = {(char[]){"fuzz"}, (char[]){"--no-huge"}, (char[]){"--no-shconf"},
		(char[]){"--no-pci"}, (char[]){"--no-telemetry"}, (char[]){"-m"}, (char[]){"256"},
		(char[]){"--log-level=error"}, (char[]){"--file-prefix"}, prefix, NULL};

	(void)argc;
	(void)argv;
	snprintf(prefix, sizeof(prefix), "ferry-fuzz-%d", (int)getpid());
	check(rte_eal_init((int)RTE_DIM(args) - 1, args) >= 0);
	rx_pool = rte_pktmbuf_pool_create("rx", 255, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	check(rx_pool != NULL);
	make_node();
	return 0;
}

static void
check_sums(const struct worker *w)
{
	const struct worker_counters *c = &w->counters;
	uint64_t in = c->received + c->originated + c->copies + c->handed_in;
	uint64_t out = c->sent + c->delivered + c->consumed + c->handed_out + c->queued;

	for (int i = 0; i < DROP_COUNT; i++)
		out += c->drops[i];
	check(in == out && c->drops[DROP_none] == 0);
}

/* Turns until nothing moves; the control thread takes what is its own. */
static void
turn(void)
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

/* Links and destinations as if just made. */
static void
forget(void)
{
	static const uint32_t sessions[] = {1, 2, 3, 5, 6};

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
		link_head_forget(&link->rx.head);
	}
	for (size_t i = 0; i < RTE_DIM(sessions); i++) {
		struct destination *dst = node_find_destination(node, 1, sessions[i]);

		destination_settle(dst, dst->line);
		dst->line->way = DESTINATION_SLOW;
		dst->heard = false;
		seq_window_reset(&dst->window);
		if (dst->coding != NULL)
			rlnc_receiver_reset(
				node->workers[dst->params.owner], dst, DROP_coding_given_up);
	}
}

/* So many bytes in one buffer, what lies behind them poisoned. */
static struct rte_mbuf *
fill(const uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rx_pool);
	uint8_t *end;

	check(m != NULL);
	ASAN_UNPOISON_MEMORY_REGION(m->buf_addr, m->buf_len);
	m->data_len = len;
	m->pkt_len = len;
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	end = rte_pktmbuf_mtod_offset(m, uint8_t *, len);
	ASAN_POISON_MEMORY_REGION(end, (uint8_t *)m->buf_addr + m->buf_len - end);
	return m;
}

static struct rte_mbuf *
receive(uint8_t what, uint8_t *frame, uint16_t len)
{
	uint16_t cut = what & RECORD_SPLIT ? len / 2 : len;
	struct rte_mbuf *m;

	if (!(what & RECORD_AS_IS))
		frame_repair(frame, len);
	m = fill(frame, cut);
	if (cut < len)
		check(rte_pktmbuf_chain(m, fill(frame + cut, len - cut)) == 0);
	if (what & RECORD_GOOD)
		m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	else if (what & RECORD_BAD)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return m;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[FRAME_MAX];

	forget();
	while (size >= 3) {
		uint8_t what = data[0];
		size_t len = (size_t)(data[1] << 8 | data[2]);

		data += 3;
		size -= 3;
		len = RTE_MIN(len, size);
		len = RTE_MIN(len, sizeof(frame));
		memcpy(frame, data, len);
		data += len;
		size -= len;
		if (what & RECORD_LATER)
			now += 3000000;
		waiting[what & RECORD_QUEUE] = receive(what, frame, (uint16_t)len);
		turn();
	}
	/* What is held for order goes out in time. */
	now += 10000000;
	turn();
	check(rte_mempool_in_use_count(rx_pool) == 0);
	check(rte_mempool_in_use_count(node->pool) == 0);
	check(rte_mempool_in_use_count(node->header_pool) == 0);
	return 0;
}
