/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of 64 bytes with masks, for gf256_shape.h. */
#ifndef FERRY_GF256_AVX512_H
#define FERRY_GF256_AVX512_H

#include <immintrin.h>

typedef __m512i vec;
typedef __mmask64 vec_cut;

#define VEC_BYTES 64

#define vec_zero()		 _mm512_setzero_si512()
#define vec_load(p)		 _mm512_loadu_si512(p)
#define vec_store(p, x)		 _mm512_storeu_si512(p, x)
#define vec_load_cut(p, cut)	 _mm512_maskz_loadu_epi8(cut, p)
#define vec_store_cut(p, cut, x) _mm512_mask_storeu_epi8(p, cut, x)
#define cut_of(n)		 (~(__mmask64)0 >> (VEC_BYTES - (n)))
#define vec_xor(x, y)		 _mm512_xor_si512(x, y)
#define vec_xor3(x, y, z)	 _mm512_ternarylogic_epi64(x, y, z, 0x96)

#endif
