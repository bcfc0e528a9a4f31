/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <rte_mbuf.h>

#include "line.h"
#include "wire_device.h"
#include "wire_lane.h"
#include "wire_port.h"

/* As devices do: the low bits of the hash choose an entry of a table of queues. */
#define HASH_TABLE_MASK 127

struct wire_end {
	struct wire *wire;
	uint8_t index;
	struct port port;
	struct rte_mempool *pool; /* NULL = no node */

	/* The lane that leads here. */
	struct line line;
	struct wire_lane lane;
	bool push_back;
	bool partial;
	uint64_t count[WIRE_EVENT_COUNT];
};

struct wire {
	struct wire_end ends[2];
	uint32_t frame_bytes;
	uint32_t tag;
	bool cut;
	wire_log_fn log;
	void *log_arg;
};

const char *
wire_event_name(enum wire_event event)
{
	static const char *const names[] = {
#define WIRE_EVENT_NAME(name) #name,
		WIRE_EVENTS(WIRE_EVENT_NAME)
#undef WIRE_EVENT_NAME
	};

	return (unsigned int)event < WIRE_EVENT_COUNT ? names[event] : "?";
}

static void
report(struct wire_end *to, enum wire_event event, uint16_t queue, uint64_t now,
	const struct wire_frame *frame)
{
	struct wire *wire = to->wire;
	struct wire_log log = {
		.wire = wire,
		.event = event,
		.to = to->index,
		.queue = queue,
		.now = now,
		.serial = frame->serial,
		.frame = frame->data,
		.len = frame->len,
	};

	to->count[event]++;
	if (wire->log != NULL)
		wire->log(wire->log_arg, &log);
}

/* What cannot even be looked at. */
static void
report_oversize(struct wire_end *to, uint64_t now, uint32_t len)
{
	struct wire_log log = {
		.wire = to->wire, .event = WIRE_OVERSIZE, .to = to->index, .now = now, .len = len};

	to->count[WIRE_OVERSIZE]++;
	if (to->wire->log != NULL)
		to->wire->log(to->wire->log_arg, &log);
}

static bool
queue_full(const struct wire_end *to, uint64_t now, uint32_t len)
{
	return wire_lane_full(&to->lane) || line_full(&to->line, now, len);
}

static uint16_t
queue_of(const struct wire_end *to, const struct wire_frame *frame)
{
	if (to->port.rx_queues == 1)
		return 0;
	return (wire_device_hash(frame->data, frame->len) & HASH_TABLE_MASK) % to->port.rx_queues;
}

static void
duplicate(struct wire_end *to, const struct wire_frame *frame, uint16_t queue, uint64_t now,
	uint64_t due)
{
	struct wire_frame *copy;

	/* A line that is full of frames has no room for its own echoes. */
	if (wire_lane_full(&to->lane))
		return;
	copy = wire_lane_take(&to->lane);
	copy->len = frame->len;
	memcpy(copy->data, frame->data, frame->len);
	report(to, WIRE_DUPLICATED, queue, now, copy);
	wire_lane_schedule(&to->lane, queue, copy, due);
}

/* A frame that found room: when does it arrive, if at all? */
static void
launch(struct wire_end *to, struct wire_frame *frame, uint64_t now)
{
	struct line_verdict verdict = line_send(&to->line, now, frame->len);
	uint16_t queue = queue_of(to, frame);

	if (verdict.mark && wire_device_mark(frame->data, frame->len))
		report(to, WIRE_MARKED, queue, now, frame);
	if (verdict.fate != IMPAIR_PASS) {
		report(to, verdict.fate == IMPAIR_LOST ? WIRE_LOST : WIRE_LOST_BURST, queue, now,
			frame);
		wire_lane_give_back(&to->lane, frame);
		return;
	}
	wire_lane_schedule(&to->lane, queue, frame, verdict.due);
	if (verdict.duplicate)
		duplicate(to, frame, queue, now, verdict.duplicate_due);
}

static void
lose(struct wire_end *to, enum wire_event event, struct wire_frame *frame, uint64_t now)
{
	report(to, event, 0, now, frame);
	wire_lane_give_back(&to->lane, frame);
}

static void
load(struct wire_frame *frame, const struct rte_mbuf *m)
{
	frame->len = m->pkt_len;
	for (uint32_t at = 0; m != NULL; m = m->next) {
		memcpy(frame->data + at, rte_pktmbuf_mtod(m, const void *), m->data_len);
		at += m->data_len;
	}
}

