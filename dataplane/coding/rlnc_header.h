/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coding header of WIRE.md, section 7: it follows the session header when that has
 * SESSION_CODED, and says which source packets a packet combines, and how. Of a coded packet the
 * session header's sequence is the first source sequence of its generation (of its window), and its
 * stamp that of the oldest source packet combined.
 *
 * Pure functions, any thread.
 */
#ifndef FERRY_RLNC_HEADER_H
#define FERRY_RLNC_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "drop.h"
#include "wire.h"

enum rlnc_kind {
	RLNC_SYSTEMATIC, /* a source packet as it is */
	RLNC_SEEDED,	 /* coefficients drawn by TinyMT32 from a seed */
	RLNC_RECODED,	 /* explicit coefficients */
};

enum rlnc_code {
	RLNC_BLOCK,
	RLNC_WINDOW,
};

/* Bits of the first byte, below the kind. */
#define RLNC_HEADER_WINDOW 0x01
#define RLNC_HEADER_FINAL  0x02

#define RLNC_SPAN_MAX	  128 /* source packets that one packet combines */
#define RLNC_HEADER_BYTES 4   /* without explicit coefficients */
#define RLNC_HEADER_MAX	  (RLNC_HEADER_BYTES + RLNC_SPAN_MAX)

struct rlnc_header {
	uint8_t kind;  /* enum rlnc_kind */
	uint8_t code;  /* enum rlnc_code */
	bool final;    /* RLNC_BLOCK: the generation has n source packets, no more will come */
	uint8_t n;     /* the packet is of the n sequences from the first on, 1 to RLNC_SPAN_MAX */
	uint8_t index; /* RLNC_SYSTEMATIC: which of them, below n */
	uint16_t seed; /* RLNC_SEEDED */
	const uint8_t *coeffs; /* RLNC_RECODED: n of them, not all 0; where they lie */
};

/* Bytes of a header on the wire. */
static inline uint16_t
rlnc_header_bytes(const struct rlnc_header *h)
{
	return (uint16_t)(RLNC_HEADER_BYTES + (h->kind == RLNC_RECODED ? h->n : 0));
}

/*
 * Reads the header that len bytes begin with; h points into them. All that it says is checked:
 * DROP_none, or why the packet is to be dropped.
 */
enum drop_reason rlnc_header_parse(const uint8_t *data, uint32_t len, struct rlnc_header *h);

/*
 * Of a header that was not read yet, its RLNC_HEADER_BYTES there: may it be a source packet's as it
 * is, of a block code, and its index then.
 */
static inline bool
rlnc_header_is_source(const uint8_t *data)
{
	return (data[0] & ~RLNC_HEADER_FINAL) == 0;
}

static inline uint8_t
rlnc_header_index(const uint8_t *data)
{
	return data[2];
}

/*
 * The same of the most common header, a source packet's as it is of a block code: false if it may
 * be another, or wrong. RLNC_HEADER_BYTES can be read.
 */
static inline bool
rlnc_header_parse_source(const uint8_t *data, struct rlnc_header *h)
{
	*h = (struct rlnc_header){.kind = RLNC_SYSTEMATIC,
		.code = RLNC_BLOCK,
		.final = data[0] != 0,
		.n = data[1],
		.index = rlnc_header_index(data)};
	return rlnc_header_is_source(data) && h->index < h->n;
}

/*
 * The same of a packet whose data begins with the header, chained or not. Where it does not lie in
 * one piece it is copied to room; h points to either. A packet other than a systematic one is
 * refused too if it has not the bytes of a symbol's head.
 */
enum drop_reason
rlnc_header_read(const struct rte_mbuf *m, uint8_t room[RLNC_HEADER_MAX], struct rlnc_header *h);

/*
 * Writes a header (h->coeffs are copied) to rlnc_header_bytes(h) bytes; returns how many. What h
 * says must be right.
 */
uint16_t rlnc_header_write(const struct rlnc_header *h, uint8_t *data);

/* What a seed stands for: n coefficients, none of them 0. */
void rlnc_seed_coeffs(uint16_t seed, uint8_t *coeffs, uint8_t n);

/* The n coefficients of the packet, whatever its kind. */
void rlnc_header_coeffs(const struct rlnc_header *h, uint8_t *coeffs);

#endif
