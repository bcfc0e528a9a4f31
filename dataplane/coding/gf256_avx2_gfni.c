/* SPDX-License-Identifier: BSD-3-Clause */
/* AVX2 with GFNI, for processors that have no AVX-512. */
#include "gf256_avx2.h"
#include "gf256_kernels.h"

typedef __m256i factor;

#define OUTPUTS 4
#define WIDTH_1 8
#define WIDTH_2 4
#define WIDTH_3 3
#define WIDTH_4 2
#define STEP	1

#define factor_of(c)  _mm256_set1_epi64x((long long)gf256_matrices[c])
#define vec_mul(x, f) _mm256_gf2p8affine_epi64_epi8(x, f, 0)

#include "gf256_shape.h"

const struct gf256_kernels gf256_avx2_gfni = SHAPE_KERNELS("avx2_gfni");
