/* SPDX-License-Identifier: BSD-3-Clause */
/* Each kind of work that a node does, by payload and IP family. */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "stages.h"

const struct stages_case stages_all_cases[STAGES_CASES] = {
	{"relay", FRAMES_RELAY, 1},
	{"relay_from8", FRAMES_RELAY, 1, .many_senders = true},
	{"relay_tfrc", FRAMES_RELAY, 1, .tfrc = true},
	{"relay_installed", FRAMES_RELAY, 1, .installed = true},
	{"multicast2", FRAMES_RELAY, 2},
	{"multicast4", FRAMES_RELAY, 4},
	{"multicast16", FRAMES_RELAY, 16},
	{"destination", FRAMES_DESTINATION, 1},
	{"egress", FRAMES_DESTINATION, 1, .egress = true},
	{"source", FRAMES_INGRESS_UDP, 1},
	{"source16", FRAMES_INGRESS_UDP, 16},
};

#define CASES STAGES_CASES
#define HOPS  STAGES_HOPS

static const uint32_t working_sets[] = {512, 65536};

/* A case and the loop's own cost with the same frames. */
struct pair {
	struct scene io, node;
};

static void
init(struct pair *pair, unsigned int i, struct loop *hot, struct loop *loop,
	const struct frames_params *like)
{
	struct scene_params params = {
		.kind = SCENE_IO,
		.egress = stages_all_cases[i].egress,
		.tfrc = stages_all_cases[i].tfrc,
		.installed = stages_all_cases[i].installed,
		.frames = *like,
	};

	params.frames.kind = stages_all_cases[i].kind;
	params.frames.ways = stages_all_cases[i].ways;
	params.frames.many_senders = stages_all_cases[i].many_senders;
	scene_init(&pair->io, hot, &params);
	params.kind = SCENE_NODE;
	scene_init(&pair->node, loop, &params);
}

static void
figures(unsigned int i, const struct frames_params *frames, double median)
{
	char key[64];

	snprintf(key, sizeof(key), "cycles_%s_%u_ipv%d%s", stages_all_cases[i].name,
		frames->payload, frames->ipv6 ? 6 : 4, frames->checked ? "_checked" : "");
	bench_figure(key, median);
}

static void
print_rows(struct pair pairs[CASES], uint32_t working_set, const struct frames_params *frames)
{
	struct bench_samples unicast = stages_net(&pairs[0].node, &pairs[0].io);

	for (unsigned int i = 0; i < CASES; i++) {
		struct bench_samples net = stages_net(&pairs[i].node, &pairs[i].io), copy = {0};
		struct bench_stat all = bench_stat(&net), io = bench_stat(&pairs[i].io.cycles);
		struct bench_stat each, ratio;

		for (unsigned int k = 0; k < net.n; k++)
			bench_add(&copy, net.value[k] / stages_all_cases[i].ways);
		each = bench_stat(&copy);
		ratio = bench_ratio(&copy, &unicast);
		printf("%8u %6u IPv%d %-3s %-15s | %6.1f | %7.1f (%6.1f..%7.1f) | %6.1f | %5.2f "
		       "(%4.2f..%4.2f)\n",
			working_set, frames->payload, frames->ipv6 ? 6 : 4,
			frames->checked ? "yes" : "no", stages_all_cases[i].name, io.median,
			all.median, all.min, all.max, each.median, ratio.median, ratio.min,
			ratio.max);
		if (working_set != working_sets[0])
			continue;
		figures(i, frames, all.median);
		if (frames->payload != 64 || frames->ipv6 || frames->checked)
			continue;
		if (strcmp(stages_all_cases[i].name, "multicast16") == 0)
			bench_figure("multicast16_ratio", ratio.median);
		if (strcmp(stages_all_cases[i].name, "relay_from8") == 0)
			bench_figure("from8_ratio", ratio.median);
		if (strcmp(stages_all_cases[i].name, "relay_tfrc") == 0)
			bench_figure("tfrc_ratio", ratio.median);
		if (strcmp(stages_all_cases[i].name, "relay_installed") == 0)
			bench_figure("installed_ratio", ratio.median);
	}
}

static void
measure(const struct bench_options *options, uint32_t working_set,
	const struct frames_params *frames)
{
	static struct pair pairs[CASES];
	struct scene *scenes[CASES * 2];
	struct loop hot, loop;

	loop_init(&hot, "hot", LOOP_BURST);
	loop_init(&loop, "loop", working_set);
	for (unsigned int i = 0; i < CASES; i++) {
		init(&pairs[i], i, &hot, &loop, frames);
		scenes[i * 2] = &pairs[i].io;
		scenes[i * 2 + 1] = &pairs[i].node;
	}
	stages_run(options, scenes, RTE_DIM(scenes));
	print_rows(pairs, working_set, frames);
	for (unsigned int i = 0; i < RTE_DIM(scenes); i++)
		scene_free(scenes[i]);
	loop_free(&loop);
	loop_free(&hot);
}

static void
families(const struct bench_options *options, uint32_t working_set, uint16_t payload)
{
	struct frames_params frames = {
		.payload = payload, .hops = HOPS, .sparse = true, .sessions = 1};

	for (int ipv6 = 0; ipv6 <= 1; ipv6++) {
		for (int checked = 0; checked <= !options->quick; checked++) {
			frames.ipv6 = ipv6;
			frames.checked = checked;
			measure(options, working_set, &frames);
		}
	}
}

void
stages_cases(const struct bench_options *options)
{
	static const uint16_t payloads[] = {64, 1400};

	printf("\nEach kind of work, %u next hops: TSC cycles a packet that came, median "
	       "(least..most)\n"
	       "  chk: the port says that IPv4 and UDP checksums are right, as a NIC does\n"
	       "  loop: cost of the loop itself, taken off; copy: for each packet that left, and "
	       "as a "
	       "ratio to relay\n\n"
	       " packets  bytes      chk case            |   loop |  in all                   |   "
	       "copy | "
	       "ratio\n",
		HOPS);
	for (unsigned int i = 0; i < RTE_DIM(payloads); i++)
		families(options, working_sets[0], payloads[i]);
	for (unsigned int set = 1; !options->quick && set < RTE_DIM(working_sets); set++)
		measure(options, working_sets[set],
			&(struct frames_params){
				.payload = 64, .hops = HOPS, .sparse = true, .sessions = 1});
}
