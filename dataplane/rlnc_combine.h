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

/*
 * Where a body lies: piece bytes from at on, then segments, len bytes in all. What is remembered
 * stays right when headers are put before m's data, or taken away, later.
 */
struct rlnc_vector {
	struct rlnc_symbol_head head;
	struct rte_mbuf *m; /* whose it is */
	const struct rte_mbuf *segment;
	const uint8_t *at;
	uint16_t piece;
	uint16_t len;
};

/* The body is all of m but its first skip bytes. */
void rlnc_vector_set(
	struct rlnc_vector *v, struct rlnc_symbol_head head, struct rte_mbuf *m, uint16_t skip);

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
