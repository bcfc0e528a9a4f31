/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include <unistd.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "../harness/test_eal.h"
#include "session_actions.h"
#include "show_harness.h"
#include "wire.h"

static const char text[] =
	"node = { id = 1; name = \"here\"; };\n"
	"ports = ( { name = \"wan\"; device = \"net_null0\"; addresses = [ \"10.0.0.1/24\" ]; } "
	");\n"
	"peers = ( { id = 2; name = \"two\"; address = \"10.0.0.2\"; },\n"
	"  { id = 3; name = \"three\"; address = \"10.0.0.3\"; } );\n"
	"conferences = ( { id = 1; name = \"demo\"; sessions = (\n"
	"  { id = 1; name = \"out\"; source = 1; destinations = [ 2 ]; rate = \"8M\";\n"
	"    ingress = { generator = { kind = \"constant\"; size = 100; }; };\n"
	"    flows = ( { path = \"2\"; weight = 1; }, { path = \"3 > 2\"; weight = 3; } ); },\n"
	"  { id = 2; name = \"in\"; source = 2; destinations = [ 1 ];\n"
	"    ingress = { generator = { kind = \"constant\"; size = 100; }; }; rate = \"8M\";\n"
	"    flows = ( { path = \"1\"; }, { path = \"3 > 1\"; } ); },\n"
	"  { id = 3; name = \"else\"; source = 2; destinations = [ 3 ];\n"
	"    ingress = { generator = { kind = \"constant\"; size = 100; }; }; rate = \"8M\";\n"
	"    flows = ( { path = \"3\"; } ); } ); } );\n";

void
harness_eal(bool telemetry)
{
	assert_return_code(test_eal(64, telemetry), 0);
}

static uint16_t
memory_rx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct harness *h = port->driver;
	uint16_t taken = 0;

	(void)queue;
	(void)now;
	while (taken < n && taken < h->nb_rx) {
		pkts[taken] = h->rx[taken];
		taken++;
	}
	h->nb_rx -= taken;
	memmove(h->rx, h->rx + taken, h->nb_rx * sizeof(h->rx[0]));
	return taken;
}

/* Looks at what was sent with nothing of the code under test: fixed places behind IPv4. */
static void
look_at(struct harness *h, const struct rte_mbuf *m)
{
	const unsigned int headers = 14 + 20 + 8 + 24;
	uint8_t copy[256];
	const uint8_t *p = rte_pktmbuf_read(m, 0, RTE_MIN(m->pkt_len, sizeof(copy)), copy);
	unsigned int pathlet, session;
	uint32_t seq;

	assert_true(m->pkt_len >= headers + 6 + 24);
	pathlet = (unsigned int)p[headers] << 8 | p[headers + 1];
	session = headers + pathlet;
	seq = (uint32_t)p[session + 8] << 24 | (uint32_t)p[session + 9] << 16 |
	      (uint32_t)p[session + 10] << 8 | p[session + 11];
	h->sent++;
	h->by_hop[p[headers + 5] & 3]++;
	h->by_flow[p[session + 20]]++;
	assert_true(seq < sizeof(h->seen));
	h->seen[seq]++;
	h->nb_seqs = RTE_MAX(h->nb_seqs, seq + 1);
}

static uint16_t
memory_tx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	(void)queue;
	(void)now;
	for (uint16_t i = 0; i < n; i++)
		look_at(port->driver, pkts[i]);
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static const struct port_ops memory_ops = {.rx_burst = memory_rx, .tx_burst = memory_tx};

static bool
hook_neighbour(void *ctx, const struct link *link, struct show_neighbour *out)
{
	struct harness *h = ctx;

	if (!h->neighbour_known)
		return false;
	*out = (struct show_neighbour){.state = "reachable",
		.has_mac = true,
		.mac = {{2, 0, 0, 0, 0, (uint8_t)link->node_id}},
		.next_hop = link->remote,
		.since = h->now};
	return true;
}

static bool
hook_impair(void *ctx, const struct port *port, struct impair_counters *out)
{
	const struct harness *h = ctx;

	(void)port;
	*out = (struct impair_counters){.held = 3, .held_max = 5};
	for (int i = 0; i < IMPAIR_EVENT_COUNT; i++)
		out->events[i] = 100 + (uint64_t)i;
	return h->impaired;
}

static bool
hook_device(void *ctx, const struct port *port, struct show_device *out)
{
	struct harness *h = ctx;

	(void)port;
	if (!h->device_known)
		return false;
	*out = (struct show_device){
		.tx_packets = h->sent, .tx_bytes = h->sent * 200, .nb_losses = 1};
	out->losses[0].name = "rx_missed";
	out->losses[0].text = "no room in the device";
	out->losses[0].packets = 7;
	return true;
}

