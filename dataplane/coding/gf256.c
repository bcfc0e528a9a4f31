/* SPDX-License-Identifier: BSD-3-Clause */
/* The field's tables, and which kernels this processor can run. */
#include <rte_common.h>

#include "gf256.h"
#include "gf256_kernels.h"

#define POLYNOMIAL 0x11d

uint8_t gf256_exp[510];
uint8_t gf256_log[256];
uint8_t gf256_inverse[256];
uint64_t gf256_matrices[256];
uint8_t gf256_halves[256][GF256_HALVES] __rte_cache_aligned;

static const struct gf256_kernels *runnable[6];
const struct gf256_kernels *gf256_used;

static void
field_init(void)
{
	unsigned int x = 1;

	for (unsigned int i = 0; i < 255; i++) {
		gf256_exp[i] = gf256_exp[i + 255] = (uint8_t)x;
		gf256_log[x] = (uint8_t)i;
		x = x & 0x80 ? (x << 1) ^ POLYNOMIAL : x << 1;
	}
	for (unsigned int a = 1; a < 256; a++)
		gf256_inverse[a] = gf256_exp[255 - gf256_log[a]];
}

/*
 * A matrix' byte 7 - r is the row that makes bit r of the product: its bit b says whether bit b of
 * the other factor counts.
 */
static uint64_t
matrix_of(uint8_t c)
{
	uint64_t matrix = 0;

	for (unsigned int b = 0; b < 8; b++)
		for (unsigned int r = 0; r < 8; r++)
			if ((gf256_mul(c, (uint8_t)(1 << b)) >> r & 1) != 0)
				matrix |= UINT64_C(1) << (8 * (7 - r) + b);
	return matrix;
}

static void
factors_init(void)
{
	for (unsigned int c = 0; c < 256; c++) {
		gf256_matrices[c] = matrix_of((uint8_t)c);
		for (unsigned int i = 0; i < 16; i++) {
			gf256_halves[c][i] = gf256_mul((uint8_t)c, (uint8_t)i);
			gf256_halves[c][16 + i] = gf256_mul((uint8_t)c, (uint8_t)(i << 4));
		}
	}
}

/* The compiler's run-time library asks the operating system's half (XCR0) too. */
static void
kernels_init(void)
{
	unsigned int n = 0;

#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("gfni"))
		runnable[n++] = &gf256_avx512_gfni;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("gfni"))
		runnable[n++] = &gf256_avx2_gfni;
	if (__builtin_cpu_supports("avx512bw"))
		runnable[n++] = &gf256_avx512_shuffle;
	if (__builtin_cpu_supports("avx2"))
		runnable[n++] = &gf256_avx2_shuffle;
#endif
	runnable[n++] = &gf256_isal;
	gf256_use(NULL);
}

RTE_INIT(gf256_init)
{
	field_init();
	factors_init();
	kernels_init();
}

const struct gf256_kernels *
gf256_kernels(unsigned int i)
{
	return i < RTE_DIM(runnable) ? runnable[i] : NULL;
}

void
gf256_use(const struct gf256_kernels *kernels)
{
	gf256_used = kernels != NULL ? kernels : runnable[0];
}
