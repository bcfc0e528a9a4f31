/* SPDX-License-Identifier: BSD-3-Clause */
/* DECODED: a destination has all of a generation, and says so to where it came from. */
#ifndef FERRY_RLNC_DECODED_H
#define FERRY_RLNC_DECODED_H

#include "rlnc_block.h"

struct destination;
struct worker;

/*
 * Tells the neighbour with this link index, unless it was told within the link's round-trip time
 * (RLNC_DECODED_NS where that is not known). Called when the generation is decoded, and for each
 * packet of it that comes after that. The destination's owner.
 */
void rlnc_decoded_tell(struct worker *w, const struct destination *dst, struct rlnc_block *block,
	uint16_t neighbour);

#define RLNC_DECODED_NS UINT64_C(5000000)

#endif
