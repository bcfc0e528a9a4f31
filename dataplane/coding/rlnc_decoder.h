/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A decoder of up to 256 source packets in a row: what lies where (packets are held by reference
 * and read in their buffers, chained ones too), with a solver of their coefficients. Data is
 * touched once, when a source packet that did not come is computed.
 *
 * Source packets are named by their sequence; those in play begin at base and lie in columns of a
 * ring. A block code's base stays, a sliding window's moves up (rlnc_decoder_move).
 *
 * Memory is the caller's; nothing is allocated. A packet that is given to the decoder is held until
 * the decoder hands it to release. One owner.
 */
#ifndef FERRY_RLNC_DECODER_H
#define FERRY_RLNC_DECODER_H

#include <rte_mbuf.h>

#include "gf256.h"
#include "rlnc_gather.h"
#include "rlnc_header.h"
#include "rlnc_seeds.h"
#include "rlnc_solver.h"

/* Takes packets that are held no more; rte_pktmbuf_free_bulk is one. */
typedef void rlnc_release(struct rte_mbuf **packets, unsigned int n);

struct rlnc_decoder {
	struct rlnc_solver solver;
	uint32_t base;		   /* lowest sequence in play */
	uint16_t mask;		   /* columns - 1 */
	uint16_t held;		   /* packets */
	uint32_t *all_held;	   /* of several decoders together; NULL after init */
	struct rlnc_seeds *seeds;  /* of the session's packets; NULL after init: none */
	struct rlnc_held *sources; /* by column; of those that are known */
	struct rlnc_held *slots;
	rlnc_release *release;
};

/* What became of a packet. */
enum rlnc_verdict {
	RLNC_HELD,	/* it is the decoder's now */
	RLNC_DEPENDENT, /* it says nothing new */
	RLNC_OUTSIDE,	/* it needs a source packet that is not in play any more, or not yet */
	RLNC_FULL,	/* no slot is free */
};

/* A source packet that can be computed. What its head says may be known then only. */
struct rlnc_found {
	uint32_t seq;
	struct rlnc_symbol_head head;
	uint16_t row;
	uint16_t len; /* of the payload, as the head says; before it is known, the longest */
	bool sound;   /* the head says what can be true, or is not known */
};

/*
 * What found ones are made of, and how: known sources and combinations that are in one of them at
 * least, and their coefficients. rlnc_decoder_find leaves it for rlnc_decoder_compute.
 */
struct rlnc_parts {
	unsigned int n;
	const struct rlnc_held *held[GF256_SOURCES_MAX + RLNC_SOLVER_SLOTS_MAX];
	uint16_t at[GF256_SOURCES_MAX + RLNC_SOLVER_SLOTS_MAX]; /* in a row */

	uint32_t shortest; /* of all combinations that are needed, bytes after the head */
	bool led;	   /* heads are computed with the payloads */

	/* One pass, of several if there are very many, and which one: */
	struct rlnc_gather pass;
	uint8_t coeffs[RLNC_GATHER_OUTPUTS * GF256_SOURCES_MAX];
	const struct rlnc_found *to; /* RLNC_GATHER_OUTPUTS from here on; NULL: none yet */
	unsigned int from;	     /* GF256_SOURCES_MAX parts from here on */
};

/* columns: rounded up to a power of 2, at most 256; slots: combinations held at most, to 128. */
size_t rlnc_decoder_bytes(uint16_t columns, uint16_t slots);
void rlnc_decoder_init(struct rlnc_decoder *d, void *memory, uint16_t columns, uint16_t slots,
	rlnc_release *release);

/* Releases everything, and begins with this sequence. */
void rlnc_decoder_begin(struct rlnc_decoder *d, uint32_t base);

static inline uint16_t
rlnc_decoder_columns(const struct rlnc_decoder *d)
{
	return (uint16_t)(d->mask + 1);
}

static inline bool
rlnc_decoder_in_play(const struct rlnc_decoder *d, uint32_t seq)
{
	return seq - d->base <= d->mask;
}

/* Nothing can be computed, and a source packet that comes changes no combination. */
static inline bool
rlnc_decoder_is_plain(const struct rlnc_decoder *d)
{
	return d->solver.nb_rows == 0;
}

static inline void
rlnc_decoder_count(struct rlnc_decoder *d, int more)
{
	d->held = (uint16_t)(d->held + more);
	if (d->all_held != NULL)
		*d->all_held += (uint32_t)more;
}

/* The sequence is in play. */
static inline bool
rlnc_decoder_knows(const struct rlnc_decoder *d, uint32_t seq)
{
	return d->solver.known[seq & d->mask] != 0;
}

/*
 * A source packet (its data begins at the payload) as it came; its sequence is in play and not
 * known. Returns combinations that say nothing any more: 0 or 1.
 */
uint16_t rlnc_decoder_source(
	struct rlnc_decoder *d, uint32_t seq, struct rlnc_symbol_head head, struct rte_mbuf *m);

/*
 * A combination, seeded or recoded, of h->n sequences from first on; its symbol follows skip bytes
 * of m. RLNC_HELD, or m stays the caller's.
 */
enum rlnc_verdict rlnc_decoder_combination(struct rlnc_decoder *d, const struct rlnc_header *h,
	uint32_t first, struct rte_mbuf *m, uint16_t skip);

/* What can be computed now; at most RLNC_SOLVER_SLOTS_MAX. */
uint16_t rlnc_decoder_find(const struct rlnc_decoder *d,
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX], struct rlnc_parts *parts);

/*
 * Computes the payloads of all n that were found, the decoder as it was then. At most len bytes,
 * the longest, are written for each, and a head before them (8 bytes). Whether they are sound must
 * be looked at again: all heads are known then.
 */
void rlnc_decoder_compute(const struct rlnc_decoder *d, struct rlnc_found *found, uint16_t n,
	struct rlnc_parts *parts, uint32_t len, uint8_t *const payloads[]);

/*
 * These were computed, and lie at the front of packets, which are the decoder's from now on; packet
 * i has found[i].len bytes.
 */
void rlnc_decoder_keep(struct rlnc_decoder *d, const struct rlnc_found *found, uint16_t n,
	struct rte_mbuf *const packets[]);

/*
 * Gives up what a found one would be (its head lies): one combination goes. Others that were found
 * must be found anew.
 */
void rlnc_decoder_refuse(struct rlnc_decoder *d, uint32_t seq);

/* Moves base up: what is before it is given up. Returns combinations that went with it. */
uint16_t rlnc_decoder_move(struct rlnc_decoder *d, uint32_t base);

#endif
