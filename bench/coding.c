/* SPDX-License-Identifier: BSD-3-Clause */
/* What network coding costs: kernels, codes. README.md says more; coding.py runs this. */
#include <string.h>

#include "coding.h"

#define MEMORY	     512 /* MiB */
#define MEMORY_QUICK 64

const unsigned int coding_k[CODING_KS] = {16, CODING_K, 64, CODING_K_MAX};

static const struct {
	const char *name;
	void (*measure)(const struct bench_options *options);
} parts[] = {{"kernels", coding_kernels}, {"codes", coding_codes},
	{"destination", coding_destination}, {"relay", coding_relay}};

int
main(int argc, char **argv)
{
	struct bench_options options;
	bool found = false;

	bench_read_options(&options, argc, argv,
		"Network coding: its kernels against ISA-L, its codes.",
		"    kernels      throughput of the field's kernels, of ISA-L's in turn\n"
		"    codes        encoding and decoding of whole generations\n"
		"    destination  a destination with coding and loss, and without\n"
		"    relay        the same session through a relay that recodes\n"
		"    simulation   coding beside theory, in virtual time\n");
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		found |= options.only != NULL && strcmp(options.only, parts[i].name) == 0;
	if (options.only != NULL && !found)
		bench_die("--only %s: the parts are kernels, codes, destination, relay and "
			  "simulation",
			options.only);
	bench_eal(argv[0], options.quick ? MEMORY_QUICK : MEMORY, NULL);
	bench_print_machine(&options);
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		if (options.only == NULL || strcmp(options.only, parts[i].name) == 0)
			parts[i].measure(&options);
	return bench_finish(&options, "coding");
}
