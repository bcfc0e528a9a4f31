/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors of 32 bytes without masks, for gf256_shape.h. A cut vector is two pieces of equal
 * size, 16, 8, 4, 2 or 1, of which one begins with it and one ends with it, and which may overlap:
 * all bytes are there, some of them twice, and both copies get the same result.
 */
#ifndef FERRY_GF256_AVX2_H
#define FERRY_GF256_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __m256i vec;
typedef size_t vec_cut;

#define VEC_BYTES 32

#define vec_zero()	  _mm256_setzero_si256()
#define vec_load(p)	  _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define vec_store(p, x)	  _mm256_storeu_si256((__m256i *)(void *)(p), x)
#define cut_of(n)	  ((size_t)(n))
#define vec_xor(x, y)	  _mm256_xor_si256(x, y)
#define vec_xor3(x, y, z) _mm256_xor_si256(x, _mm256_xor_si256(y, z))

static inline vec
vec_of(uint64_t first, uint64_t last)
{
	return _mm256_set_epi64x(0, 0, (long long)last, (long long)first);
}

static inline uint64_t
piece_load(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	memcpy(&x, p, n);
	return x;
}

static inline vec
vec_load_cut(const uint8_t *p, vec_cut n)
{
	if (n == VEC_BYTES)
		return vec_load(p);
	if (n >= 16)
		return _mm256_set_m128i(
			_mm_loadu_si128((const __m128i *)(const void *)(p + n - 16)),
			_mm_loadu_si128((const __m128i *)(const void *)p));
	if (n >= 8)
		return vec_of(piece_load(p, 8), piece_load(p + n - 8, 8));
	if (n >= 4)
		return vec_of(piece_load(p, 4), piece_load(p + n - 4, 4));
	if (n >= 2)
		return vec_of(piece_load(p, 2), piece_load(p + n - 2, 2));
	return vec_of(p[0], 0);
}

static inline void
vec_store_cut(uint8_t *p, vec_cut n, vec x)
{
	uint64_t first = (uint64_t)_mm256_extract_epi64(x, 0);
	uint64_t last = (uint64_t)_mm256_extract_epi64(x, 1);

	if (n == VEC_BYTES) {
		vec_store(p, x);
	} else if (n >= 16) {
		_mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(x));
		_mm_storeu_si128((__m128i *)(void *)(p + n - 16), _mm256_extracti128_si256(x, 1));
	} else if (n >= 8) {
		memcpy(p, &first, 8);
		memcpy(p + n - 8, &last, 8);
	} else if (n >= 4) {
		memcpy(p, &first, 4);
		memcpy(p + n - 4, &last, 4);
	} else if (n >= 2) {
		memcpy(p, &first, 2);
		memcpy(p + n - 2, &last, 2);
	} else {
		p[0] = (uint8_t)first;
	}
}

#endif
