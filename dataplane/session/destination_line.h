/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet of the common kind touches of its destination: one cache line (line_pool.h), whose
 * owner is the destination itself. Common is the next packet of a session, in order and on the flow
 * that the line names, to a UDP address or a counting sink; next is a source packet's sequence.
 * Such packets collect here, DESTINATION_PENDING at most, and are then added to the destination
 * together (destination_settle); all others are dealt with there, after what is collected. Of
 * those, two on another flow one after the other make it the line's.
 *
 * The delays of the last few stand in the line; DESTINATION_HELD of them move to the line's shelf
 * at once. So a packet touches the shelf's memory, a tenth of a destination's, once in eight, and
 * the destination once in 64.
 *
 * Which packets of a session are the last to collect depends on where its line is, so that
 * sessions whose packets come in step, as many do, move and settle at different times. Of a coded
 * session it does not: nothing but the lack of room moves and settles what is collected.
 *
 * Written by the owner. Another thread reads collected first, then the steps that it tells of, then
 * collected again (destination_settle.c).
 */
#ifndef FERRY_DESTINATION_LINE_H
#define FERRY_DESTINATION_LINE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "line_pool.h"

/* Powers of two. */
#define DESTINATION_PENDING 64
#define DESTINATION_HELD    8 /* in the line itself */

/*
 * What is collected, in one word: bytes of payload, and above them how many delays the line holds,
 * and how many packets it is in all. A larger payload is not common.
 */
#define COLLECTED_BYTES_BITS 21
#define COLLECTED_HELD_ONE   (1u << 21)
#define COLLECTED_HELD_MASK  (15u << 21)
#define COLLECTED_ONE	     (1u << 25)
#define COLLECTED_FULL	     (DESTINATION_HELD * COLLECTED_HELD_ONE | DESTINATION_PENDING * COLLECTED_ONE)
#define COLLECTED_BYTES_MAX  32767

/* What the next packet may be. The owner's. */
enum destination_way {
	DESTINATION_SLOW,  /* anything; nothing is collected */
	DESTINATION_CODED, /* the one that the line describes, of a block code: rlnc_in_order.h */
	DESTINATION_SINK,  /* the one that the line describes, not coded */
	DESTINATION_UDP,   /* that, to a UDP address */
};

struct destination_line {
	/* Constant once published. */
	uint64_t key; /* session_key */

	/* EGRESS_UDP: published by the control thread; NULL while not resolved. */
	const struct frame_template *header;

	/* The owner's. */
	uint64_t heard_at;		 /* last packet, ns */
	uint32_t next;			 /* session sequence */
	uint32_t collected;		 /* COLLECTED_... */
	int32_t delay;			 /* of the first collected one, us; all are of one slice */
	int16_t steps[DESTINATION_HELD]; /* from that to the delays of the last ones */
	rte_be16_t epoch;
	uint16_t next_of_flow; /* flow sequence */
	uint8_t way;	       /* enum destination_way */

	/* Constant once published. */
	uint8_t owner;	     /* worker */
	uint8_t egress_port; /* EGRESS_UDP: its index */

	uint8_t flow;	     /* id of the next packet's; the owner's */
	rte_be16_t ports[2]; /* EGRESS_UDP: of its datagrams; published before header */
};

static_assert(sizeof(struct destination_line) == LINE_BYTES, "one line");

/* The steps of those before, in order. */
struct destination_shelf {
	int16_t steps[DESTINATION_PENDING];
};

/* line_map.h */
static inline uint64_t
destination_key_of(const void *line)
{
	return ((const struct destination_line *)line)->key;
}

static inline struct destination_shelf *
destination_shelf(const struct destination_line *line)
{
	return line_shelf(line, sizeof(struct destination_shelf));
}

static inline uint32_t
collected_packets(uint32_t collected)
{
	return collected / COLLECTED_ONE;
}

static inline uint32_t
collected_held(uint32_t collected)
{
	return (collected & COLLECTED_HELD_MASK) / COLLECTED_HELD_ONE;
}

static inline uint32_t
collected_shelved(uint32_t collected)
{
	return collected_packets(collected) - collected_held(collected);
}

static inline uint32_t
collected_bytes(uint32_t collected)
{
	return collected & ((1u << COLLECTED_BYTES_BITS) - 1);
}

/*
 * How many packets the line of a session that is not coded has collected when next is the sequence
 * of the one to come, if none settled it before its turn: 0 for DESTINATION_PENDING.
 */
static inline uint32_t
destination_line_place(const struct destination_line *line, uint32_t next)
{
	return (uint32_t)(next + (uintptr_t)line / LINE_BYTES) % DESTINATION_PENDING;
}

/*
 * Is the packet before next the last of as many as are moved (DESTINATION_HELD) or settled
 * (DESTINATION_PENDING) together?
 */
static inline bool
destination_line_is_due(const struct destination_line *line, uint32_t next, uint32_t together)
{
	return destination_line_place(line, next) % together == 0;
}

#endif
