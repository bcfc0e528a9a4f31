/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coefficients that seeds stand for (rlnc_seed_coeffs), remembered for who meets the same seeds
 * again, as those of a session's generations are, or others that follow them: so many in a row are
 * kept, and drawn together where the processor has wide registers, for little more than one.
 *
 * One owner. Zeroed, nothing is remembered.
 */
#ifndef FERRY_RLNC_SEEDS_H
#define FERRY_RLNC_SEEDS_H

#include <stdint.h>

#include "rlnc_header.h"
#include "tinymt32.h"

struct rlnc_seeds {
	uint16_t first; /* of TINYMT32_LANES seeds */
	uint16_t there; /* bit i: those of seed first + i */
	uint8_t n;	/* coefficients of each; 0: nothing is there */
	uint8_t coeffs[TINYMT32_LANES][RLNC_SPAN_MAX];
};

/* n coefficients, at least 1. */
void rlnc_seeds_coeffs(struct rlnc_seeds *seeds, uint16_t seed, uint8_t *coeffs, uint8_t n);

#endif
