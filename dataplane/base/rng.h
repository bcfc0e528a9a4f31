/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeded random numbers: xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled", 2016), its state spread from the seed by splitmix64. Not for
 * secrets. One owner a state; two states of one seed give the same numbers.
 */
#ifndef FERRY_RNG_H
#define FERRY_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state; /* never 0 */
};

static inline void
rng_seed(struct rng *rng, uint64_t seed)
{
	uint64_t z = seed + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	rng->state = z != 0 ? z : 1;
}

static inline uint64_t
rng_next(struct rng *rng)
{
	uint64_t x = rng->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * 0x2545f4914f6cdd1du;
}

/* Uniform in [0, n), n > 0; the bias is below n / 2^32. */
static inline uint32_t
rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)(((rng_next(rng) >> 32) * n) >> 32);
}

/* Uniform in (0, 1]; never 0, so that its logarithm is finite. */
static inline double
rng_unit(struct rng *rng)
{
	return (double)((rng_next(rng) >> 11) + 1) * 0x1p-53;
}

#endif
