/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of several neighbours of one port, good and bad, through two nodes: one gets them in
 * bursts, the other one by one. Both must count the same, and send on what the test itself knows to
 * be in order, each session's packets in theirs.
 */
#include "unit.h"

#include "../harness/test_eal.h"
#include "frame.h"
#include "link_head.h"
#include "node.h"
#include "rng.h"

#define OWN_ID	   1
#define NEIGHBOURS 4
#define FIRST_ID   2
#define HEADROOM   128
#define ROUNDS	   4000
#define MS	   UINT64_C(1000000)

struct body {
	struct pathlet_hdr own, inner;
	struct session_hdr session;
	uint32_t neighbour, serial;
	uint8_t more[64];
} __attribute__((packed));

struct frame {
	uint8_t bytes[256];
	uint16_t len;
	uint16_t first; /* so many bytes come in a buffer of their own; 0 = all in one */
};

struct side {
	struct node *node;
	struct port port;
	struct frame *frames; /* to be received */
	uint16_t n;
	uint32_t last[NEIGHBOURS]; /* serial sent on, of what came from each */
	uint64_t sent;
};

struct neighbour {
	uint64_t seq;
	uint16_t epoch;
	uint32_t serial;
	struct frame before;
	uint64_t skipped; /* a sequence that may come yet; 0 = none */
	uint64_t accepted, forwarded, duplicates, reordered; /* what must come of it */
};

static struct rng rng;
static struct side burst, single;
static struct neighbour neighbours[NEIGHBOURS];
static uint64_t dropped;

static struct address
address_of(uint32_t id)
{
	return address_ipv4(rte_cpu_to_be_32(0x0a000000 + id));
}

