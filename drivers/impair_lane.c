/* SPDX-License-Identifier: BSD-3-Clause */
#include "impair_lane.h"
#include "wire_device.h"

/* Headers that a mark must find in the first segment: Ethernet, a VLAN tag, IPv6. */
#define MARK_HEADERS 58

const char *
impair_event_name(enum impair_event event)
{
	static const char *const names[] = {
#define IMPAIR_EVENT_NAME(name, text) #name,
		IMPAIR_EVENTS(IMPAIR_EVENT_NAME)
#undef IMPAIR_EVENT_NAME
	};

	return names[event];
}

const char *
impair_event_text(enum impair_event event)
{
	static const char *const texts[] = {
#define IMPAIR_EVENT_TEXT(name, text) text,
		IMPAIR_EVENTS(IMPAIR_EVENT_TEXT)
#undef IMPAIR_EVENT_TEXT
	};

	return texts[event];
}

int
impair_lane_init(
	struct impair_lane *lane, const struct line_params *params, uint32_t frames, uint64_t seed)
{
	*lane = (struct impair_lane){0};
	line_init(&lane->line, params, seed);
	return due_heap_init(&lane->held, frames);
}

void
impair_lane_fini(struct impair_lane *lane)
{
	while (lane->held.len > 0)
		rte_pktmbuf_free(due_heap_pop(&lane->held));
	due_heap_fini(&lane->held);
	lane->counters.held = 0;
}

static void
lose(struct impair_lane *lane, struct rte_mbuf *m, enum impair_event why)
{
	lane->counters.events[why]++;
	rte_pktmbuf_free(m);
}

static void
hold(struct impair_lane *lane, struct rte_mbuf *m, uint64_t due)
{
	due_heap_push(&lane->held, due, lane->serial++, m);
	if (lane->held.len > lane->counters.held_max)
		lane->counters.held_max = lane->held.len;
}

/* Whoever gets the first may change it in place, so the second has bytes of its own. */
static void
duplicate(struct impair_lane *lane, struct rte_mbuf *m, uint64_t due)
{
	struct rte_mbuf *copy;

	/* A line that is full of frames has no room for its own echoes. */
	if (lane->held.len == lane->held.room)
		return;
	copy = rte_pktmbuf_copy(m, m->pool, 0, UINT32_MAX);
	if (copy == NULL)
		return;
	lane->counters.events[IMPAIR_EVENT_duplicated]++;
	hold(lane, copy, due);
}

static void
mark(struct impair_lane *lane, struct rte_mbuf *m)
{
	uint32_t len = m->data_len >= MARK_HEADERS ? m->pkt_len : m->data_len;

	if (wire_device_mark(rte_pktmbuf_mtod(m, uint8_t *), len))
		lane->counters.events[IMPAIR_EVENT_marked]++;
}

static void
put_one(struct impair_lane *lane, struct rte_mbuf *m, uint64_t now)
{
	uint64_t *events = lane->counters.events;
	struct line_verdict verdict;

	events[IMPAIR_EVENT_received]++;
	lane->counters.bytes_received += m->pkt_len;
	if (line_full(&lane->line, now, m->pkt_len)) {
		lose(lane, m, IMPAIR_EVENT_queue_full);
		return;
	}
	if (lane->held.len == lane->held.room) {
		lose(lane, m, IMPAIR_EVENT_frames_full);
		return;
	}
	verdict = line_send(&lane->line, now, m->pkt_len);
	if (verdict.fate != IMPAIR_PASS) {
		lose(lane, m,
			verdict.fate == IMPAIR_LOST ? IMPAIR_EVENT_lost : IMPAIR_EVENT_lost_burst);
		return;
	}
	if (verdict.mark)
		mark(lane, m);
	events[IMPAIR_EVENT_held_back] += verdict.held_back;
	hold(lane, m, verdict.due);
	if (verdict.duplicate)
		duplicate(lane, m, verdict.duplicate_due);
}

void
impair_lane_put(struct impair_lane *lane, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	for (uint16_t i = 0; i < n; i++)
		put_one(lane, pkts[i], now);
	lane->counters.held = lane->held.len;
}

uint16_t
impair_lane_take(struct impair_lane *lane, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	uint16_t taken = 0;

	while (taken < n && due_heap_next(&lane->held) <= now) {
		pkts[taken] = due_heap_pop(&lane->held);
		lane->counters.bytes_delivered += pkts[taken++]->pkt_len;
	}
	lane->counters.events[IMPAIR_EVENT_delivered] += taken;
	lane->counters.held = lane->held.len;
	return taken;
}