static void
send_one(struct wire_end *from, struct wire_end *to, const struct rte_mbuf *m, uint64_t now)
{
	struct wire_frame *frame;
	bool full = queue_full(to, now, m->pkt_len);

	if (m->pkt_len > to->wire->frame_bytes) {
		report_oversize(to, now, m->pkt_len);
		return;
	}
	frame = wire_lane_take(&to->lane);
	load(frame, m);
	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM &&
		(from->port.offloads & PORT_TX_UDP_CHECKSUM) != 0)
		wire_device_fill_udp(frame->data, frame->len);
	report(to, WIRE_SENT, 0, now, frame);
	if (to->wire->cut)
		lose(to, WIRE_CUT, frame, now);
	else if (m->nb_segs > 1 && (from->port.offloads & PORT_TX_CHAINS) == 0)
		lose(to, WIRE_CHAIN, frame, now);
	else if (full)
		lose(to, WIRE_QUEUE_FULL, frame, now);
	else
		launch(to, frame, now);
}

/* What was due while no node was there, or before it came. */
static void
discard_arrived(struct wire_end *to, uint64_t now)
{
	struct wire_frame *frame;

	for (uint16_t q = 0; q < to->port.rx_queues; q++) {
		while ((frame = wire_lane_first(&to->lane, q)) != NULL && frame->due <= now) {
			wire_lane_pop(&to->lane, q);
			report(to, WIRE_UNPLUGGED, q, frame->due, frame);
			wire_lane_give_back(&to->lane, frame);
		}
	}
}

static uint16_t
wire_tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct wire_end *from = port->driver;
	struct wire_end *to = &from->wire->ends[from->index ^ 1];
	uint16_t i;

	(void)queue;
	if (to->pool == NULL)
		discard_arrived(to, now);
	for (i = 0; i < n; i++) {
		if (to->push_back && queue_full(to, now, pkts[i]->pkt_len))
			break;
		send_one(from, to, pkts[i], now);
		rte_pktmbuf_free(pkts[i]);
	}
	return i;
}

/* What the port's device says of the checksums. */
static void
set_checksum_flags(const struct wire_end *to, struct rte_mbuf *m, const struct wire_frame *frame)
{
	const struct port *port = &to->port;
	enum wire_checksum ip = WIRE_CHECKSUM_UNKNOWN, udp = WIRE_CHECKSUM_UNKNOWN;

	if (port->offloads & PORT_RX_IP_CHECKSUM)
		ip = wire_device_check_ip(frame->data, frame->len);
	if (port->offloads & PORT_RX_UDP_CHECKSUM)
		udp = wire_device_check_udp(frame->data, frame->len);
	if (ip != WIRE_CHECKSUM_UNKNOWN)
		m->ol_flags |= ip == WIRE_CHECKSUM_GOOD ? RTE_MBUF_F_RX_IP_CKSUM_GOOD
							: RTE_MBUF_F_RX_IP_CKSUM_BAD;
	if (to->partial && udp == WIRE_CHECKSUM_GOOD) {
		wire_device_unfill_udp(rte_pktmbuf_mtod(m, uint8_t *), m->data_len);
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
	} else if (udp != WIRE_CHECKSUM_UNKNOWN) {
		m->ol_flags |= udp == WIRE_CHECKSUM_GOOD ? RTE_MBUF_F_RX_L4_CKSUM_GOOD
							 : RTE_MBUF_F_RX_L4_CKSUM_BAD;
	}
}

/* A packet of the receiver's pool with the frame in it, or NULL. */
static struct rte_mbuf *
receive_one(struct wire_end *to, const struct wire_frame *frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(to->pool);

	if (m == NULL)
		return NULL;
	if (frame->len > rte_pktmbuf_tailroom(m)) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(rte_pktmbuf_mtod(m, void *), frame->data, frame->len);
	m->data_len = (uint16_t)frame->len;
	m->pkt_len = frame->len;
	m->port = to->port.index;
	set_checksum_flags(to, m, frame);
	return m;
}

