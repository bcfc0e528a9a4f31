/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_version.h>

#include "ferryd.h"
#include "log.h"

/* Exit statuses: 0 ended as told, 1 a failure, 2 a mistake in arguments or configuration. */
#define EXIT_MISTAKE 2

static const char usage[] =
	"Usage: ferryd -c FILE [--check | --print]\n"
	"A node of a Ferry overlay network: takes ports from the kernel and moves packets.\n"
	"\n"
	"  -c, --config=FILE  configuration of the node, see ferry.cfg(5)\n"
	"      --check        check the configuration and exit\n"
	"      --print        print the effective values with their units and exit\n"
	"  -V, --version      print the version and exit\n"
	"  -h, --help         print this help and exit\n"
	"\n"
	"A signal (SIGINT, SIGTERM) drains the node and ends it. While it runs, ferryctl(1)\n"
	"shows and steers it.\n";

enum action {
	RUN,
	CHECK,
	PRINT
};

struct options {
	const char *config;
	enum action action;
};

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
parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case OPT_CHECK:
			options->action = CHECK;
			break;
		case OPT_PRINT:
			options->action = PRINT;
			break;
		case 'V':
			printf("ferryd %s (%s)\n", FERRY_VERSION, rte_version());
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs("Try 'ferryd --help'.\n", stderr);
			exit(EXIT_MISTAKE);
		}
	}
	if (optind < argc)
		fprintf(stderr, "ferryd: '%s' is not an option\n", argv[optind]);
	else if (options->config == NULL)
		fputs("ferryd: no configuration; name one with -c FILE\n", stderr);
	else
		return;
	fputs("Try 'ferryd --help'.\n", stderr);
	exit(EXIT_MISTAKE);
}

static struct config *
load(const char *path)
{
	struct config_errors errors = {0};
	struct config *config = config_load(path, &errors);

	config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	return config;
}

static int
run(struct config *config)
{
	struct ferryd *f = calloc(1, sizeof(*f));
	int status;

	if (f == NULL) {
		log_line(LOG_ERR, "out of memory");
		return EXIT_FAILURE;
	}
	f->config = config;
	log_set_name(config->node.name);
	status = ferryd_run(f);
	free(f);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {.action = RUN};
	struct config *config;
	int status = EXIT_SUCCESS;

	parse_options(argc, argv, &options);
	config = load(options.config);
	if (config == NULL)
		return EXIT_MISTAKE;
	if (options.action == PRINT)
		config_print(config, stdout);
	else if (options.action == CHECK)
		printf("%s: no mistakes found\n", options.config);
	else
		status = run(config);
	config_free(config);
	return status;
}
