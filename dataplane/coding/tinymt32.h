/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TinyMT32, the pseudo-random generator of RFC 8682, with the parameters that the RFC fixes: any
 * implementation draws the same numbers from the same seed. Not for secrets.
 */
#ifndef FERRY_TINYMT32_H
#define FERRY_TINYMT32_H

#include <stdbool.h>
#include <stdint.h>

struct tinymt32 {
	uint32_t state[4];
};

/* Any seed is good, 0 too. */
void tinymt32_init(struct tinymt32 *t, uint32_t seed);

/* The next number. */
uint32_t tinymt32_next(struct tinymt32 *t);

/* The low bytes of the next n numbers, faster. */
void tinymt32_bytes(struct tinymt32 *t, uint8_t *bytes, uint32_t n);

/*
 * The same of several generators at once, from the beginning, with seeds that follow each other
 * from seed on: bytes[i] is number i of each. False: this processor has no such wide registers, and
 * nothing is drawn.
 */
#define TINYMT32_LANES 16
bool tinymt32_lanes(uint32_t seed, uint8_t (*bytes)[TINYMT32_LANES], uint32_t n);

#endif
