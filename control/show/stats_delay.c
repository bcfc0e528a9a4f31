/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats_delay.h"

static const uint32_t bounds[FERRY_STATS_DELAYS - 1] = FERRY_STATS_DELAY_BOUNDS;

static uint32_t
bin_of(int64_t delay)
{
	uint32_t bin = 0;

	while (bin < FERRY_STATS_DELAYS - 1 && delay > (int64_t)bounds[bin])
		bin++;
	return bin;
}

void
stats_delay_add(struct stats_delay *d, const struct delay_histogram *h, int32_t base)
{
	for (uint32_t i = 0; i < 2 * DELAY_BINS; i++) {
		/* They wrap; what came since does not. */
		uint32_t since = h->bins[i] - d->seen[i];

		if (since == 0)
			continue;
		d->bins[bin_of((int64_t)delay_histogram_middle(h, i) - base)] += since;
		d->seen[i] = h->bins[i];
	}
}
