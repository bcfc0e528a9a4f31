/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source packets and combinations of them for tests of decoders, made slowly, byte by byte; and
 * mbufs without DPDK's environment, in one piece or several.
 */
#ifndef FERRY_TEST_CODED_PACKETS_H
#define FERRY_TEST_CODED_PACKETS_H

#include <stdlib.h>

#include <rte_mbuf.h>

#include "rlnc_symbol.h"
#include "rng.h"
#include "slow_field.h"

#define CODED_SYMBOL_MAX 2048

/* A symbol as WIRE.md says, or a combination of symbols. */
struct coded_symbol {
	uint32_t len; /* 0: no symbol; else with its head */
	uint8_t bytes[CODED_SYMBOL_MAX];
};

static int coded_mbufs; /* that live */

static inline void
coded_source(struct rng *rng, struct coded_symbol *symbol, uint32_t payload)
{
	symbol->len = 8 + payload;
	for (uint32_t i = 0; i < symbol->len; i++)
		symbol->bytes[i] = (uint8_t)(rng_next(rng) >> 40);
	symbol->bytes[0] = (uint8_t)(payload >> 8);
	symbol->bytes[1] = (uint8_t)payload;
	symbol->bytes[2] &= 0x0e;
	symbol->bytes[3] = 0;
}

static inline void
coded_add(struct coded_symbol *to, uint8_t c, const struct coded_symbol *from)
{
	if (c == 0)
		return;
	if (from->len > to->len) {
		memset(to->bytes + to->len, 0, from->len - to->len);
		to->len = from->len;
	}
	slow_add(to->bytes, c, from->bytes, from->len);
}

static inline struct rte_mbuf *
coded_segment(const uint8_t *data, uint16_t len)
{
	struct rte_mbuf *m = calloc(1, sizeof(*m));

	/* Memory of just that size, for the sanitizers. */
	m->buf_addr = malloc(len > 0 ? len : 1);
	if (len > 0)
		memcpy(m->buf_addr, data, len);
	m->nb_segs = 1;
	m->refcnt = 1;
	m->data_len = len;
	m->pkt_len = len;
	coded_mbufs++;
	return m;
}

/* In one piece, or now and then in several, some of them empty. */
static inline struct rte_mbuf *
coded_mbuf(struct rng *rng, const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *first = NULL, *last = NULL;
	uint32_t done = 0;

	do {
		bool cut = rng_below(rng, 4) == 0;
		uint32_t step = cut ? rng_below(rng, len - done + 1) : len - done;
		struct rte_mbuf *m = coded_segment(data + done, (uint16_t)step);

		if (first == NULL) {
			first = m;
		} else {
			last->next = m;
			first->nb_segs++;
			first->pkt_len += step;
		}
		last = m;
		done += step;
	} while (done < len);
	return first;
}

static inline void
coded_release(struct rte_mbuf *m)
{
	while (m != NULL) {
		struct rte_mbuf *next = m->next;

		free(m->buf_addr);
		free(m);
		coded_mbufs--;
		m = next;
	}
}

/* rlnc_release */
static inline void
coded_release_all(struct rte_mbuf **packets, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		coded_release(packets[i]);
}

#endif
