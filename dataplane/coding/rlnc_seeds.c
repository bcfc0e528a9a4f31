/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "rlnc_seeds.h"

static_assert(TINYMT32_LANES == 16, "bits of there");

/* Those of all seeds beside this one, where the processor can and none of a seed's numbers is 0. */
static void
draw(struct rlnc_seeds *seeds, uint16_t seed, uint8_t n)
{
	uint8_t numbers[RLNC_SPAN_MAX][TINYMT32_LANES];

	seeds->first = seed & ~(TINYMT32_LANES - 1);
	seeds->n = n;
	seeds->there = 0;
	if (!tinymt32_lanes(seeds->first, numbers, n))
		return;
	for (uint16_t lane = 0; lane < TINYMT32_LANES; lane++) {
		bool whole = true;

		for (uint8_t i = 0; i < n; i++) {
			seeds->coeffs[lane][i] = numbers[i][lane];
			whole &= numbers[i][lane] != 0;
		}
		seeds->there |= (uint16_t)(whole << lane);
	}
}

void
rlnc_seeds_coeffs(struct rlnc_seeds *seeds, uint16_t seed, uint8_t *coeffs, uint8_t n)
{
	uint16_t lane = seed % TINYMT32_LANES;

	if (unlikely(seeds->n < n || seeds->first != seed - lane))
		draw(seeds, seed, n);
	if (unlikely((seeds->there >> lane & 1) == 0)) {
		rlnc_seed_coeffs(seed, seeds->coeffs[lane], seeds->n);
		seeds->there |= (uint16_t)(1 << lane);
	}
	memcpy(coeffs, seeds->coeffs[lane], n);
}
