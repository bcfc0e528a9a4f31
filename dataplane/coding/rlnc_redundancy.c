/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include <rte_common.h>

#include "rlnc_redundancy.h"

#define MILLION 1e6

/*
 * Share of source packets that stay lost, of n with r repairs, if each packet is lost with odds p,
 * each for itself: where more than r are lost, those that were, or all.
 */
static double
residual(uint32_t n, uint32_t r, double p, bool whole)
{
	double all = (double)n + r, odds = pow(1 - p, all), sum = 0;

	for (uint32_t lost = 0; lost <= n + r; lost++) {
		if (lost > r)
			sum += whole ? odds : odds * lost / all;
		odds *= (all - lost) / (lost + 1) * p / (1 - p);
	}
	return sum;
}

uint32_t
rlnc_redundancy(uint32_t n, uint32_t loss, bool whole, uint32_t target, uint32_t most)
{
	double p = RTE_MIN(loss, RLNC_LOSS_MOST) / MILLION;
	uint32_t r = 0;

	/* By halves, for a worker waits: with each repair less stays lost. */
	while (r < most) {
		uint32_t middle = r + (most - r) / 2;

		if (residual(n, middle, p, whole) > target / MILLION)
			r = middle + 1;
		else
			most = middle;
	}
	return r;
}

uint32_t
rlnc_redundancy_way(uint32_t n, struct rlnc_way way, bool whole, uint32_t target, uint32_t most)
{
	uint32_t most_loss = RTE_MIN(way.loss, RLNC_LOSS_MOST),
		 regained = RTE_MIN(way.regained, most_loss), all;
	double kept = 1 - regained / MILLION, own;

	if (regained == 0)
		return rlnc_redundancy(n, way.loss, whole, target, most);
	all = n + rlnc_redundancy(n, way.loss, true, target / 2, (uint32_t)((n + most) / kept) - n);
	own = ceil(all * kept - 1e-9); /* a whole number may be computed as a little more */
	return own <= n ? 0 : RTE_MIN((uint32_t)own - n, most);
}