static uint64_t
hook_clock(void *ctx)
{
	return ((struct harness *)ctx)->now;
}

static void
start_node(struct harness *h)
{
	const struct node_params params = {.name = "here",
		.id = 1,
		.epoch = 77,
		.nb_workers = 1,
		.max_links = 8,
		.seed = 1,
		.now = h->now};
	const struct node_budget budget = {
		.port_descriptors = 512, .feeder_packets = 128, .feeder_queues = 16};
	const struct utc_map utc = {.now0 = h->now, .utc0_ns = h->now};
	const char *error = NULL;

	h->node = node_new(&params, &error);
	assert_non_null(h->node);
	h->port = (struct port){.ops = &memory_ops,
		.driver = h,
		.name = "wan",
		.rx_queues = 1,
		.tx_queues = 1,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.offloads = PORT_TX_CHAINS,
		.mac = {{2, 0, 0, 0, 0, 1}},
		.nb_addresses = 1,
		.addresses = {address_ipv4(RTE_BE32(RTE_IPV4(10, 0, 0, 1)))},
		.up = true};
	assert_int_equal(node_add_port(h->node, &h->port), 0);
	assert_int_equal(node_layout(h->node, &budget, &error), 0);
	node_set_clock(h->node, &utc);
	for (uint32_t i = 2; i <= 3; i++) {
		const struct link_params link = {.node_id = i,
			.port = &h->port,
			.remote = address_ipv4(RTE_BE32(RTE_IPV4(10, 0, 0, 0)) | i << 24),
			.udp_port = FERRY_UDP_PORT,
			.ring = 64};
		const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, (uint8_t)i}};
		struct link *made = node_add_link(h->node, &link);

		assert_non_null(made);
		assert_int_equal(node_set_link_mac(h->node, made, &mac), 0);
	}
}

static void
start_sessions(struct harness *h)
{
	const struct source_params source = {.conference = 1,
		.session = 1,
		.epoch = 77,
		.kind = SOURCE_GENERATOR,
		.rate = 8000000,
		.burst = 10000,
		.seed = 1,
		.generator = {.kind = GENERATOR_CONSTANT, .size = 100, .rate = 8000000, .seed = 1}};
	const struct destination_params destination = {
		.conference = 1, .session = 2, .window = 64, .nb_flows = 8, .egress = EGRESS_SINK};
	char error[256];

	assert_int_equal(session_book_init(&h->book, h->node, h->config, 8), 0);
	assert_int_equal(session_book_add_source(&h->book, session_book_find(&h->book, 1, 1),
				 &source, error, sizeof(error)),
		0);
	session_book_find(&h->book, 1, 2)->destination = node_add_destination(
		h->node, &destination, 0);
	assert_non_null(session_book_find(&h->book, 1, 2)->destination);
}

/* Neighbours are known as soon as they are asked for. */
static int
resolve(void *ctx, struct link *link, const struct config_peer *peer, char *error, size_t size)
{
	struct harness *h = ctx;
	const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, (uint8_t)peer->id}};

	(void)error;
	(void)size;
	return node_set_link_mac(h->node, link, &mac);
}

/* Ends of sessions that come: generators and sinks. */
static int
open_ends(void *ctx, struct session_entry *entry, char *error, size_t size)
{
	struct harness *h = ctx;
	const struct source_params source = {.conference = entry->config->conference,
		.session = entry->config->id,
		.epoch = h->book.epoch++,
		.kind = SOURCE_GENERATOR,
		.rate = entry->config->rate,
		.burst = entry->config->burst,
		.seed = 1,
		.generator = {.kind = GENERATOR_CONSTANT,
			.size = 100,
			.rate = entry->config->rate,
			.seed = 1}};
	const struct destination_params destination = {.conference = entry->config->conference,
		.session = entry->config->id,
		.window = 64,
		.nb_flows = 8,
		.egress = EGRESS_SINK};

	if (h->ends_refused) {
		snprintf(error, size, "the end is refused");
		return -EIO;
	}
	if (entry->config->source == 1 &&
		session_book_add_source(&h->book, entry, &source, error, size) < 0)
		return -EIO;
	for (uint32_t i = 0; i < entry->config->destination_count; i++)
		if (entry->config->destinations[i] == 1)
			entry->destination = node_add_destination(h->node, &destination, 0);
	if (h->ends_failing == 0)
		return 0;
	h->ends_failing--;
	session_close(&h->book, entry);
	snprintf(error, size, "no file can be opened");
	return -EMFILE;
}

