/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A destination of a session: each source packet is delivered once, in order within a window where
 * the session asks for it, to a UDP address, a file (which the control thread writes) or a counting
 * sink; loss, reordering, duplicates, delay and rate are kept.
 *
 * State belongs to one worker, the owner. The control thread makes and frees destinations,
 * publishes the egress header, and reads counters.
 */
#ifndef FERRY_DESTINATION_H
#define FERRY_DESTINATION_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "delay_histogram.h"
#include "frame.h"
#include "seq_window.h"
#include "source.h"
#include "timer_wheel.h"
#include "tx_account.h"

enum egress_kind {
	EGRESS_SINK,
	EGRESS_UDP,
	EGRESS_FILE
};

struct destination_params {
	uint32_t conference, session;
	uint32_t window;	  /* sequences remembered, a power of two >= 64 */
	uint32_t reorder_packets; /* held for order at most, < window; 0 = no order kept */
	uint64_t reorder_ns;	  /* a gap is waited for so long */
	uint8_t egress;		  /* enum egress_kind */
	struct port *egress_port; /* EGRESS_UDP */
	uint16_t owner;		  /* worker */
	uint16_t nb_flows;	  /* flow ids accounted for on their own, 1 to 256; the last
				   * one stands for all higher ids too */
};

struct destination_flow {
	uint64_t received; /* duplicates too: what the flow's way brought */
	uint64_t lost;	   /* by flow sequence; a late one takes its loss back */
	uint16_t highest;
	bool seen;
};

struct destination_sum {
	uint64_t packets;
	uint64_t bytes; /* of payload */
};

/* Of what is seldom; what every packet counts stands in the destination itself. */
struct destination_counters {
	uint64_t duplicates;
	uint64_t reordered;   /* came after a later one */
	uint64_t lost_before; /* missing in epochs of the source that ended */
	uint64_t too_old;
	uint64_t epochs;	/* of the source, the first one too */
	uint64_t skipped;	/* given up while keeping order */
	uint64_t egress_drops;	/* received, but the egress did not take them */
	uint64_t oversize;	/* of these, larger than the egress port's MTU */
	uint64_t oversize_last; /* bytes of the last one */
	uint64_t flattened;	/* copied into one piece for a port that sends no chains */
	uint64_t first_at;	/* first packet of the epoch, ns */
};

/* Prepared headers that lie so that those of up to 48 bytes, with all else, fill one cache line. */
#define EGRESS_SHORT_HEADER 48

struct egress_header {
	uint8_t unused[RTE_CACHE_LINE_SIZE - EGRESS_SHORT_HEADER];
	struct frame_template t;
} __rte_cache_aligned;

static_assert(sizeof(struct egress_header) == 2 * RTE_CACHE_LINE_SIZE, "header of an egress");

/* Delays of so many packets are kept until they go to the histogram together. */
#define DESTINATION_DELAYS 7

/*
 * A node may have very many destinations, their packets in any order: what a packet costs are the
 * cache lines that it is the first to touch. A packet in order touches two, which processors
 * fetch as a pair; one in DESTINATION_DELAYS the histogram.
 */
struct destination {
	/* Touched seldom. */
	struct timer timer;		/* the oldest held packet's patience ends */
	struct destination_flow *flows; /* constant: params.nb_flows of them */
	uint64_t *bits;			/* of window */
	struct rte_mbuf **slots;	/* reorder_slots of them */
	uint64_t *arrivals;		/* of held packets, ns */
	struct rte_ring *file;		/* constant; EGRESS_FILE: payloads to the control thread */
	uint32_t held;
	uint32_t slots_mask;

	/* The owner's; the two lines begin with what a window in order touches. */
	struct seq_window window;
	uint64_t heard_at;		  /* last packet, ns */
	struct destination_sum delivered; /* packets, each once */
	uint64_t next;			  /* keeping order: the next to deliver */

	/* EGRESS_UDP: published by the control thread; NULL while not resolved. */
	const struct frame_template *header;

	/* Constant once published. */
	uint64_t key;	/* session_key */
	uint16_t owner; /* as params says, like those below */
	uint16_t last_flow;
	uint8_t egress;
	uint8_t egress_port; /* EGRESS_UDP: its index */
	bool ordered;

	bool long_header; /* the control thread's; a hint what to fetch */

	/* The owner's. */
	bool heard;
	uint8_t nb_delays;
	uint16_t epoch;
	int32_t delays[DESTINATION_DELAYS]; /* not in the histogram yet, all of one slice */
	struct destination_flow first;	    /* the flows, if there is but one */

	/* Touched seldom. */
	struct egress_header own_header; /* the first that is published */
	struct delay_histogram delay __rte_cache_aligned;
	struct destination_counters counters;

	/* Constant once published. */
	struct destination_params params;
	struct tx_account account; /* EGRESS_UDP: of counters above */
} __rte_aligned(2 * RTE_CACHE_LINE_SIZE);

#define DESTINATION_BUSY (2 * RTE_CACHE_LINE_SIZE) /* where the two lines begin */

static_assert(offsetof(struct destination, window.size) == DESTINATION_BUSY &&
		      offsetof(struct destination, own_header) ==
			      DESTINATION_BUSY + 2 * RTE_CACHE_LINE_SIZE,
	"what a packet touches of its destination");

/* object_map.h */
static inline uint64_t
destination_key_of(const void *dst)
{
	return ((const struct destination *)dst)->key;
}

/* Fetches what destination_input will touch of a destination. */
static inline void
destination_prefetch(const struct destination *dst)
{
	rte_prefetch0((const uint8_t *)dst + DESTINATION_BUSY);
	rte_prefetch0((const uint8_t *)dst + DESTINATION_BUSY + RTE_CACHE_LINE_SIZE);
}

struct worker;

/* Makes or frees one; control thread. NULL when memory is short. */
struct destination *destination_new(const struct destination_params *params, int socket);
void destination_free(struct destination *dst);

/* Source packets that never came: of the epochs that ended and of the current one. */
static inline uint64_t
destination_lost(const struct destination *dst)
{
	return dst->counters.lost_before + dst->window.missing;
}

/*
 * A packet of the session (data begins at the payload, the session header before it). Owner only.
 * Returns true if so many delays are collected that destination_keep_delays should be called soon.
 */
bool destination_input(struct worker *w, struct destination *dst, struct rte_mbuf *m);

/* Puts the collected delays into the histogram. Owner only. */
void destination_keep_delays(struct destination *dst);

/* A copy of the histogram with those that are not yet in it. Any thread; delay_histogram.h. */
void destination_delay(const struct destination *dst, struct delay_histogram *copy);

/* Fetches what egress_output will touch besides the destination. */
static inline void
egress_prefetch(const struct destination *dst)
{
	const struct frame_template *t = __atomic_load_n(&dst->header, __ATOMIC_ACQUIRE);

	if (t == NULL)
		return;
	rte_prefetch0(t->bytes + FRAME_TEMPLATE_BYTES - EGRESS_SHORT_HEADER);
	if (dst->long_header)
		rte_prefetch0(t);
}

/* Drops what is held for order: the session ends here. Owner only. */
void destination_flush(struct worker *w, struct destination *dst);

/* Gives a payload to the egress. Owner only; m is taken. */
void egress_output(struct worker *w, struct destination *dst, struct rte_mbuf *m);

#endif
