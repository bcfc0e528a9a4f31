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

#include <stdbool.h>
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

struct destination_counters {
	uint64_t delivered; /* packets, each once */
	uint64_t bytes;	    /* of payload */
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
	uint64_t heard_at;	/* last packet, ns */
	uint64_t first_at;	/* first packet of the epoch, ns */
};

struct destination {
	/* Constant once published. */
	struct destination_params params;
	struct rte_ring *file; /* EGRESS_FILE: payloads to the control thread */

	struct tx_account account; /* EGRESS_UDP: of counters below */

	/* EGRESS_UDP: published by the control thread; NULL while not resolved. */
	const struct frame_template *header;

	/* The owner's. */
	uint16_t epoch;
	bool heard;
	struct seq_window window;
	uint64_t next; /* keeping order: the next to deliver */
	uint32_t held;
	struct timer timer;	 /* the oldest held packet's patience ends */
	struct rte_mbuf **slots; /* reorder_slots of them */
	uint64_t *arrivals;	 /* of held packets, ns */
	uint32_t slots_mask;
	struct destination_counters counters;
	struct delay_histogram delay;
	struct destination_flow *flows; /* params.nb_flows of them */
	uint64_t *bits;			/* of window */
};

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

/* A packet of the session (data begins at the payload, the session header before it). Owner only.
 */
void destination_input(struct worker *w, struct destination *dst, struct rte_mbuf *m);

/* Drops what is held for order: the session ends here. Owner only. */
void destination_flush(struct worker *w, struct destination *dst);

/* Gives a payload to the egress. Owner only; m is taken. */
void egress_output(struct worker *w, struct destination *dst, struct rte_mbuf *m);

#endif
