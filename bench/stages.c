/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles a packet on one core: the pipeline beside the floor. README.md says what is measured. */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "stages.h"

#define PACKETS_MIN	200000
#define PACKETS_QUICK	8192
#define SESSION_PACKETS 128

static const struct {
	const char *name;
	const char *text;
	void (*measure)(const struct bench_options *options);
} parts[] = {
	{"relay", "to one next hop, beside the floor", stages_relay},
	{"swap", "beside testpmd 5tswap", stages_swap},
	{"cases", "each kind of work, payload and IP family", stages_cases},
	{"split", "cycles of each stage of the pipeline", stages_split},
	{"installed", "forwarding of known sessions only, beside open", stages_installed},
	{"sessions", "1 to 100,000 sessions", stages_sessions},
};

void
stages_run(const struct bench_options *options, struct scene *const *scenes, unsigned int n)
{
	for (unsigned int run = 0; run < options->runs; run++) {
		for (unsigned int i = 0; i < n; i++) {
			uint32_t all = scenes[i]->loop->packets * 2;

			/* Some work is done once in several packets of a session. */
			all = RTE_MAX(all, scenes[i]->params.frames.sessions * SESSION_PACKETS);
			scene_run(scenes[i], options->quick ? PACKETS_QUICK
							    : RTE_MAX((uint32_t)PACKETS_MIN, all));
		}
	}
}

struct bench_samples
stages_net(const struct scene *scene, const struct scene *io)
{
	struct bench_samples net = {0};

	for (unsigned int i = 0; i < scene->cycles.n && i < io->cycles.n; i++)
		bench_add(&net, scene->cycles.value[i] - io->cycles.value[i]);
	return net;
}

int
main(int argc, char **argv)
{
	struct bench_options options;
	char names[512] = "";
	bool found = false;

	for (size_t i = 0; i < RTE_DIM(parts); i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "    %-12s %s\n",
			parts[i].name, parts[i].text);
	bench_read_options(&options, argc, argv,
		"Cycles a packet on one core, with ports in the same process.", names);
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		found |= options.only != NULL && strcmp(options.only, parts[i].name) == 0;
	if (options.only != NULL && !found)
		bench_die("--only %s: the parts are\n%s", options.only, names);
	bench_eal(argv[0], options.quick ? 256 : 1800, NULL);
	bench_print_machine(&options);
	stages_check();
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		if (options.only == NULL || strcmp(options.only, parts[i].name) == 0)
			parts[i].measure(&options);
	return bench_finish(&options, "stages");
}
