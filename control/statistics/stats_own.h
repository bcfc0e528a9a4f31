/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node's own figures for the tree (stats_tree.h), of the time between two reports, from the
 * records of its statistics (stats_ring.h):
 *
 *	stream 0	the node itself: cpuload
 *	a source	cpuload, rate
 *	a destination	cpuload, rate, injitter, cumpktlost, fraclost, delays
 *
 * One thread.
 */
#ifndef FERRY_STATS_OWN_H
#define FERRY_STATS_OWN_H

#include "ferry_stats.h"
#include "stats_tree.h"

/* What there was at the last report; all 0 before the first, which is since the node's start. */
struct stats_own {
	struct stats_own_session *sessions; /* by ascending id */
	size_t nb_sessions;
	uint64_t busy_ns, idle_ns;
	uint64_t uptime_ns;
};

/*
 * The streams of the interval that ends with the snapshot, which has a node's record: *out is for
 * free(). name: the node's. The next interval begins here. 0, or -ENOMEM and nothing has changed.
 */
int stats_own_take(struct stats_own *own, const struct ferry_stats_snapshot *snapshot,
	const char *name, struct stats_stream **out, size_t *count);

/* The same of the whole time since the node's start. */
int stats_own_full(const struct ferry_stats_snapshot *snapshot, const char *name,
	struct stats_stream **out, size_t *count);

void stats_own_free(struct stats_own *own);

#endif
