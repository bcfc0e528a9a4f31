/* SPDX-License-Identifier: BSD-3-Clause */
/* AVX-512 without GFNI: the products of a byte's two halves come from two tables of 16. */
#include "gf256_avx512.h"
#include "gf256_kernels.h"

typedef struct {
	__m512i low, high;
} factor;

#define OUTPUTS 2
#define WIDTH_1 8
#define WIDTH_2 6
#define STEP	1

static inline factor
factor_of(uint8_t c)
{
	const __m128i *table = (const __m128i *)(const void *)gf256_halves[c];

	return (factor){_mm512_broadcast_i32x4(table[0]), _mm512_broadcast_i32x4(table[1])};
}

static inline __m512i
vec_mul(__m512i x, factor f)
{
	__m512i mask = _mm512_set1_epi8(0x0f);
	__m512i low = _mm512_and_si512(x, mask);
	__m512i high = _mm512_and_si512(_mm512_srli_epi64(x, 4), mask);

	return _mm512_xor_si512(_mm512_shuffle_epi8(f.low, low), _mm512_shuffle_epi8(f.high, high));
}

#include "gf256_shape.h"

const struct gf256_kernels gf256_avx512_shuffle = SHAPE_KERNELS("avx512_shuffle");
