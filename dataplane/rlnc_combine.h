/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linear combinations of symbols that lie in packets, chained or not: nothing is copied to be
 * coded. A symbol is a head of 8 bytes (rlnc_symbol.h), then its body, then as many zeros as it
 * takes.
 *
 * Any thread; the caller holds the packets.
 */
#ifndef FERRY_RLNC_COMBINE_H
#define FERRY_RLNC_COMBINE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "rlnc_header.h"
#include "rlnc_symbol.h"

struct rlnc_vector {
	struct rlnc_symbol_head head;
	struct rte_mbuf *m; /* the body: len bytes from off on, over as many segments as it takes */
	uint16_t off;
	uint16_t len;
};

/* Outputs that one call makes at most. */
#define RLNC_OUTPUTS_MAX 8

/* Bytes of the longest of n symbols, head and body. */
uint16_t rlnc_longest(const struct rlnc_vector *vectors, uint16_t n);

/*
 * dst[o] = the sum over i of coeffs[o * stride + i] * vectors[i]: rlnc_longest() bytes each, for n
 * (1 to RLNC_SPAN_MAX) symbols and outs (1 to RLNC_OUTPUTS_MAX) outputs.
 */
void rlnc_combine(const struct rlnc_vector *vectors, uint16_t n, const uint8_t *coeffs,
	uint16_t stride, uint8_t *const dst[], uint16_t outs);

#endif
