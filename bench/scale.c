/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node costs as it grows: workers, next hops, sessions, conferences, packet rate, changes.
 * README.md says what is measured.
 */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "scale.h"

static const struct {
	const char *name;
	const char *text;
	void (*measure)(const struct bench_options *options);
} parts[] = {
	{"rings", "next hops of another worker beside one's own", scale_rings},
	{"growth", "next hops, sessions, conferences", scale_growth},
	{"rates", "CPU, memory and delay against the packet rate", scale_rates},
	{"times", "how long the node takes, packet by packet", scale_times},
	{"changes", "routes changed while packets flow", scale_changes},
};

bool
scale_has_two(const char *what)
{
	if (rte_lcore_is_enabled(SCALE_OTHER_LCORE))
		return true;
	printf("%s: left out, this process may use only one CPU\n", what);
	return false;
}

int
main(int argc, char **argv)
{
	struct bench_options options;
	char names[512] = "", lcores[64];
	bool found = false;

	for (size_t i = 0; i < RTE_DIM(parts); i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "    %-12s %s\n",
			parts[i].name, parts[i].text);
	bench_read_options(&options, argc, argv,
		"What a node costs as it grows, with ports in the same process.", names);
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		found |= options.only != NULL && strcmp(options.only, parts[i].name) == 0;
	if (options.only != NULL && !found)
		bench_die("--only %s: the parts are\n%s", options.only, names);
	bench_eal(argv[0], options.quick ? 256 : 1200, bench_two_lcores(lcores, sizeof(lcores)));
	bench_print_machine(&options);
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		if (options.only == NULL || strcmp(options.only, parts[i].name) == 0)
			parts[i].measure(&options);
	return bench_finish(&options, "scale");
}
