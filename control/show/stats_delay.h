/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-way delays of a session as counts by fixed bounds, which can be added to those of other
 * nodes, from the destination's own histogram, whose bins lie about the first delay it saw. Counts
 * only grow, also when the least delay of the last minute (from which they are measured where the
 * clocks are not known to agree) changes: what came since the last look is added with the one of
 * now.
 */
#ifndef FERRY_STATS_DELAY_H
#define FERRY_STATS_DELAY_H

#include "delay_histogram.h"
#include "stats_ring.h"

struct stats_delay {
	uint32_t seen[2 * DELAY_BINS]; /* as they were */
	uint64_t bins[FERRY_STATS_DELAYS];
};

/* h: the destination's of now, base: what is taken from each delay, us. */
void stats_delay_add(struct stats_delay *d, const struct delay_histogram *h, int32_t base);

#endif
