/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet costs as sessions grow: each packet is of another session than the one before. */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "stages.h"

#define WORKING_SET 512
#define HOPS	    256

static const uint32_t sessions[] = {1, 100, 10000, 100000};

#define SESSIONS RTE_DIM(sessions)

static const struct {
	const char *name;
	enum frames_kind kind;
	bool egress;
} roles[] = {
	{"relay", FRAMES_RELAY, false},
	{"source", FRAMES_INGRESS_UDP, false},
	{"destination", FRAMES_DESTINATION, false},
	{"egress", FRAMES_DESTINATION, true},
};

static void
print_rows(
	unsigned int role, struct scene io[SESSIONS], struct scene node[SESSIONS], unsigned int n)
{
	struct bench_samples first = stages_net(&node[0], &io[0]);

	for (unsigned int i = 0; i < n; i++) {
		struct bench_samples net = stages_net(&node[i], &io[i]);
		struct bench_stat all = bench_stat(&net), growth = bench_ratio(&net, &first);
		char key[64];

		printf("%-15s %8u | %7.1f (%6.1f..%7.1f) | %5.2f (%4.2f..%4.2f)\n",
			roles[role].name, sessions[i], all.median, all.min, all.max, growth.median,
			growth.min, growth.max);
		if (sessions[i] != 100000)
			continue;
		snprintf(key, sizeof(key), "growth_sessions_100k_%s", roles[role].name);
		bench_figure(key, growth.median);
		if (strcmp(roles[role].name, "relay") == 0)
			bench_figure("growth_sessions_100k", growth.median);
	}
}

static void
measure(const struct bench_options *options, unsigned int role, unsigned int n)
{
	static struct scene io[SESSIONS], node[SESSIONS];
	struct scene *scenes[SESSIONS * 2];
	struct loop hot, loop;

	loop_init(&hot, "hot", LOOP_BURST);
	loop_init(&loop, "loop", WORKING_SET);
	for (unsigned int i = 0; i < n; i++) {
		struct scene_params params = {
			.kind = SCENE_IO,
			.egress = roles[role].egress,
			.frames = {.kind = roles[role].kind,
				.payload = 64,
				.hops = HOPS,
				.ways = 1,
				.sparse = true,
				.sessions = sessions[i]},
		};

		scene_init(&io[i], &hot, &params);
		params.kind = SCENE_NODE;
		scene_init(&node[i], &loop, &params);
		scenes[i * 2] = &io[i];
		scenes[i * 2 + 1] = &node[i];
	}
	stages_run(options, scenes, n * 2);
	print_rows(role, io, node, n);
	for (unsigned int i = 0; i < n * 2; i++)
		scene_free(scenes[i]);
	loop_free(&loop);
	loop_free(&hot);
}

void
stages_sessions(const struct bench_options *options)
{
	printf("\nSessions, %u packets in turn, 64 bytes of payload, IPv4, %u next hops: TSC "
	       "cycles "
	       "a packet\n\n"
	       "role            sessions | net of the loop           | to 1 session\n",
		WORKING_SET, HOPS);
	for (unsigned int role = 0; role < RTE_DIM(roles); role++)
		measure(options, role, options->quick ? 2 : SESSIONS);
}