static uint16_t
wire_rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct wire_end *to = port->driver;
	struct wire_frame *frame;
	uint16_t got = 0;

	if (to->pool == NULL)
		return 0;
	while (got < n && (frame = wire_lane_first(&to->lane, queue)) != NULL &&
		frame->due <= now) {
		wire_lane_pop(&to->lane, queue);
		pkts[got] = receive_one(to, frame);
		report(to, pkts[got] != NULL ? WIRE_DELIVERED : WIRE_NO_BUFFER, queue, frame->due,
			frame);
		got += pkts[got] != NULL;
		wire_lane_give_back(&to->lane, frame);
	}
	return got;
}

static const struct port_ops wire_ops = {.rx_burst = wire_rx_burst, .tx_burst = wire_tx_burst};

static bool
end_params_good(const struct wire_end_params *p)
{
	return p->rx_queues >= 1 && p->rx_queues <= PORT_QUEUES_MAX && p->tx_queues >= 1 &&
	       p->tx_queues <= PORT_QUEUES_MAX;
}

static struct line_params
line_params_of(const struct wire_lane_params *p)
{
	return (struct line_params){
		.rate = p->rate,
		.delay = p->delay,
		.queue = p->queue,
		.mark = p->mark,
		.impair = p->impair,
	};
}

static int
end_init(struct wire *wire, uint8_t i, const struct wire_params *params)
{
	const struct wire_end_params *p = &params->ends[i];
	struct line_params line = line_params_of(&params->lanes[i]);
	struct wire_end *end = &wire->ends[i];

	end->wire = wire;
	end->index = i;
	end->push_back = params->lanes[i].push_back;
	end->partial = p->partial;
	end->port = (struct port){
		.ops = &wire_ops,
		.driver = end,
		.rx_queues = p->rx_queues,
		.tx_queues = p->tx_queues,
		.mtu = p->mtu,
		.offloads = p->offloads,
		.up = true,
	};
	line_init(&end->line, &line, params->seed * 2 + i);
	return wire_lane_init(&end->lane, p->rx_queues, params->frames, params->frame_bytes);
}

struct wire *
wire_new(const struct wire_params *params)
{
	struct wire *wire;

	if (!end_params_good(&params->ends[0]) || !end_params_good(&params->ends[1]) ||
		params->frames == 0 || params->frame_bytes == 0 || params->frame_bytes > UINT16_MAX)
		return NULL;
	wire = calloc(1, sizeof(*wire));
	if (wire == NULL)
		return NULL;
	wire->frame_bytes = params->frame_bytes;
	wire->log = params->log;
	wire->log_arg = params->log_arg;
	if (end_init(wire, 0, params) < 0 || end_init(wire, 1, params) < 0) {
		wire_free(wire);
		return NULL;
	}
	return wire;
}

void
wire_free(struct wire *wire)
{
	if (wire == NULL)
		return;
	wire_lane_fini(&wire->ends[0].lane);
	wire_lane_fini(&wire->ends[1].lane);
	free(wire);
}

struct port *
wire_port(struct wire *wire, uint8_t end)
{
	return &wire->ends[end].port;
}

void
wire_plug(struct wire *wire, uint8_t end, struct rte_mempool *pool, uint64_t now)
{
	if (wire->ends[end].pool == NULL)
		discard_arrived(&wire->ends[end], now);
	wire->ends[end].pool = pool;
}

void
wire_cut(struct wire *wire, bool cut)
{
	wire->cut = cut;
}

void
wire_set_lane(struct wire *wire, uint8_t to, const struct wire_lane_params *params)
{
	struct line_params line = line_params_of(params);

	wire->ends[to].push_back = params->push_back;
	line_set(&wire->ends[to].line, &line);
}

uint64_t
wire_next(const struct wire *wire, uint8_t end)
{
	const struct wire_end *to = &wire->ends[end];
	const struct wire_frame *frame;
	uint64_t next = UINT64_MAX;

	for (uint16_t q = 0; q < to->port.rx_queues; q++) {
		frame = wire_lane_first(&to->lane, q);
		if (frame != NULL && frame->due < next)
			next = frame->due;
	}
	return next;
}

uint64_t
wire_count(const struct wire *wire, uint8_t to, enum wire_event event)
{
	return wire->ends[to].count[event];
}

void
wire_set_tag(struct wire *wire, uint32_t tag)
{
	wire->tag = tag;
}

uint32_t
wire_tag(const struct wire *wire)
{
	return wire->tag;
}
