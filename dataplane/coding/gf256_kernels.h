/* SPDX-License-Identifier: BSD-3-Clause */
/* The sets of kernels, and what they share. gf256.c offers those that the processor can run. */
#ifndef FERRY_GF256_KERNELS_H
#define FERRY_GF256_KERNELS_H

#include "gf256.h"

extern const struct gf256_kernels gf256_isal;
extern const struct gf256_kernels gf256_avx2_shuffle, gf256_avx2_gfni;
extern const struct gf256_kernels gf256_avx512_shuffle, gf256_avx512_gfni;

/* Of each constant: the affine transform that multiplies by it, as GFNI wants it. */
extern uint64_t gf256_matrices[256];

/* Of each constant: its products with 0 to 15, then with 16 times these; so ISA-L has them too. */
#define GF256_HALVES 32
extern uint8_t gf256_halves[256][GF256_HALVES];

#endif
