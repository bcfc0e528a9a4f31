/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet of the common kind touches of its destination: one cache line (line_pool.h), whose
 * owner is the destination itself. Common is the next packet of a session that has one flow, in
 * order, to a UDP address or a counting sink; next is a source packet's sequence. Such packets
 * collect here, DESTINATION_PENDING at most, and are then added to the destination together
 * (destination_settle); all others are dealt with there, after what is collected.
 *
 * Which packets of a session are the last to collect depends on where its line is, so that
 * sessions whose packets come in step, as many do, settle at different times.
 */
#ifndef FERRY_DESTINATION_LINE_H
#define FERRY_DESTINATION_LINE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "line_pool.h"

#define DESTINATION_PENDING 8 /* a power of two */
#define DESTINATION_STEPS   (DESTINATION_PENDING - 1)

/* What the next packet may be. The owner's. */
enum destination_way {
	DESTINATION_SLOW,  /* anything; nothing is collected */
	DESTINATION_CODED, /* the one that the line describes, of a block code: rlnc_next.h */
	DESTINATION_SINK,  /* the one that the line describes, not coded */
	DESTINATION_UDP,   /* that, to a UDP address */
};

struct destination_line {
	/* Constant once published. */
	uint64_t key; /* session_key */

	/* EGRESS_UDP: published by the control thread; NULL while not resolved. */
	const struct frame_template *header;

	/* The owner's. */
	uint64_t heard_at;		  /* last packet, ns */
	uint32_t next;			  /* session sequence */
	uint32_t bytes;			  /* of payload, of what is collected */
	int32_t delay;			  /* of the first collected one, us; all are of one slice */
	int16_t steps[DESTINATION_STEPS]; /* from that to those of the others */
	rte_be16_t epoch;
	uint16_t next_of_flow; /* flow sequence */
	uint8_t n;	       /* so many are collected */
	uint8_t way;	       /* enum destination_way */

	/* Constant once published. */
	uint8_t owner;	     /* worker */
	uint8_t egress_port; /* EGRESS_UDP: its index */

	rte_be16_t ports[2]; /* EGRESS_UDP: of its datagrams; published before header */
	uint8_t unused[2];
};

static_assert(sizeof(struct destination_line) == LINE_BYTES, "one line");

/* line_map.h */
static inline uint64_t
destination_key_of(const void *line)
{
	return ((const struct destination_line *)line)->key;
}

/* Is the packet before next the last to collect? */
static inline bool
destination_line_is_due(const struct destination_line *line, uint32_t next)
{
	return (next + (uintptr_t)line / LINE_BYTES) % DESTINATION_PENDING == 0;
}

static inline int32_t
destination_line_delay(const struct destination_line *line, uint32_t i)
{
	return i == 0 ? line->delay
		      : (int32_t)((uint32_t)line->delay + (uint32_t)(int32_t)line->steps[i - 1]);
}

#endif
