/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles a packet on one core: the pipeline beside the floor. README.md says what is measured. */
#include <rte_common.h>

#include "stages.h"

#define PACKETS_MIN	200000
#define PACKETS_QUICK	8192
#define SESSION_PACKETS 128

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

static const struct bench_program program = {
	.name = "stages",
	.about = "Cycles a packet on one core, with ports in the same process.",
	.parts = {{"relay", "to one next hop, beside the floor", stages_relay},
		{"swap", "beside testpmd 5tswap", stages_swap},
		{"cases", "each kind of work, payload and IP family", stages_cases},
		{"split", "cycles of each stage of the pipeline", stages_split},
		{"installed", "forwarding of known sessions only, beside open", stages_installed},
		{"sessions", "1 to 100,000 sessions", stages_sessions}},
	.memory = 1800,
	.memory_quick = 256,
	.begin = stages_check,
};

int
main(int argc, char **argv)
{
	return bench_main(&program, argc, argv);
}
