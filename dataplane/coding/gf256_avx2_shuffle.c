/* SPDX-License-Identifier: BSD-3-Clause */
/* AVX2 without GFNI: the products of a byte's two halves come from two tables of 16. */
#include "gf256_avx2.h"
#include "gf256_kernels.h"

typedef struct {
	__m256i low, high;
} factor;

#define OUTPUTS 2 /* with more, too few sums fit the 16 registers */
#define WIDTH_1 8
#define WIDTH_2 4
#define STEP	1

static inline factor
factor_of(uint8_t c)
{
	const __m128i *table = (const __m128i *)(const void *)gf256_halves[c];

	return (factor){
		_mm256_broadcastsi128_si256(table[0]), _mm256_broadcastsi128_si256(table[1])};
}

static inline __m256i
vec_mul(__m256i x, factor f)
{
	__m256i mask = _mm256_set1_epi8(0x0f);
	__m256i low = _mm256_and_si256(x, mask);
	__m256i high = _mm256_and_si256(_mm256_srli_epi64(x, 4), mask);

	return _mm256_xor_si256(_mm256_shuffle_epi8(f.low, low), _mm256_shuffle_epi8(f.high, high));
}

#include "gf256_shape.h"

const struct gf256_kernels gf256_avx2_shuffle = SHAPE_KERNELS("avx2_shuffle");
