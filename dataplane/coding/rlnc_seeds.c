/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_branch_prediction.h>

#include "rlnc_seeds.h"

/* The numbers of this seed are there? */
static inline bool
has(const struct rlnc_seeds *seeds, uint16_t seed, uint8_t n)
{
	return seeds->n >= n && (uint16_t)(seed - seeds->first) < TINYMT32_LANES;
}

/* Those of all seeds beside this one; false: the processor cannot. */
static bool
draw(struct rlnc_seeds *seeds, uint16_t seed, uint8_t n)
{
	seeds->first = seed & ~(TINYMT32_LANES - 1);
	seeds->n = tinymt32_lanes(seeds->first, seeds->numbers, n) ? n : 0;
	return seeds->n != 0;
}

void
rlnc_seeds_coeffs(struct rlnc_seeds *seeds, uint16_t seed, uint8_t *coeffs, uint8_t n)
{
	uint16_t lane = seed % TINYMT32_LANES;
	bool usable = has(seeds, seed, n) || draw(seeds, seed, n);

	for (uint8_t i = 0; usable && i < n; i++) {
		coeffs[i] = seeds->numbers[i][lane];
		usable = coeffs[i] != 0;
	}
	/* A number that is 0 is passed over: then one more is needed. */
	if (unlikely(!usable))
		rlnc_seed_coeffs(seed, coeffs, n);
}
