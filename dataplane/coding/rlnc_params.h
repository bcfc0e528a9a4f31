/* SPDX-License-Identifier: BSD-3-Clause */
/* How a session is coded at its source. Shares are millionths of the source packets. */
#ifndef FERRY_RLNC_PARAMS_H
#define FERRY_RLNC_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "rlnc_header.h"
#include "rlnc_symbol.h"

#define RLNC_SHARE_ONE 1000000u

enum rlnc_repair {
	RLNC_REPAIR_RATIO,
	RLNC_REPAIR_ADAPTIVE,
	RLNC_REPAIR_RATELESS, /* RLNC_BLOCK only */
};

struct rlnc_params {
	uint8_t code;	   /* enum rlnc_code */
	uint8_t k;	   /* source packets of a generation, of the window; to RLNC_SPAN_MAX */
	bool systematic;   /* source packets go as they are; always with RLNC_WINDOW */
	uint8_t repair;	   /* enum rlnc_repair */
	uint32_t ratio;	   /* RLNC_REPAIR_RATIO */
	uint32_t residual; /* RLNC_REPAIR_ADAPTIVE: loss that may remain */
	uint32_t bound;	   /* most repair of the other two */
	uint64_t close;	   /* ns: a generation waits so long for its next packet */
	uint64_t deadline; /* ns: later than this after a packet repair is of no use */
};

/* Generations that a source keeps until they are said to be decoded; the oldest is given up. */
#define RLNC_UNDECODED_MAX 16

/*
 * Sequences that a session's window must have at least. What is computed comes after as much again
 * as it was computed from; without a rate of repair, after all that may be repaired.
 */
static inline uint32_t
rlnc_sequences(const struct rlnc_params *params)
{
	uint32_t generations = params->repair == RLNC_REPAIR_RATELESS ? RLNC_UNDECODED_MAX + 2 : 4;

	return generations * params->k;
}

/* Packets that an encoder holds at most. */
static inline uint32_t
rlnc_encoder_holds(const struct rlnc_params *params)
{
	uint32_t generations = params->repair == RLNC_REPAIR_RATELESS ? RLNC_UNDECODED_MAX + 1 : 1;

	return generations * params->k;
}

/* What a coded packet of a session needs beside its longest payload. */
static inline uint16_t
rlnc_overhead(const struct rlnc_params *params, bool recoded)
{
	return (uint16_t)(RLNC_HEADER_BYTES + (recoded ? params->k : 0) +
			  sizeof(struct rlnc_symbol_head));
}

#endif
