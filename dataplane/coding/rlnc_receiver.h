/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The destination's side of a coded session: source packets are delivered as they come, those that
 * did not are computed as soon as enough combinations are there. Packets are held by reference and
 * read where they lie; a computed one lies in a buffer of its own.
 *
 * A combination that is held counts as queued, and is consumed when a source packet was computed
 * from it; a computed packet is originated. What is given up first: generations by age
 * (rlnc_block.h), a window by its lower end (rlnc_window.h), both when nothing came for the
 * session's deadline.
 *
 * Combinations of source packets that are far ahead of all that came or was computed are believed
 * to the second of two near each other: a damaged or forged one would end what is open. What is
 * refused as far ahead, source packets too, counts for no flow.
 *
 * A receiver belongs to its destination's owner; the control thread makes and frees it.
 */
#ifndef FERRY_RLNC_RECEIVER_H
#define FERRY_RLNC_RECEIVER_H

#include "packet.h"
#include "rlnc_block.h"
#include "rlnc_far_ahead.h"
#include "rlnc_params.h"
#include "rlnc_window.h"
#include "timer_wheel.h"

struct destination;
struct worker;

/* Written by the owner. */
struct rlnc_receiver_counters {
	uint64_t combinations; /* came; those refused for their header are not here */
	uint64_t computed;     /* source packets that did not come, or not yet */
	uint64_t dependent;    /* combinations that said nothing new */
	uint64_t given_up;     /* combinations held, and not used */
	uint64_t generations;  /* decoded whole */
	uint64_t starved;      /* times when no buffer was to be had for computed packets */
};

/*
 * Which of the last sequences of a flow have come; combinations come twice over redundant paths. Of
 * what is later than that a source packet counts that the session still lacks, a combination never.
 */
struct rlnc_flow {
	uint16_t highest;
	bool begun;
	uint64_t seen; /* bit i: highest - i */
};

/*
 * Source packets of one generation that came in a row, while no combination waits there: they lie
 * in their places already, and the generation is told of them once the run ends (rlnc_in_order.h).
 */
struct rlnc_run {
	struct rlnc_block *block; /* NULL: there is none */
	struct rlnc_held *places; /* its source packets', by column */
	struct rlnc_flow *flow;	  /* that they came on */
	uint32_t first;		  /* of the generation */
	uint32_t from;		  /* of the run */
	uint16_t n;		  /* packets */
	uint16_t more;		  /* that it may still take */
	uint16_t mask;		  /* columns - 1 */
	uint16_t kind;		  /* what their coding headers begin with */
};

struct rlnc_receiver {
	struct rlnc_run run; /* RLNC_BLOCK */
	struct rlnc_params params;
	struct timer timer; /* runs while something is held */
	struct rlnc_receiver_counters counters;
	union {
		struct rlnc_blocks blocks;
		struct rlnc_window window;
	};
	struct rlnc_flow *flows;
	struct rlnc_far_ahead far;
} __rte_cache_aligned;

/* Packets that a receiver holds at most. */
static inline uint32_t
rlnc_receiver_holds(const struct rlnc_params *params)
{
	return params->code == RLNC_WINDOW ? rlnc_window_hold(params->k) : rlnc_blocks_hold(params);
}

/* Bytes that its decoders take. */
static inline size_t
rlnc_receiver_bytes(const struct rlnc_params *params)
{
	return params->code == RLNC_WINDOW ? rlnc_window_bytes(params->k)
					   : rlnc_blocks_bytes(params);
}

/* Packets that it holds now. Any thread. */
uint32_t rlnc_receiver_held(const struct rlnc_receiver *r);

/* NULL: memory is short. */
struct rlnc_receiver *rlnc_receiver_new(struct destination *dst, const struct rlnc_params *params);
/* Frees what it still holds, too; NULL is allowed. */
void rlnc_receiver_free(struct rlnc_receiver *r);

/*
 * A coded packet of the session, its epoch accepted (data begins at the coding header). No run is
 * under way.
 */
void rlnc_receiver_input(struct worker *w, struct destination *dst, struct rte_mbuf *m);

/* The decoder's reference to a packet that goes on to the egress. */
static inline void
rlnc_receiver_share(struct rte_mbuf *m)
{
	m->ol_flags |= packet_held_flag;
	for (struct rte_mbuf *seg = m; seg != NULL; seg = seg->next)
		rte_mbuf_refcnt_update(seg, 1);
}

/* Combinations that were queued are given up. */
void rlnc_receiver_give_up(
	struct worker *w, struct rlnc_receiver *r, uint32_t n, enum drop_reason reason);

/*
 * Nothing is missing of an open generation (rlnc_block_is_whole): it is decoded, and whom the last
 * packet came from is told, if the session is rateless.
 */
void rlnc_receiver_close(
	struct worker *w, struct destination *dst, struct rlnc_block *block, uint16_t neighbour);

/*
 * Forgets all generations: the source began anew (reason DROP_coding_given_up), or the session
 * ends.
 */
void rlnc_receiver_reset(struct worker *w, struct destination *dst, enum drop_reason reason);

#endif
