/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "std_files.h"

enum {
	OPT_CHECK = 256,
	OPT_PRINT
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"print", no_argument, NULL, OPT_PRINT},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void
print_help(const struct options_program *program)
{
	printf("Usage: %s -c FILE [--check | --print]\n%s\n"
	       "  -c, --config=FILE  configuration, see %s\n"
	       "      --check        check the configuration and exit\n"
	       "      --print        print the effective values with their units and exit\n"
	       "  -V, --version      print the version and exit\n"
	       "  -h, --help         print this help and exit\n\n%s",
		program->name, program->about, program->page, program->signals);
}

void
options_read(const struct options_program *program, int argc, char **argv, struct options *options)
{
	bool known = true;
	int c;

	*options = (struct options){.action = OPTIONS_RUN};
	while (known && (c = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case OPT_CHECK:
			options->action = OPTIONS_CHECK;
			break;
		case OPT_PRINT:
			options->action = OPTIONS_PRINT;
			break;
		case 'V':
			printf("%s " FERRY_VERSION "%s%s%s\n", program->name,
				program->built_on != NULL ? " (" : "",
				program->built_on != NULL ? program->built_on : "",
				program->built_on != NULL ? ")" : "");
			exit(std_files_end(program->name, EXIT_SUCCESS));
		case 'h':
			print_help(program);
			exit(std_files_end(program->name, EXIT_SUCCESS));
		default:
			known = false; /* getopt_long has said why */
		}
	}
	if (known && optind < argc)
		fprintf(stderr, "%s: '%s' is not an option\n", program->name, argv[optind]);
	else if (known && options->config == NULL)
		fprintf(stderr, "%s: no configuration; name one with -c FILE\n", program->name);
	else if (known)
		return;
	fprintf(stderr, "Try '%s --help'.\n", program->name);
	exit(EXIT_MISTAKE);
}