static struct rte_mbuf *
received(struct side *side, const void *bytes, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(side->node->pool);

	assert_non_null(m);
	m->data_off = HEADROOM;
	memcpy(rte_pktmbuf_append(m, len), bytes, len);
	return m;
}

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct side *side = port->driver;
	uint16_t got = side->n;

	(void)queue;
	(void)now;
	assert_true(got <= n);
	side->n = 0;
	for (uint16_t i = 0; i < got; i++) {
		const struct frame *f = &side->frames[i];
		uint16_t first = f->first != 0 && f->first < f->len ? f->first : f->len;

		pkts[i] = received(side, f->bytes, first);
		if (first < f->len) {
			struct rte_mbuf *rest = received(side, f->bytes + first, f->len - first);

			assert_int_equal(rte_pktmbuf_chain(pkts[i], rest), 0);
		}
	}
	return got;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct side *side = port->driver;

	(void)queue;
	(void)now;
	for (uint16_t i = 0; i < n; i++) {
		const struct link_frame *frame = rte_pktmbuf_mtod(pkts[i], struct link_frame *);
		const uint32_t least = offsetof(struct body, more) - offsetof(struct body, inner);
		uint32_t len = pkts[i]->pkt_len;
		struct body body;

		assert_true(len >= sizeof(*frame) + least);
		assert_int_equal(len, pkts[i]->data_len);
		assert_int_equal(
			len, sizeof(frame->eth) + rte_be_to_cpu_16(frame->ip.total_length));
		memcpy(&body.inner, frame + 1, sizeof(body) - offsetof(struct body, inner));
		assert_true(body.neighbour < NEIGHBOURS);
		assert_true(body.serial > side->last[body.neighbour]);
		side->last[body.neighbour] = body.serial;
		for (len -= (uint32_t)sizeof(*frame) + least; len > 0; len--)
			assert_int_equal(body.more[len - 1], (uint8_t)body.serial);
		side->sent++;
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops port_ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

static void
begin_side(struct side *side, const char *name)
{
	struct node_params params = {
		.name = name, .id = OWN_ID, .epoch = 3, .nb_workers = 1, .max_links = NEIGHBOURS};
	struct node_budget budget = {0};
	const char *error = "";

	memset(side, 0, sizeof(*side));
	side->port = (struct port){.ops = &port_ops,
		.driver = side,
		.rx_queues = 1,
		.tx_queues = 1,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.nb_addresses = 1,
		.addresses = {address_of(OWN_ID)},
		.up = true};
	side->node = node_new(&params, &error);
	assert_non_null(side->node);
	assert_int_equal(node_add_port(side->node, &side->port), 0);
	assert_int_equal(node_layout(side->node, &budget, &error), 0);
	for (uint32_t i = 0; i < NEIGHBOURS; i++) {
		struct link_params link = {.node_id = FIRST_ID + i,
			.port = &side->port,
			.remote = address_of(FIRST_ID + i),
			.udp_port = FERRY_UDP_PORT};
		struct rte_ether_addr mac = {{2, [5] = (uint8_t)i}};

		assert_int_equal(
			node_set_link_mac(side->node, node_add_link(side->node, &link), &mac), 0);
	}
}

static void
end_side(struct side *side)
{
	assert_int_equal(rte_mempool_in_use_count(side->node->pool), 0);
	node_free(side->node);
}

/* A frame of neighbour i that says it is of node id; flag: of this node's Pathlet. */
static void
make_frame(struct frame *f, uint32_t i, uint32_t id, uint64_t seq, uint32_t flag, uint16_t inner,
	bool summed)
{
	struct neighbour *from = &neighbours[i];
	struct frame_endpoints ends = {.source = address_of(FIRST_ID + i),
		.destination = address_of(OWN_ID),
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = FRAME_HOP_LIMIT};
	struct link_hdr hdr = {.version_type = LINK_VERSION << 4,
		.epoch = rte_cpu_to_be_16(from->epoch),
		.node = rte_cpu_to_be_32(id),
		.seq = rte_cpu_to_be_64(seq),
		.stamp = (uint32_t)rng_next(&rng),
		.rtt = (uint32_t)rng_next(&rng)};
	struct body body = {
		.own = {rte_cpu_to_be_16((uint16_t)(6 + inner)), rte_cpu_to_be_32(OWN_ID | flag)},
		.inner = {RTE_BE16(6), rte_cpu_to_be_32(PATHLET_DESTINATION |
							(FIRST_ID + rng_below(&rng, NEIGHBOURS)))},
		.session = {.conference = RTE_BE32(1),
			.session = rte_cpu_to_be_32(i + 1),
			.seq = rte_cpu_to_be_32(from->serial)},
		.neighbour = i,
		.serial = ++from->serial};
	uint16_t len = (uint16_t)(sizeof(body) - rng_below(&rng, sizeof(body.more)));
	struct link_frame *frame = (struct link_frame *)f->bytes;
	struct frame_template t;
	struct rte_mbuf m;

	memset(body.more, (uint8_t)body.serial, sizeof(body.more));
	frame_template_build(&t, &burst.port, &ends, &hdr, sizeof(hdr));
	memcpy(f->bytes, t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	if (inner == 0)
		memmove(&body.inner, &body.session, len - offsetof(struct body, session));
	memcpy(f->bytes + t.total, &body, len);
	m = (struct rte_mbuf){.buf_addr = f->bytes, .pkt_len = t.total + len};
	frame_finish(&t, &m, 0, 0);
	if (summed)
		frame->udp.dgram_cksum = rte_ipv4_udptcp_cksum(&frame->ip, &frame->udp);
	f->len = (uint16_t)(t.total + len);
	f->first = 0;
}

/* Ethernet has padded it, and the port may have received it in two buffers. */
static void
pad_and_split(struct frame *f)
{
	const uint16_t headers = sizeof(struct link_frame) + offsetof(struct body, neighbour);

	f->len += (uint16_t)rng_below(&rng, 8);
	if (rng_below(&rng, 2) == 0)
		f->first = (uint16_t)(headers + rng_below(&rng, f->len - headers));
}

enum kind {
	DUPLICATE,
	LATE,
	GAP,
	PADDED,
	SUMMED,
	NEW_EPOCH,
	ENDS_HERE,
	SHORT,
	BAD_SUM,
	UNKNOWN,
	OF_ANOTHER,
	KINDS, /* from here on: the next one, as it should be */
};

/* The next frame of neighbour i, and what must become of it. */
static void
draw_frame(struct frame *f, uint32_t i)
{
	struct neighbour *from = &neighbours[i];
	enum kind kind = rng_below(&rng, 12 * KINDS);
	bool good = kind == GAP || kind == PADDED || kind == SUMMED || kind == NEW_EPOCH ||
		    kind == LATE || kind >= KINDS;
	uint32_t id = FIRST_ID + i;

	if (kind == DUPLICATE && from->before.len > 0) {
		*f = from->before;
		from->duplicates++;
		dropped++;
		return;
	}
	if (kind == LATE && from->skipped != 0 && from->seq - from->skipped < LINK_WINDOW - 64) {
		make_frame(f, i, id, from->skipped, 0, 6, false);
		from->skipped = 0;
		from->reordered++;
		from->accepted++;
		from->forwarded++;
		return;
	}
	if (kind == GAP || kind == NEW_EPOCH)
		from->skipped = kind == GAP ? from->seq : 0;
	from->seq += kind == GAP ? 1 + rng_below(&rng, 5) : 0;
	from->epoch += kind == NEW_EPOCH;
	id = kind == UNKNOWN ? 1000 : kind == OF_ANOTHER ? FIRST_ID + (i + 1) % NEIGHBOURS : id;
	make_frame(f, i, id, from->seq, 0, kind == ENDS_HERE ? 0 : 6, kind == SUMMED);
	if (kind == PADDED)
		pad_and_split(f);
	if (kind == SHORT)
		f->len = (uint16_t)rng_below(&rng, sizeof(struct link_frame) + 36);
	if (kind == BAD_SUM)
		f->bytes[offsetof(struct link_frame, ip.hdr_checksum)] ^= 0x10;
	good |= kind == DUPLICATE;
	from->forwarded += good;
	dropped += !good;
	if (!good && kind != ENDS_HERE)
		return;
	from->accepted++;
	from->seq++;
	from->before = *f;
}

static void
compare(void)
{
	const struct worker *a = burst.node->workers[0], *b = single.node->workers[0];
	uint64_t drops = 0, forwarded = 0;

	assert_memory_equal(&a->counters, &b->counters, sizeof(a->counters));
	for (int i = 0; i < DROP_COUNT; i++)
		drops += a->counters.drops[i];
	assert_int_equal(drops, dropped);
	for (uint32_t i = 0; i < NEIGHBOURS; i++) {
		const struct link_rx *x = &node_find_link(burst.node, FIRST_ID + i)->rx,
				     *y = &node_find_link(single.node, FIRST_ID + i)->rx;

		assert_int_equal(x->packets, neighbours[i].accepted);
		assert_int_equal(x->packets, y->packets);
		assert_int_equal(x->bytes, y->bytes);
		assert_int_equal(x->window.highest, y->window.highest);
		assert_int_equal(x->window.missing, y->window.missing);
		assert_int_equal(x->duplicates, y->duplicates);
		assert_int_equal(x->duplicates, neighbours[i].duplicates);
		assert_int_equal(x->reordered, y->reordered);
		assert_int_equal(x->reordered, neighbours[i].reordered);
		assert_int_equal(x->heard_at, y->heard_at);
		assert_int_equal(x->rtt, y->rtt);
		assert_int_equal(x->stamp, y->stamp);
		assert_int_equal(x->epochs, y->epochs);
		forwarded += neighbours[i].forwarded;
	}
	assert_int_equal(burst.sent, forwarded);
	assert_int_equal(single.sent, forwarded);
}

static void
test_bursts(void **state)
{
	static struct frame frames[BURST_MAX];
	uint64_t now = 1000 * MS;

	(void)state;
	rng_seed(&rng, unit_seed());
	begin_side(&burst, "burst");
	begin_side(&single, "single");
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t one = rng_below(&rng, NEIGHBOURS);
		uint16_t n = (uint16_t)(1 + rng_below(&rng, BURST_MAX));
		bool alike = rng_below(&rng, 3) > 0;

		for (uint16_t i = 0; i < n; i++)
			draw_frame(&frames[i], alike ? one : rng_below(&rng, NEIGHBOURS));
		now += MS;
		burst.frames = frames;
		burst.n = n;
		(void)worker_poll(burst.node->workers[0], now);
		for (uint16_t i = 0; i < n; i++) {
			single.frames = &frames[i];
			single.n = 1;
			(void)worker_poll(single.node->workers[0], now);
		}
		compare();
	}
	end_side(&burst);
	end_side(&single);
}

/* Packets of a session that end here, go on too, or take the general path keep their order. */
static void
test_destination_order(void **state)
{
	static struct frame frames[BURST_MAX];
	struct destination_params params = {.conference = 1,
		.session = 1,
		.window = 1024,
		.egress = EGRESS_SINK,
		.nb_flows = 1};
	struct destination *dst;
	uint64_t packets = 0;

	(void)state;
	rng_seed(&rng, unit_seed());
	memset(neighbours, 0, sizeof(neighbours));
	begin_side(&burst, "burst");
	dst = node_add_destination(burst.node, &params, 0);
	assert_non_null(dst);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		burst.n = (uint16_t)(1 + rng_below(&rng, BURST_MAX));
		burst.frames = frames;
		for (uint16_t i = 0; i < burst.n; i++)
			make_frame(&frames[i], 0, FIRST_ID, packets++, PATHLET_DESTINATION,
				rng_below(&rng, 8) == 0 ? 6 : 0, rng_below(&rng, 8) == 0);
		(void)worker_poll(burst.node->workers[0], round * MS);
	}
	assert_int_equal(destination_delivered(dst).packets, packets);
	assert_int_equal(dst->counters.reordered, 0);
	node_remove_destination(burst.node, dst);
	end_side(&burst);
}

