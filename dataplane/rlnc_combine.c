/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "gf256.h"
#include "rlnc_combine.h"

#define HEAD sizeof(struct rlnc_symbol_head)

/* Where a symbol's body goes on. */
struct cursor {
	const struct rte_mbuf *segment;
	const uint8_t *at;
	uint16_t here; /* bytes in this segment */
	uint16_t left; /* bytes in all */
	uint16_t vector;
};

/* The symbols whose bodies are not at their ends, and their coefficients. */
struct front {
	uint16_t n;
	struct cursor cursors[RLNC_SPAN_MAX];
	uint8_t coeffs[RLNC_OUTPUTS_MAX * RLNC_SPAN_MAX];
};

uint16_t
rlnc_longest(const struct rlnc_vector *vectors, uint16_t n)
{
	uint16_t longest = 0;

	for (uint16_t i = 0; i < n; i++)
		longest = RTE_MAX(longest, vectors[i].len);
	return (uint16_t)(longest + HEAD);
}

void
rlnc_vector_set(
	struct rlnc_vector *v, struct rlnc_symbol_head head, struct rte_mbuf *m, uint16_t skip)
{
	const struct rte_mbuf *segment = m;
	uint16_t len = (uint16_t)(m->pkt_len - skip);

	while (unlikely(skip >= segment->data_len && segment->next != NULL)) {
		skip -= segment->data_len;
		segment = segment->next;
	}
	*v = (struct rlnc_vector){.head = head,
		.m = m,
		.segment = segment,
		.at = rte_pktmbuf_mtod_offset(segment, const uint8_t *, skip),
		.piece = (uint16_t)(segment->data_len - skip),
		.len = len};
}

/* On to the next segment that has any bytes; there are some left. */
static void
next_segment(struct cursor *c)
{
	do
		c->segment = c->segment->next;
	while (unlikely(c->segment->data_len == 0));
	c->at = rte_pktmbuf_mtod(c->segment, const uint8_t *);
	c->here = RTE_MIN(c->segment->data_len, c->left);
}

static void
set_coeffs(struct front *front, const uint8_t *coeffs, uint16_t stride, uint16_t outs)
{
	for (uint16_t o = 0; o < outs; o++)
		for (uint16_t i = 0; i < front->n; i++)
			front->coeffs[o * front->n + i] =
				coeffs[o * stride + front->cursors[i].vector];
}

/* All have step bytes more here. Those that end leave; returns whether any did. */
static bool
advance(struct front *front, uint16_t step)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < front->n; i++) {
		struct cursor c = front->cursors[i];

		c.at += step;
		c.here -= step;
		c.left -= step;
		if (c.left == 0)
			continue;
		if (unlikely(c.here == 0))
			next_segment(&c);
		front->cursors[n++] = c;
	}
	if (n == front->n)
		return false;
	front->n = n;
	return true;
}

static void
begin(struct front *front, const struct rlnc_vector *vectors, uint16_t n)
{
	front->n = 0;
	for (uint16_t i = 0; i < n; i++) {
		struct cursor *c = &front->cursors[front->n];

		if (vectors[i].len == 0)
			continue;
		*c = (struct cursor){.segment = vectors[i].segment,
			.at = vectors[i].at,
			.here = RTE_MIN(vectors[i].piece, vectors[i].len),
			.left = vectors[i].len,
			.vector = i};
		if (unlikely(c->here == 0))
			next_segment(c);
		front->n++;
	}
}

/* As far as each body goes on in one piece, piece after piece. */
static void
combine_bodies(struct front *front, const uint8_t *coeffs, uint16_t stride, uint8_t *const dst[],
	uint16_t outs)
{
	const uint8_t *src[RLNC_SPAN_MAX];
	uint8_t *out[RLNC_OUTPUTS_MAX];
	uint32_t done = HEAD;

	set_coeffs(front, coeffs, stride, outs);
	while (front->n > 0) {
		uint16_t step = UINT16_MAX;

		for (uint16_t i = 0; i < front->n; i++) {
			src[i] = front->cursors[i].at;
			step = RTE_MIN(step, front->cursors[i].here);
		}
		for (uint16_t o = 0; o < outs; o++)
			out[o] = dst[o] + done;
		gf256_combine(step, front->n, outs, front->coeffs, src, out);
		done += step;
		if (advance(front, step))
			set_coeffs(front, coeffs, stride, outs);
	}
}

void
rlnc_combine(const struct rlnc_vector *vectors, uint16_t n, const uint8_t *coeffs, uint16_t stride,
	uint8_t *const dst[], uint16_t outs)
{
	const uint8_t *heads[RLNC_SPAN_MAX];
	struct front front;

	heads[0] = (const uint8_t *)&vectors[0].head;
	for (uint16_t i = 1; i < n; i++)
		heads[i] = (const uint8_t *)&vectors[i].head;
	gf256_combine_rows(HEAD, n, outs, coeffs, stride, heads, dst, false);
	begin(&front, vectors, n);
	combine_bodies(&front, coeffs, stride, dst, outs);
}
