/* SPDX-License-Identifier: BSD-3-Clause */
/* A small real node that writes its ring of statistics, and who reads it. */
#ifndef FERRY_EXPORT_FIXTURE_H
#define FERRY_EXPORT_FIXTURE_H

#include <unistd.h>

#include "show_harness.h"
#include "stats_export.h"
#include "unit.h"

struct fixture {
	struct harness h;
	char directory[64], path[128], error[256];
	struct stats_export e;
	struct ferry_stats *stats;
	struct ferry_stats_snapshot snapshot;
};

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct stats_export_params params;

	harness_start(&f->h);
	strcpy(f->directory, "/tmp/ferry-stats-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.stats", f->directory);
	params = (struct stats_export_params){
		.view = &f->h.view, .path = f->path, .interval_ns = 1000000000, .intervals = 2};
	assert_int_equal(
		stats_export_begin(&f->e, &params, f->h.now, f->error, sizeof(f->error)), 0);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	f->h.ctl.statistics = &f->e;
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	stats_export_end(&f->e);
	ferry_stats_close(f->stats);
	ferry_stats_snapshot_free(&f->snapshot);
	assert_int_equal(rmdir(f->directory), 0);
	harness_end(&f->h);
	free(f);
	return 0;
}

#endif
