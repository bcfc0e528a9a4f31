/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of a session come to a node: without coding, or in systematic generations of
 * CODING_K with combinations made elsewhere, of which a part is lost or none. Losses that leave a
 * generation that cannot be decoded are drawn anew. Seeds are those of a source: 0 and up, in each
 * generation.
 *
 * One thread.
 */
#ifndef FERRY_BENCH_CODING_PATTERN_H
#define FERRY_BENCH_CODING_PATTERN_H

#include "coding.h"

#define PATTERN_GENERATIONS 256 /* with losses of their own, then anew */
#define PATTERN_REPAIRS	    5	/* combinations sent for CODING_K sources */
#define PATTERN_LOSS	    20	/* of so many frames one is lost */
#define PATTERN_SENT	    (CODING_K + PATTERN_REPAIRS)

struct coding_pattern {
	bool coded;
	/* What comes of a generation: numbers below PATTERN_SENT, sources first. */
	uint8_t come[PATTERN_GENERATIONS][PATTERN_SENT];
	uint8_t nb_come[PATTERN_GENERATIONS];
	uint32_t come_sum;	       /* of all */
	uint8_t sums[PATTERN_REPAIRS]; /* of a repair's coefficients */
};

/* Ends the program when memory is short. */
void coding_pattern_init(struct coding_pattern *pattern, bool coded, bool lossy);

/* Frames that come for each source packet that was sent. */
double coding_pattern_share(const struct coding_pattern *pattern);

/* The CODING_K coefficients of a repair packet. */
void coding_pattern_coeffs(uint32_t repair, uint8_t *coeffs);

/* Writes the coding header (RLNC_HEADER_BYTES) of frame number of a generation. */
void coding_pattern_header(uint32_t number, uint8_t *to);

/* Writes what a repair packet has where all sources of its generation have these n bytes. */
void coding_pattern_combine(const struct coding_pattern *pattern, uint32_t repair,
	const void *bytes, size_t n, void *to);

#endif
