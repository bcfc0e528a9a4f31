/* SPDX-License-Identifier: BSD-3-Clause */
/* The field's tables, and which kernels this processor can run. */
#include <rte_common.h>

#include "gf256.h"
#include "gf256_kernels.h"

#define POLYNOMIAL 0x11d

uint8_t gf256_exp[510];
uint8_t gf256_log[256];
uint8_t gf256_inverse[256];

static const struct gf256_kernels *runnable[4];
const struct gf256_kernels *gf256_used;

static void
tables_init(void)
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

RTE_INIT(gf256_init)
{
	unsigned int n = 0;

	tables_init();
	gf256_isal_init();
	runnable[n++] = &gf256_isal;
	gf256_use(NULL);
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
