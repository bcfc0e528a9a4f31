/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node costs as it grows: workers, next hops, sessions, conferences, packet rate, changes.
 * README.md says what is measured.
 */
#include <stdio.h>

#include <rte_lcore.h>

#include "scale.h"

bool
scale_has_two(const char *what)
{
	if (rte_lcore_is_enabled(SCALE_OTHER_LCORE))
		return true;
	printf("%s: left out, this process may use only one CPU\n", what);
	return false;
}

static const struct bench_program program = {
	.name = "scale",
	.about = "What a node costs as it grows, with ports in the same process.",
	.parts = {{"rings", "next hops of another worker beside one's own", scale_rings},
		{"growth", "next hops, sessions, conferences", scale_growth},
		{"rates", "CPU, memory and delay against the packet rate", scale_rates},
		{"times", "how long the node takes, packet by packet", scale_times},
		{"changes", "routes changed while packets flow", scale_changes}},
	.memory = 1200,
	.memory_quick = 256,
	.two_lcores = true,
};

int
main(int argc, char **argv)
{
	return bench_main(&program, argc, argv);
}
