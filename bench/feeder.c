/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets cost that wait for a paced link, and how exactly they leave. README.md says more. */
#include "feeder_scene.h"

static const struct bench_program program = {
	.name = "feeder",
	.about = "Feeders: cost a packet as conferences grow, and the error of pacing.",
	.parts = {{"growth", "cycles a packet with 1 to 10,000 conferences", feeder_growth},
		{"pacing", "how late packets of 2,000 paced links leave", feeder_pacing}},
	.memory = 512,
	.memory_quick = 320,
};

int
main(int argc, char **argv)
{
	return bench_main(&program, argc, argv);
}
