/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics: the ring in shared memory, what writing it costs those who forward, and the
 * aggregation up the tree. README.md says what is measured.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stats.h"
#include "stats_tree_scene.h"

#define TREES	    50
#define TREES_QUICK 5
#define NODES	    200
#define STREAMS	    12

static char path[64];

static void
remove_ring(void)
{
	(void)unlink(path);
}

const char *
stats_path(void)
{
	if (path[0] != '\0')
		return path;
	snprintf(path, sizeof(path), "/dev/shm/ferry-bench-%d.stats", (int)getpid());
	bench_at_end(remove_ring);
	return path;
}

/* Statistics up random trees, against a direct computation. */
static void
aggregate(const struct bench_options *options)
{
	static struct stats_tree_scene scene;
	uint64_t trees = options->quick ? TREES_QUICK : TREES;
	double worst = 0;

	for (uint64_t seed = 1; seed <= trees; seed++) {
		stats_tree_scene_random(&scene, seed, NODES, STREAMS);
		stats_tree_scene_run(&scene);
		worst = fmax(worst, stats_tree_scene_error(&scene));
		stats_tree_scene_free(&scene);
	}
	printf("\nAggregation: %lu random trees of %d nodes, %d streams that a third of them "
	       "carry: greatest error of any mean\nat any node, relative to the largest value: "
	       "%.3g\n",
		(unsigned long)trees, NODES, STREAMS, worst);
	bench_figure("aggregate_error_max", worst);
	if (!(worst < 1e-9))
		bench_die("the aggregation is wrong");
}

static const struct bench_program program = {
	.name = "stats",
	.about = "Statistics in shared memory and up the tree.",
	.parts = {{"torn", "readers of a ring while it is written", stats_torn, .bare = true},
		{"aggregate", "means up random trees", aggregate, .bare = true},
		{"rate", "forwarding while statistics are written", stats_rate_fall}},
	.memory = 512,
	.memory_quick = 256,
	.two_lcores = true,
};

int
main(int argc, char **argv)
{
	return bench_main(&program, argc, argv);
}
