/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "relay_latency.h"

/* Lowest value of a bin. */
static double
bin_begin(uint32_t bin)
{
	uint32_t shift;

	if (bin < 2u << RELAY_LATENCY_BITS)
		return bin;
	shift = (bin >> RELAY_LATENCY_BITS) - 1;
	return ldexp(
		(bin & ((1u << RELAY_LATENCY_BITS) - 1)) + (1u << RELAY_LATENCY_BITS), (int)shift);
}

double
relay_latency_quantile(const struct relay_latency *l, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)l->count), sum = 0;

	if (wanted == 0)
		wanted = 1;
	for (uint32_t bin = 0; bin + 1 < RELAY_LATENCY_BINS; bin++) {
		double middle = (bin_begin(bin) + bin_begin(bin + 1) - 1) / 2;

		sum += l->bins[bin];
		if (sum >= wanted)
			return middle < (double)l->max ? middle : (double)l->max;
	}
	return 0;
}
