/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets cost that wait for a paced link, and how exactly they leave. README.md says more. */
#include <string.h>

#include "feeder_scene.h"

static const struct {
	const char *name;
	void (*measure)(const struct bench_options *options);
} parts[] = {{"growth", feeder_growth}, {"pacing", feeder_pacing}};

int
main(int argc, char **argv)
{
	struct bench_options options;
	bool found = false;

	bench_read_options(&options, argc, argv,
		"Feeders: cost a packet as conferences grow, and the error of pacing.",
		"    growth       cycles a packet with 1 to 10,000 conferences\n"
		"    pacing       how late packets of 2,000 paced links leave\n");
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		found |= options.only != NULL && strcmp(options.only, parts[i].name) == 0;
	if (options.only != NULL && !found)
		bench_die("--only %s: the parts are growth and pacing", options.only);
	bench_eal(argv[0], options.quick ? 320 : 512, NULL);
	bench_print_machine(&options);
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		if (options.only == NULL || strcmp(options.only, parts[i].name) == 0)
			parts[i].measure(&options);
	return bench_finish(&options, "feeder");
}
