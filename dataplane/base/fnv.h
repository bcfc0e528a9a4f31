/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FNV-1a, 64 bits, of bytes of any number (G. Fowler, L. C. Noll and K.-P. Vo): are they the same
 * again? Who chooses the bytes can make two sums equal.
 */
#ifndef FERRY_FNV_H
#define FERRY_FNV_H

#include <stddef.h>
#include <stdint.h>

/* The sum of no bytes. */
#define FNV_BEGIN UINT64_C(0xcbf29ce484222325)

/* The sum of what sum is of, and these after it. */
static inline uint64_t
fnv_add(uint64_t sum, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#endif
