/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the cycles go: the worker samples its own stages, as it does at work. */
#include <stdio.h>
#include <stdlib.h>

#include "stages.h"

#define WORKING_SET  512
#define SAMPLE_EVERY 8 /* turns */
#define TURNS	     40000
#define TURNS_QUICK  400
#define SHORTEST_OF  100

static const char *const names[STAGE_COUNT] = {
#define STAGE_NAME(name, text) #name,
	OBSERVE_STAGES(STAGE_NAME)
#undef STAGE_NAME
};

/* A turn that took longer than this was interrupted. */
static uint64_t
find_gap(struct scene *scene)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < SHORTEST_OF; i++) {
		uint64_t begin = rte_rdtsc(), took;

		(void)scene_turn(scene);
		took = rte_rdtsc() - begin;
		if (took < least)
			least = took;
	}
	return least * 4;
}

static void
sample(struct scene *scene, unsigned int turns, struct bench_samples stage[STAGE_COUNT])
{
	const struct worker_counters *counters = &scene->node->workers[0]->counters;
	uint64_t cycles[STAGE_COUNT] = {0}, packets = 0, gap, received, sent;

	scene_set(scene);
	received = counters->received;
	sent = scene_sent(scene);
	gap = find_gap(scene);
	for (unsigned int i = 0; i < turns || packets == 0; i++) {
		if (i % SAMPLE_EVERY == 0)
			packets += scene_turn_sampled(scene, gap, cycles);
		else
			(void)scene_turn(scene);
	}
	/* The port's stages are part of every packet's way: none marked is no measurement. */
	if (cycles[STAGE_receive] + cycles[STAGE_input] == 0) {
		fputs("stages: the worker marked no stage\n", stderr);
		exit(EXIT_FAILURE);
	}
	scene_check(scene, counters->received - received, scene_sent(scene) - sent);
	for (int i = 0; i < STAGE_COUNT; i++)
		bench_add(&stage[i], (double)cycles[i] / (double)packets);
}

static void
measure(const struct bench_options *options, const struct stages_case *c)
{
	struct scene_params params = {
		.kind = SCENE_NODE,
		.egress = c->egress,
		.tfrc = c->tfrc,
		.installed = c->installed,
		.frames = {.kind = c->kind,
			.payload = 64,
			.hops = STAGES_HOPS,
			.ways = c->ways,
			.many_senders = c->many_senders,
			.sparse = true,
			.sessions = 1},
	};
	struct bench_samples stage[STAGE_COUNT] = {0};
	struct scene scene;
	struct loop loop;

	loop_init(&loop, "split", WORKING_SET);
	scene_init(&scene, &loop, &params);
	for (unsigned int run = 0; run < options->runs; run++)
		sample(&scene, options->quick ? TURNS_QUICK : TURNS, stage);
	printf("%-15s", c->name);
	for (int i = 0; i < STAGE_COUNT; i++) {
		char key[64];

		snprintf(key, sizeof(key), "stage_%s_%s", c->name, names[i]);
		bench_figure(key, bench_stat(&stage[i]).median);
		printf(" | %8.1f", bench_stat(&stage[i]).median);
	}
	printf("\n");
	scene_free(&scene);
	loop_free(&loop);
}

void
stages_split(const struct bench_options *options)
{
	printf("\nStages of the pipeline, %u packets in turn, 64 bytes of payload, IPv4, %u next "
	       "hops: "
	       "TSC cycles a packet that came\n"
	       "  (receive and send contain the loop's source and sink; reading the TSC costs "
	       "about "
	       "1 each)\n\n%-15s",
		WORKING_SET, STAGES_HOPS, "case");
	for (int i = 0; i < STAGE_COUNT; i++)
		printf(" | %8s", names[i]);
	printf("\n");
	for (unsigned int i = 0; i < STAGES_CASES; i++)
		measure(options, &stages_all_cases[i]);
}
