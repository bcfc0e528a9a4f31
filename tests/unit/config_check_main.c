/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks a configuration as ferryd --check does, for tests that are to run without DPDK: prints its
 * mistakes and ends with 2, or, with --print before the file, prints the effective values.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"

int
main(int argc, char **argv)
{
	struct config_errors errs = {0};
	struct config *config;

	if (argc < 2)
		return 1;
	config = config_load(argv[argc - 1], &errs);
	config_errors_print(&errs, stderr);
	config_errors_free(&errs);
	if (config == NULL)
		return 2;
	if (strcmp(argv[1], "--print") == 0)
		config_print(config, stdout);
	config_free(config);
	return 0;
}
