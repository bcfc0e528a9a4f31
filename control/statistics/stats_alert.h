/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thresholds: when the greatest value of a stream's name (stats_tree.h) passes one, either way. A
 * level is left downwards only once the value is below 95 % of its threshold, so that one that
 * swings about it does not raise an alert each time. One thread.
 */
#ifndef FERRY_STATS_ALERT_H
#define FERRY_STATS_ALERT_H

#include "stats_tree.h"

enum stats_level {
	STATS_CLEAR,
	STATS_WARNING,
	STATS_DANGER,
};

/* "clear", "warning", "danger". */
const char *stats_level_name(enum stats_level level);

/* From warning or danger on; INFINITY: that level never. danger >= warning. */
struct stats_threshold {
	double warning, danger;
};

struct stats_alert {
	uint64_t id; /* the stream; 0 = the node itself */
	enum stats_name name;
	enum stats_level level;
	double value;
	double threshold; /* that of level; of CLEAR, the one that was left */
	char node[STATS_NODE_MAX + 1];
};

/* Told of each change. When another node is the worst, the one before is cleared first. */
typedef void stats_alert_tell(void *ctx, const struct stats_alert *alert);

struct stats_alerts;

/* NULL = out of memory. Thresholds by name. */
struct stats_alerts *stats_alerts_new(const struct stats_threshold thresholds[STATS_NAME_COUNT],
	stats_alert_tell *tell, void *ctx);
void stats_alerts_free(struct stats_alerts *alerts);
/* Other thresholds, for the next check: what stands by them still is not told again. */
void stats_alerts_set(
	struct stats_alerts *alerts, const struct stats_threshold thresholds[STATS_NAME_COUNT]);

/*
 * Looks at all streams, sorted by id as stats_tree_sum gives them; those of which there is no word
 * any more are clear. 0, or -ENOMEM: then some alerts were not raised.
 */
int
stats_alerts_check(struct stats_alerts *alerts, const struct stats_stream *streams, size_t count);

/* Those that stand now, by id and name; until the next check. */
const struct stats_alert *stats_alerts_list(const struct stats_alerts *alerts, size_t *count);

#endif
