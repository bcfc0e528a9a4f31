/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events: what a worker tells the control thread beside its counters. A record of a fixed size goes
 * through a ring of one producer (the worker) and one consumer (the control thread), which looks
 * into it at each of its ticks. Where the ring is full the event is lost and counted; a worker
 * never waits. Who raises events of a kind sees to it that they are not too many.
 */
#ifndef FERRY_EVENT_H
#define FERRY_EVENT_H

#include <stdint.h>

#include <rte_ring.h>

#include "address.h"

struct port;
struct worker;

/* X(kind, what its details are: a member of the record, text) */
#define WORKER_EVENTS(X)                                                                           \
	X(link_up, link, "the neighbour answers")                                                  \
	X(link_degraded, link,                                                                     \
		"the neighbour answers, but not every probe, or too much of its DATA is lost")     \
	X(link_down, link, "the neighbour does not answer")                                        \
	X(congestion, congestion,                                                                  \
		"packets for a next hop found its queue full, or waited too long")                 \
	X(unknown_peer, stranger,                                                                  \
		"a node sends here that is not a peer, or not at this address and port")           \
	X(events_lost, lost, "events that the control thread was too slow for")

#define WORKER_EVENT_VALUE(kind, details, text) EVENT_##kind,
enum worker_event_kind {
	WORKER_EVENTS(WORKER_EVENT_VALUE) EVENT_KINDS
};
#undef WORKER_EVENT_VALUE

/* A link's state changed. */
struct worker_event_link {
	uint8_t was;		/* enum link_state */
	uint32_t rtt;		/* microseconds, smoothed; 0 = not known */
	uint32_t loss_ppm;	/* of probes, in the last of them */
	uint32_t data_loss_ppm; /* of the neighbour's DATA, in the last seconds */
	uint32_t silent;	/* milliseconds since anything came */
};

/* A queue of a next hop dropped packets. */
struct worker_event_congestion {
	uint32_t conference, session; /* of the packet that was dropped last */
	uint32_t queue_packets;	      /* in the conference's queue */
	uint32_t queue_bytes;
	uint64_t drops; /* since the event before of this queue */
};

/* Datagrams came that are no neighbour's (stranger.h). */
struct worker_event_stranger {
	struct address address;	 /* of the last one, whose node the event's peer is */
	const struct port *port; /* where it came in; it is there as long as the node */
	uint64_t datagrams;	 /* since the event before */
};

struct worker_event {
	uint64_t now;  /* ns, as worker_poll's */
	uint32_t peer; /* NodeID of the neighbour, or who says so; 0 = none in particular */
	uint32_t kind; /* enum worker_event_kind */
	union {
		struct worker_event_link link;
		struct worker_event_congestion congestion;
		struct worker_event_stranger stranger;
		uint64_t lost;
	};
};

/* Events that a worker may be ahead of the control thread, a power of two. */
#define WORKER_EVENT_RING 1024

/* "link_down"; the kind must be one. */
const char *worker_event_name(uint32_t kind);
const char *worker_event_text(uint32_t kind);

/* The worker's own. event->now is filled in. */
void worker_event_raise(struct worker *w, struct worker_event *event);

/* A next hop's queue dropped so many packets since the event before. */
void worker_event_congestion(
	struct worker *w, uint32_t peer, const struct worker_event_congestion *congestion);

/* The control thread's: takes up to n of a worker's events, returns how many. */
uint32_t worker_event_take(struct worker *w, struct worker_event *events, uint32_t n);

/* NULL: out of memory. rte_free frees it. */
struct rte_ring *worker_event_ring(void);

#endif
