/* SPDX-License-Identifier: BSD-3-Clause */
/* AVX-512 with GFNI: a product by a constant is an affine transform of each byte's bits. */
#include "gf256_avx512.h"
#include "gf256_kernels.h"

typedef __m512i factor;

#define OUTPUTS 4
#define WIDTH_1 8
#define WIDTH_2 8
#define WIDTH_3 6
#define WIDTH_4 4
#define STEP	2

#define factor_of(c)  _mm512_set1_epi64((long long)gf256_matrices[c])
#define vec_mul(x, f) _mm512_gf2p8affine_epi64_epi8(x, f, 0)

#include "gf256_shape.h"

const struct gf256_kernels gf256_avx512_gfni = SHAPE_KERNELS("avx512_gfni");
