/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tinymt32.h"

/* RFC 8682, 2.1. */
#define MAT1	    0x8f7011eeu
#define MAT2	    0xfc78ff1fu
#define TMAT	    0x3793fdffu
#define FIRST_BITS  0x7fffffffu /* the highest bit of the first word is no state */
#define MIXES	    8
#define WARM_UP	    8
#define MULTIPLIER  1812433253u
#define SHIFT_LEFT  10
#define SHIFT_RIGHT 8

/* The generator's step, on four state words of any type that has these operators. */
#define STEP(word, s)                                                                              \
	do {                                                                                       \
		word x = ((s)[0] & FIRST_BITS) ^ (s)[1] ^ (s)[2], y = (s)[3], odd;                 \
                                                                                                   \
		x ^= x << 1;                                                                       \
		y ^= (y >> 1) ^ x;                                                                 \
		odd = 0 - (y & 1);                                                                 \
		(s)[0] = (s)[1];                                                                   \
		(s)[1] = (s)[2] ^ (odd & MAT1);                                                    \
		(s)[2] = x ^ (y << SHIFT_LEFT) ^ (odd & MAT2);                                     \
		(s)[3] = y;                                                                        \
	} while (0)

void
tinymt32_init(struct tinymt32 *t, uint32_t seed)
{
	uint32_t *s = t->state;

	s[0] = seed;
	s[1] = MAT1;
	s[2] = MAT2;
	s[3] = TMAT;
	for (uint32_t i = 1; i < MIXES; i++) {
		uint32_t before = s[(i - 1) & 3];

		s[i & 3] ^= i + MULTIPLIER * (before ^ before >> 30);
	}
	for (int i = 0; i < WARM_UP; i++)
		STEP(uint32_t, s);
}

/*
 * A step is a chain of operations from one sum of words to the next one: a's, carried here, is kept
 * short, and what it does not need is beside it.
 */
void
tinymt32_bytes(struct tinymt32 *t, uint8_t *bytes, uint32_t n)
{
	uint32_t s0 = t->state[0], s1 = t->state[1], s2 = t->state[2], y = t->state[3];
	uint32_t a = (s0 & FIRST_BITS) ^ s1 ^ s2;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t before = y ^ (y >> 1), x = a ^ (a << 1), odd = 0 - ((before ^ a) & 1), sum;

		y = before ^ x;
		a = ((s1 & FIRST_BITS) ^ s2 ^ (before << SHIFT_LEFT)) ^ (x ^ (x << SHIFT_LEFT)) ^
		    (odd & (MAT1 ^ MAT2));
		s0 = s1;
		s1 = s2 ^ (odd & MAT1);
		s2 = x ^ (y << SHIFT_LEFT) ^ (odd & MAT2);
		sum = s0 + (s2 >> SHIFT_RIGHT);
		bytes[i] = (uint8_t)(y ^ sum ^ ((0 - (sum & 1)) & TMAT));
	}
	t->state[0] = s0;
	t->state[1] = s1;
	t->state[2] = s2;
	t->state[3] = y;
}

uint32_t
tinymt32_next(struct tinymt32 *t)
{
	uint32_t *s = t->state;
	uint32_t sum;

	STEP(uint32_t, s);
	sum = s[0] + (s[2] >> SHIFT_RIGHT);
	return s[3] ^ sum ^ ((0 - (sum & 1)) & TMAT);
}

/* --- several, one in each lane of a vector: the same steps ------------------------------------ */

#ifdef __x86_64__
typedef uint32_t lanes __attribute__((vector_size(4 * TINYMT32_LANES)));
typedef uint8_t low_bytes __attribute__((vector_size(TINYMT32_LANES)));

static __attribute__((target("avx512bw,avx512vl"))) void
draw_lanes(uint32_t seed, uint8_t (*bytes)[TINYMT32_LANES], uint32_t n)
{
	const lanes count = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	lanes s[4] = {count + seed, 0 * count + MAT1, 0 * count + MAT2, 0 * count + TMAT};

	for (uint32_t i = 1; i < MIXES; i++) {
		lanes before = s[(i - 1) & 3];

		s[i & 3] ^= i + MULTIPLIER * (before ^ before >> 30);
	}
	for (int i = 0; i < WARM_UP; i++)
		STEP(lanes, s);
	for (uint32_t i = 0; i < n; i++) {
		low_bytes low;
		lanes sum;

		STEP(lanes, s);
		sum = s[0] + (s[2] >> SHIFT_RIGHT);
		low = __builtin_convertvector(s[3] ^ sum ^ ((0 - (sum & 1)) & TMAT), low_bytes);
		memcpy(bytes[i], &low, sizeof(low));
	}
}
#endif

bool
tinymt32_lanes(uint32_t seed, uint8_t (*bytes)[TINYMT32_LANES], uint32_t n)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
		draw_lanes(seed, bytes, n);
		return true;
	}
#endif
	(void)seed;
	(void)bytes;
	(void)n;
	return false;
}
