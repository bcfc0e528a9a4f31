/* SPDX-License-Identifier: BSD-3-Clause */
/* What it costs a relay to forward only sessions that it was told of, by how many there are. */
#include <stdio.h>

#include <rte_common.h>

#include "stages.h"

#define WORKING_SET 512

static const uint32_t sessions[] = {1, 100, 10000, 100000};

#define SESSIONS RTE_DIM(sessions)

/* The loop's own cost, and a relay that forwards all, and one that forwards these only. */
struct trio {
	struct scene io, open, installed;
};

static void
init(struct trio *trio, struct loop *hot, struct loop *loop, uint32_t nb_sessions)
{
	struct scene_params params = {
		.kind = SCENE_IO,
		.frames = {.kind = FRAMES_RELAY,
			.payload = 64,
			.hops = STAGES_HOPS,
			.ways = 1,
			.sparse = true,
			.sessions = nb_sessions},
	};

	scene_init(&trio->io, hot, &params);
	params.kind = SCENE_NODE;
	scene_init(&trio->open, loop, &params);
	params.installed = true;
	scene_init(&trio->installed, loop, &params);
}

static void
print_row(const struct trio *trio, uint32_t nb_sessions)
{
	struct bench_samples open = stages_net(&trio->open, &trio->io);
	struct bench_samples installed = stages_net(&trio->installed, &trio->io);
	struct bench_stat before = bench_stat(&open), after = bench_stat(&installed);
	struct bench_stat ratio = bench_ratio(&installed, &open);
	char key[64];

	printf("%8u | %6.1f (%5.1f..%5.1f) | %6.1f (%5.1f..%5.1f) | %5.2f (%4.2f..%4.2f)\n",
		nb_sessions, before.median, before.min, before.max, after.median, after.min,
		after.max, ratio.median, ratio.min, ratio.max);
	snprintf(key, sizeof(key), "installed_ratio_sessions_%u", nb_sessions);
	bench_figure(key, ratio.median);
}

void
stages_installed(const struct bench_options *options)
{
	unsigned int n = options->quick ? 2 : SESSIONS;
	static struct trio trios[SESSIONS];
	struct scene *scenes[SESSIONS * 3];
	struct loop hot, loop;

	loop_init(&hot, "hot", LOOP_BURST);
	loop_init(&loop, "loop", WORKING_SET);
	for (unsigned int i = 0; i < n; i++) {
		init(&trios[i], &hot, &loop, sessions[i]);
		scenes[i * 3] = &trios[i].io;
		scenes[i * 3 + 1] = &trios[i].open;
		scenes[i * 3 + 2] = &trios[i].installed;
	}
	stages_run(options, scenes, n * 3);
	printf("\nForwarding, %u packets in turn, each of another session than the one before, 64 "
	       "bytes of payload,\nIPv4, %u next hops: TSC cycles a packet, net of the loop\n\n"
	       "sessions | open                   | installed              | ratio\n",
		WORKING_SET, STAGES_HOPS);
	for (unsigned int i = 0; i < n; i++)
		print_row(&trios[i], sessions[i]);
	for (unsigned int i = 0; i < n * 3; i++)
		scene_free(scenes[i]);
	loop_free(&loop);
	loop_free(&hot);
}
