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

#include "counters.h"
#include "delay_histogram.h"
#include "destination_line.h"
#include "seq_behind.h"
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
	uint32_t window;		  /* sequences remembered, a power of two >= 64 */
	uint32_t reorder_packets;	  /* held for order at most, < window; 0 = no order kept */
	uint64_t reorder_ns;		  /* a gap is waited for so long */
	uint8_t egress;			  /* enum egress_kind */
	struct port *egress_port;	  /* EGRESS_UDP */
	uint16_t owner;			  /* worker */
	const struct rlnc_params *coding; /* NULL: not coded */
	uint16_t nb_flows;		  /* flow ids told apart, 1 to 256; the last: and above */
};

struct destination_flow {
	uint64_t received; /* duplicates too: what the flow's way brought */
	uint64_t lost;	   /* by flow sequence; a late one takes its loss back (rlnc_receiver.h) */
	uint16_t highest;
	bool seen;
};

struct destination_sum {
	uint64_t packets;
	uint64_t bytes; /* of payload */
};

/* Of what is seldom. */
struct destination_counters {
	uint64_t duplicates;
	uint64_t reordered;   /* came after a later one */
	uint64_t lost_before; /* missing in epochs of the source that ended */
	uint64_t too_old;
	uint64_t epochs;	/* of the source, the first one too; and beginnings anew */
	uint64_t skipped;	/* given up while keeping order */
	uint64_t egress_drops;	/* received, but the egress did not take them */
	uint64_t oversize;	/* of these, larger than the egress port's MTU */
	uint64_t oversize_last; /* bytes of the last one */
	uint64_t flattened;	/* copied into one piece for a port that sends no chains */
};

struct destination {
	struct tx_account account; /* EGRESS_UDP: of counters below; first (tx_account.h) */

	/* Touched seldom. */
	struct timer timer;		/* the oldest held packet's patience ends */
	struct destination_flow *flows; /* constant: those after the first one */
	uint64_t *bits;			/* of window */
	struct rte_mbuf **slots;	/* slots_mask + 1 of them, held for order */
	uint64_t *arrivals;		/* of held packets, ns */
	struct rte_ring *file;		/* constant; EGRESS_FILE: payloads to the control thread */
	bool heard;
	uint16_t epoch;

	struct destination_line *line __rte_cache_aligned; /* constant */
	uint64_t next;					   /* keeping order: the next to deliver */
	uint32_t held;
	uint32_t slots_mask;

	/* What settling touches: a line that begins with the window's last fields, and the next. */
	struct seq_window window;
	struct destination_sum delivered; /* packets, each once */
	struct destination_flow first;	  /* flow 0, mostly the only one that is used */
	uint32_t settling;		  /* odd while the line's packets are added here */
	bool ordered;			  /* constant */
	struct delay_histogram delay __rte_cache_aligned;

	struct destination_counters counters;
	struct seq_behind behind; /* of window */

	/* Constant once published. */
	struct destination_params params;
	struct rlnc_receiver *coding; /* NULL: not coded */
	struct node *node;

	/*
	 * EGRESS_FILE, the control thread's: called at its release, when no worker fills file any
	 * more; may take file, and leaves NULL then. NULL: what is in it is not wanted.
	 */
	void (*released)(struct destination *dst, void *ctx);
	void *released_ctx;
} __rte_aligned(2 * RTE_CACHE_LINE_SIZE);

static_assert(offsetof(struct destination, window.size) ==
		      offsetof(struct destination, delay) - RTE_CACHE_LINE_SIZE,
	"what settling touches of a destination");

static inline void
destination_settle_prefetch(const struct destination *dst)
{
	rte_prefetch0(&dst->window.size);
	rte_prefetch0(&dst->delay);
}

struct node;
struct worker;
struct rlnc_receiver;

/* Where a flow is accounted for. */
static inline uint16_t
destination_flow_of(const struct destination *dst, uint8_t flow)
{
	return RTE_MIN((uint16_t)flow, (uint16_t)(dst->params.nb_flows - 1));
}

/* The account of one of params.nb_flows flows. */
static inline struct destination_flow *
destination_flow(struct destination *dst, uint16_t id)
{
	return id == 0 ? &dst->first : &dst->flows[id - 1];
}

static inline const struct destination_flow *
destination_flow_const(const struct destination *dst, uint16_t id)
{
	return id == 0 ? &dst->first : &dst->flows[id - 1];
}

/*
 * How far a packet of a flow is ahead of the highest that came of it; 0 or less: it came late. What
 * is not ahead is at most a window behind, so nearly all of 2^16 tells how many are missing.
 */
static inline int32_t
destination_flow_step(const struct destination *dst, uint16_t highest, uint16_t seq)
{
	int32_t late = (int32_t)RTE_MIN(dst->params.window, UINT32_C(1) << 15);
	int32_t step = (uint16_t)(seq - highest);

	return step <= UINT16_MAX - late ? step : step - (UINT16_MAX + 1);
}

/* Makes or frees one; control thread. NULL when memory is short. */
struct destination *destination_new(struct node *node, const struct destination_params *params);
void destination_free(struct destination *dst);

/* Source packets that never came, in all epochs; any thread. */
static inline uint64_t
destination_lost(const struct destination *dst)
{
	return counter_read(&dst->counters.lost_before) + counter_read(&dst->window.missing);
}

/*
 * A packet of the session (data begins at the payload, the session header before it), whatever it
 * is. Owner only.
 */
void destination_input(struct worker *w, struct destination *dst, struct rte_mbuf *m);

/* A source packet of a coded session, that came or was computed. */
struct destination_packet {
	uint32_t seq;
	uint32_t stamp; /* of the source, microseconds modulo 2^32 */
	uint8_t flags;	/* SESSION_MESSAGE_... */
	bool computed;
	uint64_t extended;	  /* destination_take fills it, */
	enum drop_reason refused; /* and this; DROP_none: it was taken */
};

/*
 * The duplicate check of such a packet (data begins at the payload): false, it was dropped by name.
 * Then destination_give delivers it. Owner only, within destination_input.
 */
bool destination_take(struct worker *w, struct destination *dst, struct rte_mbuf *m,
	struct destination_packet *packet);
void destination_give(struct worker *w, struct destination *dst, struct rte_mbuf *m,
	const struct destination_packet *packet);

/*
 * A combination whose first source packet is this one came: where those are long too old, the
 * session begins anew, as with such a source packet. Owner only, within destination_input.
 */
void destination_combination(struct worker *w, struct destination *dst, uint32_t first);

/* A packet with this sequence of its flow came for the first time. Owner only. */
void destination_account_flow(struct destination *dst, uint16_t flow, uint16_t seq);

/* A live reader's view, of any thread: with what the line has collected. */
struct destination_sum destination_delivered(const struct destination *dst);
uint64_t destination_flow_received(const struct destination *dst, uint16_t flow);
/* delay_histogram.h. */
void destination_delay(const struct destination *dst, struct delay_histogram *copy);

static inline uint64_t
destination_heard_at(const struct destination *dst)
{
	return counter_read(&dst->line->heard_at);
}

/* EGRESS_UDP: where its datagrams go is known. */
static inline bool
destination_is_resolved(const struct destination *dst)
{
	return __atomic_load_n(&dst->line->header, __ATOMIC_ACQUIRE) != NULL;
}

/* Drops what is held for order: the session ends here. Owner only. */
void destination_flush(struct worker *w, struct destination *dst);

#endif
