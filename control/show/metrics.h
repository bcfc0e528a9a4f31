/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node's statistics as OpenMetrics text, version 1.0 (prometheus.io), from the records of an
 * interval (stats_ring.h). What is not known is left out. Knows no node and no DPDK.
 */
#ifndef FERRY_METRICS_H
#define FERRY_METRICS_H

#include <stdbool.h>

#include "ferry_stats.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct evbuffer;

/* Where writing has come to; all 0 at the beginning. */
struct metrics_cursor {
	uint32_t family, record;
	bool done;
};

/*
 * Appends the next piece (some ten thousand bytes) to out; cursor->done after the last. The
 * snapshot stays the same from piece to piece. False: out of memory.
 */
bool metrics_write(struct evbuffer *out, const struct ferry_stats_snapshot *snapshot,
	struct metrics_cursor *cursor);

#endif
