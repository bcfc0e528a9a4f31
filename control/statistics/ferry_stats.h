/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libferry-stats: reads the statistics that a node writes to shared memory (stats_ring.h says what
 * there is). Nothing that a reader does can be noticed by the node.
 *
 * A reader belongs to one thread at a time; any number of them may read one file. What lies in the
 * file is taken as somebody else's: whatever it holds, a reader stays within its mapping, and what
 * it returns has names that end and are of printable ASCII ('?' stands for all else), types that
 *are known or to be left out, and counts within bounds. Numbers are as the file has them.
 *
 *	struct ferry_stats *stats = ferry_stats_open("/run/ferry/left.stats", error, sizeof(error));
 *	struct ferry_stats_snapshot snapshot = {0};
 *
 *	while (stats != NULL && ferry_stats_snapshot(stats, &snapshot) == FERRY_STATS_OK) {
 *		for (uint32_t i = 0; i < snapshot.count; i++)
 *			look_at(&snapshot.records[i]);
 *		sleep(1);
 *	}
 */
#ifndef FERRY_STATS_H
#define FERRY_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "stats_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Upper bounds of the bins of a session's delays, us; the last bin has none. */
extern const uint32_t ferry_stats_delay_bounds[FERRY_STATS_DELAYS - 1];

struct ferry_stats;

enum ferry_stats_result {
	FERRY_STATS_OK = 0,
	FERRY_STATS_NOTHING = 1, /* nothing (new) there yet */
	FERRY_STATS_LAPPED = 2,	 /* the writer was faster: what was asked for is overwritten */
	FERRY_STATS_BROKEN = -1, /* what is there makes no sense */
	FERRY_STATS_NO_MEMORY = -2,
};

/*
 * Opens a node's file. NULL with a sentence in error: not there, not such a file, another version.
 */
struct ferry_stats *ferry_stats_open(const char *path, char *error, size_t size);

/* The same of memory (aligned to 64 bytes), which stays the caller's and mapped until the end. */
struct ferry_stats *
ferry_stats_open_memory(const void *memory, size_t bytes, char *error, size_t size);

/* NULL is allowed. */
void ferry_stats_close(struct ferry_stats *stats);

enum ferry_stats_liveness {
	FERRY_STATS_LIVES,
	FERRY_STATS_SILENT,   /* no heartbeat for three intervals and a second: dead, or stopped */
	FERRY_STATS_OVER,     /* ended, or cut short: open again, if there is a new one */
	FERRY_STATS_REPLACED, /* the file of that name is another one: open again */
	FERRY_STATS_GONE,     /* there is no file of that name any more */
};

/*
 * How the writer is. To read on in a file that somebody has cut short would end the program
 * (SIGBUS): only this and ferry_stats_snapshot look before they read. now_ns: CLOCK_MONOTONIC; 0:
 * read it.
 */
enum ferry_stats_liveness ferry_stats_liveness(const struct ferry_stats *stats, uint64_t now_ns);

/* "lives", "silent", ... */
const char *ferry_stats_liveness_name(enum ferry_stats_liveness liveness);

/* What the header says and never changes. The name is the reader's own. */
const char *ferry_stats_node_name(const struct ferry_stats *stats);
uint32_t ferry_stats_node_id(const struct ferry_stats *stats);
uint64_t ferry_stats_interval(const struct ferry_stats *stats); /* ns, at least 1 */
uint64_t ferry_stats_started(const struct ferry_stats *stats);	/* utc_ns */
uint32_t ferry_stats_slots(const struct ferry_stats *stats);

/* Number of the next record to be written. */
uint64_t ferry_stats_next_number(const struct ferry_stats *stats);

/* Reads record number: OK, NOTHING (not written yet), LAPPED, or BROKEN. */
enum ferry_stats_result ferry_stats_read(
	const struct ferry_stats *stats, uint64_t number, union ferry_stats_record *record);

/*
 * Reads one after another: the record at the reader's own place, which begins with what is written
 * after it was opened. OK, NOTHING, or BROKEN (the place moves on). *lost, if not NULL, is raised
 * by how many were overwritten before they were read; the place then moves to the middle of what
 * is still there.
 */
enum ferry_stats_result
ferry_stats_follow(struct ferry_stats *stats, union ferry_stats_record *record, uint64_t *lost);

/* All records of one interval, the node's last. */
struct ferry_stats_snapshot {
	union ferry_stats_record *records;
	uint32_t count, room;
};

/*
 * The latest whole interval, into a snapshot that is all 0 before the first time and the caller's
 * to free. OK, NOTHING, BROKEN, NO_MEMORY; LAPPED after some tries: the ring is too small for
 * this reader. After anything but OK it is empty.
 */
enum ferry_stats_result
ferry_stats_snapshot(const struct ferry_stats *stats, struct ferry_stats_snapshot *snapshot);
void ferry_stats_snapshot_free(struct ferry_stats_snapshot *snapshot);

/* The node's record; NULL if the snapshot is empty. */
const struct ferry_stats_node *
ferry_stats_snapshot_node(const struct ferry_stats_snapshot *snapshot);

/*
 * Delay (us) up to which the share q (0 to 1) of all lies: interpolated within its bin; NAN of
 * none.
 */
double ferry_stats_delay_quantile(const uint64_t delays[FERRY_STATS_DELAYS], double q);

/* "degraded"; "?" of what is not known. */
const char *ferry_stats_link_state_name(uint32_t state);
const char *ferry_stats_pacing_name(uint32_t pacing);
const char *ferry_stats_session_state_name(uint32_t state);
const char *ferry_stats_code_name(uint32_t code); /* "off", "block", "window" */

#ifdef __cplusplus
}
#endif

#endif
