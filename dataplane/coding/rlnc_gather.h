/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Symbols read where they lie: in packets' buffers, in one piece or several, each as long as it is
 * and followed by zeros.
 */
#ifndef FERRY_RLNC_GATHER_H
#define FERRY_RLNC_GATHER_H

#include <stdbool.h>

#include <rte_mbuf.h>

#include "rlnc_symbol.h"

/*
 * A symbol: its head, and the rest from at on: piece bytes there, then the segments after that one.
 * Half a cache line.
 */
struct rlnc_held {
	struct rlnc_symbol_head head;
	struct rte_mbuf *m; /* whose it is; NULL: nothing is held */
	const uint8_t *at;
	uint32_t len;	   /* of the rest */
	uint16_t piece;	   /* bytes of it at at */
	uint16_t seg : 15; /* at lies in this segment of m, the first one is 0 */
	uint16_t led : 1;  /* what lies before at is the head */
};

/*
 * The rest of the symbol is what follows skip bytes of m. Nothing is read; what is remembered stays
 * right when headers are put before m's data later.
 */
static inline void
rlnc_held_set(
	struct rlnc_held *held, struct rlnc_symbol_head head, struct rte_mbuf *m, uint32_t skip)
{
	const struct rte_mbuf *seg = m;
	uint16_t n = 0;

	held->len = m->pkt_len - skip;
	while (unlikely(skip >= seg->data_len && seg->next != NULL)) {
		skip -= seg->data_len;
		seg = seg->next;
		n++;
	}
	held->head = head;
	held->m = m;
	held->seg = n & 0x7fff;
	held->led = 0;
	held->at = rte_pktmbuf_mtod_offset(seg, const uint8_t *, skip);
	held->piece = (uint16_t)(seg->data_len - skip);
}

/* Outputs at a time. */
#define RLNC_GATHER_OUTPUTS 32

/* A combination of sources for each output: coeffs[o * stride + s]. */
struct rlnc_gather {
	unsigned int n_src; /* at most GF256_SOURCES_MAX; 0 of them make zeros */
	unsigned int n_out; /* at most RLNC_GATHER_OUTPUTS */
	bool add;	    /* to what the outputs hold */
	bool led;	    /* heads are combined too: all sources are led, and all as long */
	const uint8_t *coeffs;
	size_t stride;
	const struct rlnc_held *const *src;
};

/* Of what follows the heads: len bytes each. If led, the outputs begin with their heads. */
void rlnc_gather(const struct rlnc_gather *g, uint32_t len, uint8_t *const dst[]);

/* Of the heads. */
void rlnc_gather_heads(const struct rlnc_gather *g, struct rlnc_symbol_head *const dst[]);

#endif
