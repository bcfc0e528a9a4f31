/* SPDX-License-Identifier: BSD-3-Clause */
#include "rlnc_combine.h"
#include "gf256.h"

#define HEAD sizeof(struct rlnc_symbol_head)

uint16_t
rlnc_longest(const struct rlnc_held *vectors, uint16_t n)
{
	uint32_t longest = 0;

	for (uint16_t i = 0; i < n; i++)
		longest = RTE_MAX(longest, vectors[i].len);
	return (uint16_t)(longest + HEAD);
}

void
rlnc_combine(const struct rlnc_held *vectors, uint16_t n, const uint8_t *coeffs, uint16_t stride,
	uint8_t *const dst[], uint16_t outs)
{
	const struct rlnc_held *src[RLNC_SPAN_MAX];
	const uint8_t *heads[RLNC_SPAN_MAX];
	uint8_t *bodies[RLNC_OUTPUTS_MAX];
	const struct rlnc_gather gather = {
		.n_src = n, .n_out = outs, .coeffs = coeffs, .stride = stride, .src = src};

	for (uint16_t i = 0; i < n; i++) {
		src[i] = &vectors[i];
		heads[i] = (const uint8_t *)&vectors[i].head;
	}
	for (uint16_t o = 0; o < outs; o++)
		bodies[o] = dst[o] + HEAD;
	gf256_combine_rows(HEAD, n, outs, coeffs, stride, heads, dst, false);
	rlnc_gather(&gather, (uint32_t)(rlnc_longest(vectors, n) - HEAD), bodies);
}
