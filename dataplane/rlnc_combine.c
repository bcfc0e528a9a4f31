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

/* The segment with byte off of the cursor's segment and those behind it; there are left bytes. */
static void
seek(struct cursor *c, uint32_t off)
{
	while (unlikely(off >= c->segment->data_len)) {
		off -= c->segment->data_len;
		c->segment = c->segment->next;
	}
	c->at = rte_pktmbuf_mtod_offset(c->segment, const uint8_t *, off);
	c->here = (uint16_t)RTE_MIN(c->segment->data_len - off, (uint32_t)c->left);
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
		if (unlikely(c.here == 0)) {
			c.segment = c.segment->next;
			seek(&c, 0);
		}
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
		*c = (struct cursor){.segment = vectors[i].m, .left = vectors[i].len, .vector = i};
		seek(c, vectors[i].off);
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