void
harness_start(struct harness *h)
{
	struct config_errors errors = {0};

	memset(h, 0, sizeof(*h));
	h->now = UINT64_C(5000000000);
	h->config = config_load_string("test.cfg", text, strlen(text), &errors);
	config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	assert_non_null(h->config);
	start_node(h);
	start_sessions(h);
	assert_int_equal(rates_init(&h->rates, 8, h->book.room), 0);
	h->peers = (struct peer_actions){
		.config = h->config, .book = &h->book, .resolve = resolve, .ctx = h};
	h->book.open = open_ends;
	h->book.ends_ctx = h;
	h->view = (struct show_view){.node = h->node,
		.config = h->config,
		.sessions = &h->book,
		.rates = &h->rates,
		.history = &h->history,
		.started = h->now,
		.hooks = {.ctx = h,
			.neighbour = hook_neighbour,
			.device = hook_device,
			.impair = hook_impair,
			.clock = hook_clock}};
	h->ctl = (struct ctl_context){.view = &h->view, .ops = &ctl_node_ops, .ops_ctx = &h->peers};
}

void
harness_end(struct harness *h)
{
	session_book_free(&h->book);
	rates_free(&h->rates);
	assert_int_equal(h->nb_rx, 0);
	assert_int_equal(rte_mempool_in_use_count(h->node->pool), 0);
	assert_int_equal(rte_mempool_in_use_count(h->node->header_pool), 0);
	node_free(h->node);
	config_free(h->config);
}

void
harness_run(struct harness *h, uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i++) {
		h->now += 1000000;
		worker_poll(h->node->workers[0], h->now);
		node_tick(h->node);
		history_poll(&h->history, h->node);
	}
}

void
harness_receive(struct harness *h, uint64_t link_seq, uint32_t seq, uint16_t flow_seq)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(h->node->pool);
	uint32_t stamp = rte_cpu_to_be_32((uint32_t)(h->now / 1000 - 2000));
	struct {
		struct rte_ether_hdr eth;
		struct rte_ipv4_hdr ip;
		struct rte_udp_hdr udp;
		struct link_hdr link;
		struct pathlet_hdr pathlet;
		struct session_hdr session;
		uint8_t payload[50];
	} __attribute__((packed)) frame = {
		.eth = {.dst_addr = h->port.mac,
			.src_addr = {{2, 0, 0, 0, 0, 2}},
			.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip = {.version_ihl = 0x45,
			.time_to_live = 64,
			.next_proto_id = IPPROTO_UDP,
			.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
			.src_addr = RTE_BE32(RTE_IPV4(10, 0, 0, 2)),
			.dst_addr = RTE_BE32(RTE_IPV4(10, 0, 0, 1))},
		.udp = {.src_port = RTE_BE16(FERRY_UDP_PORT), .dst_port = RTE_BE16(FERRY_UDP_PORT)},
		.link = {.version_type = LINK_VERSION << 4 | LINK_DATA,
			.epoch = RTE_BE16(9),
			.node = RTE_BE32(2),
			.seq = rte_cpu_to_be_64(link_seq)},
		.pathlet = {.length = RTE_BE16(6), .node = RTE_BE32(PATHLET_DESTINATION | 1)},
		.session = {.conference = RTE_BE32(1),
			.session = RTE_BE32(2),
			.seq = rte_cpu_to_be_32(seq),
			.stamp = stamp,
			.epoch = RTE_BE16(9),
			.flow_seq = rte_cpu_to_be_16(flow_seq)},
	};

	assert_non_null(m);
	assert_true(h->nb_rx < HARNESS_QUEUE);
	frame.ip.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(frame) - sizeof(frame.eth)));
	frame.udp.dgram_len = rte_cpu_to_be_16(
		(uint16_t)(sizeof(frame) - sizeof(frame.eth) - sizeof(frame.ip)));
	frame.ip.hdr_checksum = rte_ipv4_cksum(&frame.ip);
	memcpy(rte_pktmbuf_append(m, sizeof(frame)), &frame, sizeof(frame));
	h->rx[h->nb_rx++] = m;
}

uint32_t
harness_missing(const struct harness *h)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < h->nb_seqs; i++)
		missing += h->seen[i] == 0;
	return missing;
}

json_t *
harness_ask(struct harness *h, const char *line)
{
	json_t *reply = ctl_execute_line(&h->ctl, line, strlen(line), &h->follow);

	assert_non_null(reply);
	return reply;
}

int
harness_setup(void **state)
{
	struct harness *h = malloc(sizeof(*h));

	assert_non_null(h);
	harness_start(h);
	*state = h;
	return 0;
}

int
harness_teardown(void **state)
{
	harness_end(*state);
	free(*state);
	return 0;
}
