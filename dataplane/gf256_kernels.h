/* SPDX-License-Identifier: BSD-3-Clause */
/* The sets of kernels, and what they share. gf256.c offers those that the processor can run. */
#ifndef FERRY_GF256_KERNELS_H
#define FERRY_GF256_KERNELS_H

#include "gf256.h"

extern const struct gf256_kernels gf256_isal;

/* Makes the tables of gf256_isal; once, before its first use. */
void gf256_isal_init(void);

#endif
