/* SPDX-License-Identifier: BSD-3-Clause */
/* What is new of a generation, and new packets of what is kept of it. */
#include "gf256.h"
#include "packet.h"
#include "recode_store.h"
#include "worker.h"

/* Room before a packet for all headers, if the buffer has it. */
#define HEADERS_MAX 640

/*
 * Takes out of a row what the reduced rows span. What is left is 0, or new: it begins with a 1, and
 * is a reduced row from now on.
 */
static bool
is_new(struct recode_store *store, struct recode_generation *g, uint8_t *row)
{
	uint16_t span = store->span;

	for (uint16_t i = 0; i < g->n; i++) {
		uint8_t *reduced = g->reduced + (size_t)i * span;

		if (row[i] == 0)
			continue;
		if (reduced[i] == 0) {
			gf256_scale(row + i, gf256_inv(row[i]), (size_t)(g->n - i));
			memcpy(reduced + i, row + i, (size_t)(g->n - i));
			return true;
		}
		gf256_mul_add(row + i, row[i], reduced + i, (size_t)(g->n - i));
	}
	return false;
}

/* There is room for one more packet; old generations may have had to go. */
static bool
have_room(struct worker *w, struct recode_store *store, const struct recode_generation *g)
{
	while (store->packets == store->packets_max) {
		struct recode_generation *oldest = &store->generations[store->oldest];

		if (oldest == g)
			return false;
		store->counters.forgotten++;
		recode_forget(w, store, oldest);
	}
	return true;
}

bool
recode_keep(struct worker *w, struct recode_store *store, struct recode_generation *g,
	const struct rlnc_header *h, struct rlnc_symbol_head head, struct rte_mbuf *m,
	uint16_t skip)
{
	uint8_t row[RLNC_SPAN_MAX] = {0}, *coeffs = g->coeffs + (size_t)g->kept * store->span;

	/* Of what is whole nothing is new: no other generation goes for it. */
	if (g->kept == store->span || (g->final && g->kept == g->n) || !have_room(w, store, g)) {
		store->counters.dependent++;
		return false;
	}
	rlnc_header_coeffs(h, row);
	memcpy(coeffs, row, store->span);
	if (!is_new(store, g, row)) {
		store->counters.dependent++;
		return false;
	}
	rlnc_held_set(&g->vectors[g->kept++], head, m, skip);
	store->packets++;
	store->counters.kept++;
	w->counters.queued++;
	return true;
}

/* Coefficients of the kept packets: none is 0, so that their sum is not either. */
static void
draw(struct worker *w, uint8_t *coeffs, uint16_t n)
{
	uint64_t bits = 0;

	for (uint16_t i = 0; i < n; bits >>= 8) {
		if (bits == 0)
			bits = rng_next(&w->rng);
		if ((uint8_t)bits != 0)
			coeffs[i++] = (uint8_t)bits;
	}
}

struct rte_mbuf *
recode_combine(struct worker *w, struct recode_store *store, struct recode_generation *g)
{
	uint8_t mix[RLNC_SPAN_MAX], coeffs[RLNC_SPAN_MAX], *out = coeffs, *symbol;
	uint16_t bytes = rlnc_longest(g->vectors, g->kept), size;
	struct rlnc_header h = {.kind = RLNC_RECODED,
		.code = RLNC_BLOCK,
		.final = g->final,
		.n = (uint8_t)g->n,
		.coeffs = coeffs};
	const uint8_t *rows[RLNC_SPAN_MAX];
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	size = (uint16_t)(rlnc_header_bytes(&h) + bytes);
	if (unlikely(m == NULL || m->buf_len < size)) {
		store->counters.starved++;
		rte_pktmbuf_free(m);
		return NULL;
	}
	m->data_off = RTE_MIN((uint16_t)HEADERS_MAX, (uint16_t)(m->buf_len - size)) & ~1u;
	m->data_len = size;
	m->pkt_len = size;
	draw(w, mix, g->kept);
	for (uint16_t i = 0; i < g->kept; i++)
		rows[i] = g->coeffs + (size_t)i * store->span;
	gf256_combine(g->n, g->kept, 1, mix, rows, &out);
	symbol = rte_pktmbuf_mtod(m, uint8_t *) +
		 rlnc_header_write(&h, rte_pktmbuf_mtod(m, uint8_t *));
	rlnc_combine(g->vectors, g->kept, mix, g->kept, &symbol, 1);
	store->counters.combined++;
	w->counters.originated++;
	return m;
}
