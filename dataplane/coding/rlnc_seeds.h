/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coefficients that seeds stand for (rlnc_seed_coeffs), for who meets seeds that follow each other,
 * as those of one session's repair packets do: where the processor has wide registers, those of
 * several seeds are drawn together, for little more than those of one, and remembered.
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
	uint16_t n;	/* numbers of each; 0: nothing is there */
	uint8_t numbers[RLNC_SPAN_MAX][TINYMT32_LANES];
};

/* n coefficients, at least 1. */
void rlnc_seeds_coeffs(struct rlnc_seeds *seeds, uint16_t seed, uint8_t *coeffs, uint8_t n);

#endif
