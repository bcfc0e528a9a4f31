/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linear combinations of symbols that lie in packets (rlnc_gather.h), heads and bodies, into whole
 * symbols: what a source or a relay sends.
 *
 * Any thread; the caller holds the packets.
 */
#ifndef FERRY_RLNC_COMBINE_H
#define FERRY_RLNC_COMBINE_H

#include <stdint.h>

#include "rlnc_gather.h"
#include "rlnc_header.h"

/* Outputs that one call makes at most. */
#define RLNC_OUTPUTS_MAX 8

/* Bytes of the longest of n symbols, head and body. */
uint16_t rlnc_longest(const struct rlnc_held *vectors, uint16_t n);

/*
 * dst[o] = the sum over i of coeffs[o * stride + i] * vectors[i]: rlnc_longest() bytes each, for n
 * (1 to RLNC_SPAN_MAX) symbols and outs (1 to RLNC_OUTPUTS_MAX) outputs.
 */
void rlnc_combine(const struct rlnc_held *vectors, uint16_t n, const uint8_t *coeffs,
	uint16_t stride, uint8_t *const dst[], uint16_t outs);

#endif
