/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A weighted random choice in O(1), however many to choose from: Walker's alias method with Vose's
 * construction (M. Vose, "A linear algorithm for generating random numbers with a given
 * distribution", 1991).
 */
#ifndef FERRY_ALIAS_H
#define FERRY_ALIAS_H

#include <stdint.h>

#include "rng.h"

#define ALIAS_MAX 256

struct alias_entry {
	uint32_t keep; /* the column's own share, units of 2^-32; UINT32_MAX = all of it */
	uint32_t other;
};

/*
 * Fills table[0..n) from n weights, 1 <= n <= ALIAS_MAX, their sum above 0 and below 2^40.
 * 0, or -EINVAL.
 */
int alias_build(struct alias_entry *table, const uint32_t *weights, uint32_t n);

static inline uint32_t
alias_pick(const struct alias_entry *table, uint32_t n, struct rng *rng)
{
	uint64_t r = rng_next(rng);
	uint32_t column = (uint32_t)(((r >> 32) * n) >> 32);
	const struct alias_entry *entry = &table[column];
	/* The low half decides within the column; a mask instead of a branch that data decides. */
	uint32_t other = -(uint32_t)((uint32_t)r > entry->keep);

	return (column & ~other) | (entry->other & other);
}

#endif
