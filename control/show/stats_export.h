/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a node's statistics to its ring in shared memory, an interval's records at a time: from
 * the counters that show.h shows, as the workers go on writing them. Never waits for a reader.
 *
 * The control thread's, with control_lock held.
 */
#ifndef FERRY_STATS_EXPORT_H
#define FERRY_STATS_EXPORT_H

#include <stdbool.h>

#include "ferry_stats.h"
#include "show.h"
#include "stats_writer.h"

struct stats_session;
struct stats_feeder;
struct stats_queue;

struct stats_export {
	const struct show_view *view;
	const char *path;
	uint64_t interval_ns;
	uint32_t intervals; /* that the ring holds at least */
	struct stats_writer writer;
	uint64_t pause, retry; /* ns: another file could not be had; 0 = it could */
	uint64_t tick;	       /* number of the last interval */
	bool hidden;	       /* another file has its name, which was told */
	bool starved;	       /* there is no memory for all of `latest`, which was told */

	/* What was at the last interval. */
	struct stats_session *sessions; /* by index of the book's entries */
	uint32_t room;			/* of them */
	struct stats_feeder *feeders;	/* by link index */
	struct stats_queue *queues[WORKERS_MAX];
	struct rate drops[DROP_COUNT];
	struct rate busy, idle;

	struct ferry_stats_snapshot latest; /* the last interval, as it was written */
};

struct stats_export_params {
	const struct show_view *view;
	const char *path; /* lives as long; NULL: no file, only `latest` */
	uint64_t interval_ns;
	uint32_t intervals; /* at least 2 */
};

/* 0, or a negative errno with a sentence in error. */
int stats_export_begin(struct stats_export *e, const struct stats_export_params *params,
	uint64_t now, char *error, size_t size);

/*
 * Writes an interval; now as worker_poll's. 0, or a sentence in error: a negative errno, told once,
 * if another file is needed (sessions came, or somebody cut it short or removed it) and cannot be
 * had; then the old one goes on while it holds an interval, and another is tried after ever longer
 * pauses; 1 when there is one. Told once too: -EEXIST if another file took its name; -ENOMEM if
 * `latest` cannot hold all, and what comes last is missing there.
 */
int stats_export_tick(struct stats_export *e, uint64_t now, char *error, size_t size);

/* Ends the file, too. */
void stats_export_end(struct stats_export *e);

#endif
