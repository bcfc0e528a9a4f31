/* SPDX-License-Identifier: BSD-3-Clause */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "top_source.h"

#define SUFFIX ".stats"

static bool
is_alive(const char *path)
{
	char ignored[256];
	struct ferry_stats *stats = ferry_stats_open(path, ignored, sizeof(ignored));
	bool alive = stats != NULL && ferry_stats_liveness(stats, 0) == FERRY_STATS_LIVES;

	ferry_stats_close(stats);
	return alive;
}

/* Of the files, those of nodes that live to the front; returns how many. */
static size_t
living_first(char **paths, size_t n)
{
	size_t alive = 0;

	for (size_t i = 0; i < n; i++) {
		char *path = paths[i];

		if (!is_alive(path))
			continue;
		paths[i] = paths[alive];
		paths[alive++] = path;
	}
	return alive;
}

static void
tell_choice(char *const *paths, size_t n, const char *what, char *error, size_t size)
{
	size_t used = (size_t)snprintf(error, size, "%s, choose one with -n:", what);

	for (size_t i = 0; i < n && used < size; i++) {
		const char *name = strrchr(paths[i], '/') + 1;

		used += (size_t)snprintf(error + used, size - used, " %.*s",
			(int)(strlen(name) - strlen(SUFFIX)), name);
	}
}

int
top_source_find(const char *directory, char path[TOP_PATH_MAX], char *error, size_t size)
{
	char pattern[TOP_PATH_MAX];
	glob_t found = {0};
	size_t alive, n;
	int ret = -1;

	snprintf(pattern, sizeof(pattern), "%s/*" SUFFIX, directory);
	if (glob(pattern, 0, NULL, &found) != 0) {
		snprintf(error, size, "no node's statistics are in %s: name a file with -f",
			directory);
		globfree(&found);
		return -1;
	}
	alive = living_first(found.gl_pathv, found.gl_pathc);
	n = alive > 0 ? alive : found.gl_pathc;
	if (n == 1 && strlen(found.gl_pathv[0]) < TOP_PATH_MAX) {
		strcpy(path, found.gl_pathv[0]);
		ret = 0;
	} else {
		tell_choice(found.gl_pathv, n,
			alive > 0 ? "several nodes run here"
				  : "no node runs here, but several that died left their "
				    "statistics",
			error, size);
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

/* What is shown is an older one, or none. */
static void
tell_result(struct top_source *source, enum ferry_stats_result result)
{
	size_t len = strlen(source->state);

	snprintf(source->state + len, sizeof(source->state) - len, ", %s",
		result == FERRY_STATS_NOTHING  ? "no statistics yet"
		: result == FERRY_STATS_LAPPED ? "statistics come faster than they are read"
		: result == FERRY_STATS_BROKEN ? "its statistics make no sense"
					       : "out of memory");
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
		tell_result(source, result);
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
