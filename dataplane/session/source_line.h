/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a payload of the common kind (one flow, one next hop, a short Pathlet, no rate limit)
 * touches of its source: one cache line (line_pool.h), whose owner is the source itself.
 */
#ifndef FERRY_SOURCE_LINE_H
#define FERRY_SOURCE_LINE_H

#include <assert.h>
#include <stdint.h>

#include "line_pool.h"

/*
 * A flow's own numbers; they outlive the plans that name the flow. Written by the owner. The flow
 * sequence of the next packet is packets modulo 2^16.
 */
struct flow_state {
	uint64_t packets;
	uint64_t bytes; /* of payload */
};

#define SOURCE_WAY_BYTES 12

struct source_line {
	/* The owner's. */
	struct flow_state first; /* of the first flow of the first plan */
	uint32_t others;	 /* packets of other flows, modulo 2^32 */

	/* Constant once published. */
	uint32_t ingress_key; /* SOURCE_UDP */
	uint32_t conference, session;

	/*
	 * The owner's copy of a plan's one way, where there is one flow, one next hop and a short
	 * Pathlet, as most sessions have.
	 */
	uint64_t link : 48; /* address of the next hop; 0: not such a plan */
	uint64_t payload_max : 16;
	uint8_t pathlet[SOURCE_WAY_BYTES];
	uint8_t pathlet_len;
	uint8_t flow; /* id */

	/* Set by the control thread with each plan, taken back by the owner as it copies it. */
	uint8_t renewed;

	uint8_t running; /* published by the control thread */

	/* Constant once published. */
	uint8_t limited; /* it has a rate */
	uint8_t flags;	 /* session header flags of every packet */
	uint16_t epoch;
	uint8_t owner; /* worker */
	uint8_t unused[3];
};

static_assert(sizeof(struct source_line) == LINE_BYTES, "one line");

#endif