/* Of what came in two buffers each copy is whole. */
static void
test_split_copies(void **state)
{
	struct frame f;

	(void)state;
	rng_seed(&rng, unit_seed());
	memset(neighbours, 0, sizeof(neighbours));
	begin_side(&burst, "burst");
	burst.frames = &f;
	for (uint64_t i = 0; i < 100; i++) {
		make_frame(&f, 0, FIRST_ID, i, PATHLET_DESTINATION, 6, false);
		pad_and_split(&f);
		burst.n = 1;
		(void)worker_poll(burst.node->workers[0], i * MS);
	}
	assert_int_equal(burst.sent, 100);
	end_side(&burst);
}

/* A datagram of another type than DATA, of the first neighbour. */
static void
make_control(struct frame *f, uint8_t type, const void *body, uint16_t len)
{
	struct frame_endpoints ends = {.source = address_of(FIRST_ID),
		.destination = address_of(OWN_ID),
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = FRAME_HOP_LIMIT};
	struct link_hdr hdr = {
		.version_type = LINK_VERSION << 4 | type, .node = RTE_BE32(FIRST_ID)};
	struct frame_template t;
	struct rte_mbuf m;

	frame_template_build(&t, &burst.port, &ends, &hdr, sizeof(hdr));
	memcpy(f->bytes, t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	memcpy(f->bytes + t.total, body, len);
	m = (struct rte_mbuf){.buf_addr = f->bytes, .pkt_len = t.total + len};
	frame_finish(&t, &m, 0, 0);
	f->len = (uint16_t)(t.total + len);
	f->first = 0;
}

/* What is right counts as the link's, and is consumed; what is not is dropped by name. */
static void
test_control(void **state)
{
	static const struct decoded_body known = {.conference = RTE_BE32(7),
						 .session = RTE_BE32(8)},
					 other = {
						 .conference = RTE_BE32(7), .session = RTE_BE32(9)};
	static const struct feedback_body report = {.epoch = RTE_BE16(3)},
					  of_before = {.epoch = RTE_BE16(2)};
	static const uint8_t zeros[64];
	static const struct {
		uint8_t type;
		uint16_t len;
		const void *body;
		enum drop_reason reason;
	} all[] = {
		{LINK_PROBE, 16, zeros, DROP_none}, /* its answer cannot leave */
		{LINK_PROBE, 15, zeros, DROP_probe_malformed},
		{LINK_PROBE, 17, zeros, DROP_probe_malformed},
		{LINK_PROBE_REPLY, 16, zeros, DROP_probe_unexpected},
		{LINK_PROBE_REPLY, 17, zeros, DROP_probe_malformed},
		{LINK_FEEDBACK, 31, &report, DROP_feedback_malformed},
		{LINK_FEEDBACK, 32, &report, DROP_none},
		{LINK_FEEDBACK, 32, &of_before, DROP_feedback_epoch},
		{LINK_DECODED, 15, &known, DROP_decoded_malformed},
		{LINK_DECODED, 16, &known, DROP_none},
		{LINK_DECODED, 16, &other, DROP_decoded_unknown},
		{LINK_DECODED + 1, 16, zeros, DROP_link_type},
	};
	uint64_t consumed = 0, dropped_before;
	const struct worker_counters *c;
	struct frame f;
	struct link *link;

	(void)state;
	begin_side(&burst, "burst");
	c = &burst.node->workers[0]->counters;
	link = node_find_link(burst.node, FIRST_ID);
	assert_int_equal(node_set_link_mac(burst.node, link, NULL), 0);
	assert_int_equal(node_know_session(burst.node, 7, 8), 0);
	burst.frames = &f;
	for (uint32_t i = 0; i < RTE_DIM(all); i++) {
		make_control(&f, all[i].type, all[i].body, all[i].len);
		dropped_before = c->drops[all[i].reason];
		consumed += all[i].reason == DROP_none;
		burst.n = 1;
		(void)worker_poll(burst.node->workers[0], (i + 1) * MS);
		assert_int_equal(
			c->drops[all[i].reason], dropped_before + (all[i].reason != DROP_none));
		assert_int_equal(c->consumed, consumed);
		assert_int_equal(link->rx.control, consumed);
	}
	end_side(&burst);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_destination_order),
		cmocka_unit_test(test_split_copies),
		cmocka_unit_test(test_control),
	};

	if (test_eal(64, false) < 0)
		return 1;
	return cmocka_run_group_tests_name("input_burst", tests, NULL, NULL);
}
