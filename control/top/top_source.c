/* SPDX-License-Identifier: BSD-3-Clause */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "top_source.h"

int
top_source_find(char path[TOP_PATH_MAX], char *error, size_t size)
{
	glob_t found;
	int ret = -1;

	if (glob(TOP_DIRECTORY "/*.stats", 0, NULL, &found) != 0) {
		snprintf(error, size, "no node runs here (no file in %s): name one with -f",
			TOP_DIRECTORY);
		return -1;
	}
	if (found.gl_pathc == 1 && strlen(found.gl_pathv[0]) < TOP_PATH_MAX) {
		strcpy(path, found.gl_pathv[0]);
		ret = 0;
	} else {
		int n = snprintf(error, size, "several nodes run here, choose one with -n:");

		for (size_t i = 0; i < found.gl_pathc && n > 0 && (size_t)n < size; i++) {
			const char *name = strrchr(found.gl_pathv[i], '/') + 1;

			n += snprintf(error + n, size - (size_t)n, " %.*s",
				(int)(strlen(name) - strlen(".stats")), name);
		}
	}
	globfree(&found);
	return ret;
}

static bool
open_again(struct top_source *source)
{
	ferry_stats_close(source->stats);
	source->stats = ferry_stats_open(source->path, source->state, sizeof(source->state));
	return source->stats != NULL;
}

bool
top_source_read(struct top_source *source)
{
	enum ferry_stats_liveness liveness;
	struct ferry_stats_snapshot fresh = {0};
	enum ferry_stats_result result;
	uint64_t tick;

	if (source->stats == NULL && !open_again(source))
		return false;
	liveness = ferry_stats_liveness(source->stats, 0);
	if (liveness == FERRY_STATS_REPLACED || liveness == FERRY_STATS_OVER ||
		liveness == FERRY_STATS_GONE) {
		if (!open_again(source))
			return false;
		liveness = ferry_stats_liveness(source->stats, 0);
	}
	snprintf(source->state, sizeof(source->state), "%s", ferry_stats_liveness_name(liveness));
	result = ferry_stats_snapshot(source->stats, &fresh);
	if (result != FERRY_STATS_OK) {
		ferry_stats_snapshot_free(&fresh);
		return false;
	}
	tick = ferry_stats_snapshot_node(&fresh)->head.tick;
	if (source->snapshot.count != 0 && tick == source->tick &&
		ferry_stats_started(source->stats) == source->started) {
		ferry_stats_snapshot_free(&fresh);
		return false;
	}
	ferry_stats_snapshot_free(&source->snapshot);
	source->snapshot = fresh;
	source->tick = tick;
	source->started = ferry_stats_started(source->stats);
	return true;
}

void
top_source_close(struct top_source *source)
{
	ferry_stats_close(source->stats);
	ferry_stats_snapshot_free(&source->snapshot);
	source->stats = NULL;
}
