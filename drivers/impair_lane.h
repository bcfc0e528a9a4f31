/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of an impaired line (line.h) that holds packets: what is put in comes out when it
 * is due. Packets are not copied, but for duplicates, which take a buffer of their original's pool.
 * Memory is allocated at set-up only. One thread; counters may be read by others.
 *
 * received + duplicated = delivered + held + all that was lost, always.
 */
#ifndef FERRY_IMPAIR_LANE_H
#define FERRY_IMPAIR_LANE_H

#include <rte_mbuf.h>

#include "due_heap.h"
#include "line.h"

/* What happens to frames; the last ones are losses. */
#define IMPAIR_EVENTS(X)                                                                           \
	X(received, "came in")                                                                     \
	X(duplicated, "made twice of one")                                                         \
	X(marked, "marked congestion experienced (RFC 3168)")                                      \
	X(held_back, "held back, so that others pass")                                             \
	X(delivered, "came out")                                                                   \
	X(lost, "lost, by itself")                                                                 \
	X(lost_burst, "lost in a burst")                                                           \
	X(queue_full, "found the queue full")                                                      \
	X(frames_full, "more frames under way than the line may hold")

#define IMPAIR_EVENT_ENUM(name, text) IMPAIR_EVENT_##name,
enum impair_event {
	IMPAIR_EVENTS(IMPAIR_EVENT_ENUM) IMPAIR_EVENT_COUNT
};
#undef IMPAIR_EVENT_ENUM

#define IMPAIR_FIRST_LOSS IMPAIR_EVENT_lost

struct impair_counters {
	uint64_t events[IMPAIR_EVENT_COUNT];
	uint64_t bytes_received, bytes_delivered;
	uint64_t held;	   /* now */
	uint64_t held_max; /* ever */
};

struct impair_lane {
	struct line line;
	struct due_heap held;
	uint64_t serial;
	struct impair_counters counters;
};

const char *impair_event_name(enum impair_event event); /* "queue_full" */
const char *impair_event_text(enum impair_event event);

/* 0 or -ENOMEM. At most so many frames under way. */
int impair_lane_init(
	struct impair_lane *lane, const struct line_params *params, uint32_t frames, uint64_t seed);
/* Frees what it holds. */
void impair_lane_fini(struct impair_lane *lane);

/* Packets come in; they are the lane's. */
void impair_lane_put(struct impair_lane *lane, struct rte_mbuf **pkts, uint16_t n, uint64_t now);

/* Up to n packets that are due; they are the caller's. */
uint16_t
impair_lane_take(struct impair_lane *lane, struct rte_mbuf **pkts, uint16_t n, uint64_t now);

/* When the next is due; UINT64_MAX if none is held. */
static inline uint64_t
impair_lane_next(const struct impair_lane *lane)
{
	return due_heap_next(&lane->held);
}

#endif
