/* SPDX-License-Identifier: BSD-3-Clause */
/* Integer arithmetic of rate control: what 64 bits do not hold between two operations. */
#ifndef FERRY_TFRC_MATH_H
#define FERRY_TFRC_MATH_H

#include <stdint.h>

#define TFRC_SECOND_NS UINT64_C(1000000000)

/*
 * Rates are bytes of UDP payload a second and sizes are bytes, both in units of 2^-16: the slowest
 * rate is a packet in 64 seconds (RFC 5348, 4.3), well below a byte a second for small packets.
 */
#define TFRC_SHIFT    16
#define TFRC_INFINITE UINT64_MAX /* as a rate */

/* a * b / c, rounded down; c > 0. What exceeds 64 bits becomes TFRC_INFINITE. */
static inline uint64_t
tfrc_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 q = (unsigned __int128)a * b / c;

	return q > UINT64_MAX ? UINT64_MAX : (uint64_t)q;
}

/* The square root, rounded down; two bits of the argument make one of the result. */
static inline uint32_t
tfrc_isqrt(uint64_t v)
{
	uint64_t root = 0, bit = UINT64_C(1) << 62;

	while (bit > v)
		bit >>= 2;
	while (bit != 0) {
		if (v >= root + bit) {
			v -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
		bit >>= 2;
	}
	return (uint32_t)root;
}

#endif
