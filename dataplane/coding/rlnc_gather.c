/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "gf256.h"
#include "rlnc_gather.h"

/* Where one source is read. */
struct cursor {
	const struct rte_mbuf *seg;
	const uint8_t *at;
	uint32_t left; /* in this piece */
	uint32_t len;  /* in all, this piece too */
};

static void
cursor_begin(struct cursor *c, const struct rlnc_held *held)
{
	*c = (struct cursor){.seg = held->m,
		.at = held->at,
		.left = RTE_MIN((uint32_t)held->piece, held->len),
		.len = held->len};
	for (uint16_t i = 0; i < held->seg; i++)
		c->seg = c->seg->next;
}

static void
cursor_advance(struct cursor *c, uint32_t step)
{
	c->at += step;
	c->left -= step;
	c->len -= step;
	while (c->left == 0 && c->len > 0) {
		c->seg = c->seg->next;
		c->at = rte_pktmbuf_mtod(c->seg, const uint8_t *);
		c->left = RTE_MIN((uint32_t)c->seg->data_len, c->len);
	}
}

/* The sources that have bytes left, and how far all of them are in one piece. */
struct active {
	unsigned int n;
	uint32_t step;
	const uint8_t *at[GF256_SOURCES_MAX];
	uint8_t coeffs[RLNC_GATHER_OUTPUTS * GF256_SOURCES_MAX];
};

static void
find_active(
	struct active *a, uint32_t left, const struct cursor *cursors, const struct rlnc_gather *g)
{
	uint16_t which[GF256_SOURCES_MAX];

	a->n = 0;
	a->step = left;
	for (unsigned int s = 0; s < g->n_src; s++) {
		if (cursors[s].left == 0)
			continue;
		a->step = RTE_MIN(a->step, cursors[s].left);
		a->at[a->n] = cursors[s].at;
		which[a->n++] = (uint16_t)s;
	}
	for (unsigned int o = 0; o < g->n_out; o++)
		for (unsigned int i = 0; i < a->n; i++)
			a->coeffs[o * a->n + i] = g->coeffs[o * g->stride + which[i]];
}

static void
combine(const struct rlnc_gather *g, uint32_t len, unsigned int n_src, const uint8_t *coeffs,
	size_t stride, const uint8_t *const at[], uint8_t *const dst[])
{
	if (n_src > 0)
		gf256_combine_rows(len, n_src, g->n_out, coeffs, stride, at, dst, g->add);
	for (unsigned int o = 0; n_src == 0 && !g->add && o < g->n_out; o++)
		memset(dst[o], 0, len);
}

/* Sources in several pieces, or of different lengths. */
static void
gather_pieces(const struct rlnc_gather *g, uint32_t len, uint8_t *const dst[])
{
	struct cursor cursors[GF256_SOURCES_MAX];
	uint8_t *to[RLNC_GATHER_OUTPUTS];
	struct active active;

	for (unsigned int s = 0; s < g->n_src; s++) {
		cursor_begin(&cursors[s], g->src[s]);
		cursor_advance(&cursors[s], 0);
	}
	for (uint32_t done = 0; done < len; done += active.step) {
		find_active(&active, len - done, cursors, g);
		for (unsigned int o = 0; o < g->n_out; o++)
			to[o] = dst[o] + done;
		combine(g, active.step, active.n, active.coeffs, active.n, active.at, to);
		for (unsigned int s = 0; s < g->n_src; s++)
			if (cursors[s].left > 0)
				cursor_advance(&cursors[s], active.step);
	}
}

void
rlnc_gather(const struct rlnc_gather *g, uint32_t len, uint8_t *const dst[])
{
	const uint8_t *at[GF256_SOURCES_MAX];
	uint32_t lead = g->led ? sizeof(struct rlnc_symbol_head) : 0;
	bool plain = true;

	for (unsigned int s = 0; s < g->n_src; s++) {
		at[s] = g->src[s]->at - lead;
		plain &= g->src[s]->piece >= len;
	}
	if (likely(plain))
		combine(g, lead + len, g->n_src, g->coeffs, g->stride, at, dst);
	else
		gather_pieces(g, len, dst);
}

void
rlnc_gather_heads(const struct rlnc_gather *g, struct rlnc_symbol_head *const dst[])
{
	const uint8_t *at[GF256_SOURCES_MAX];
	uint8_t *to[RLNC_GATHER_OUTPUTS];

	for (unsigned int s = 0; s < g->n_src; s++)
		at[s] = (const uint8_t *)&g->src[s]->head;
	for (unsigned int o = 0; o < g->n_out; o++)
		to[o] = (uint8_t *)dst[o];
	combine(g, sizeof(struct rlnc_symbol_head), g->n_src, g->coeffs, g->stride, at, to);
}
