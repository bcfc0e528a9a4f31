/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "root.h"

/* Exit statuses: 0 ended as told, 1 a failure, 2 a mistake in arguments or configuration. */
#define EXIT_MISTAKE 2

static const char usage[] =
	"Usage: ferry-root -c FILE [--check | --print]\n"
	"The root program of a Ferry overlay: tells nodes their places and what to carry where.\n"
	"\n"
	"  -c, --config=FILE  configuration, see ferry-root.cfg(5)\n"
	"      --check        check the configuration and exit\n"
	"      --print        print the effective values with their units and exit\n"
	"  -V, --version      print the version and exit\n"
	"  -h, --help         print this help and exit\n"
	"\n"
	"SIGHUP reads the configuration again; SIGINT and SIGTERM end it, while all traffic flows\n"
	"on. While it runs, ferryctl(1) shows and steers it.\n";

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
			printf("ferry-root %s\n", FERRY_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs("Try 'ferry-root --help'.\n", stderr);
			exit(EXIT_MISTAKE);
		}
	}
	if (optind < argc)
		fprintf(stderr, "ferry-root: '%s' is not an option\n", argv[optind]);
	else if (options->config == NULL)
		fputs("ferry-root: no configuration; name one with -c FILE\n", stderr);
	else
		return;
	fputs("Try 'ferry-root --help'.\n", stderr);
	exit(EXIT_MISTAKE);
}

static struct root_config *
load(const char *path)
{
	struct config_errors errors = {0};
	struct root_config *config = root_config_load(path, &errors);

	config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	return config;
}

/* The conference files that it names, without the topology of the store. */
static int
check(const struct root *root)
{
	struct config_errors errors = {0};

	for (uint32_t i = 0; i < root->config->file_count; i++)
		config_free(root_read_conferences(root, root->config->files[i].path, &errors));
	config_errors_print(&errors, stderr);
	if (errors.count == 0)
		printf("%s: no mistakes found\n", root->config_path);
	config_errors_free(&errors);
	return errors.count == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
}

static int
run(struct root *root)
{
	int status = EXIT_FAILURE;

	if (root_load(root) != 0)
		status = EXIT_MISTAKE;
	else if (root_run(root) == 0)
		status = EXIT_SUCCESS;
	root_unload(root);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {.action = RUN};
	struct root *root = calloc(1, sizeof(*root));
	int status = EXIT_SUCCESS;

	parse_options(argc, argv, &options);
	log_set_program("ferry-root");
	if (root == NULL)
		return EXIT_FAILURE;
	root->config_path = options.config;
	root->config = load(options.config);
	if (root->config == NULL) {
		free(root);
		return EXIT_MISTAKE;
	}
	if (options.action == PRINT)
		root_config_print(root->config, stdout);
	else if (options.action == CHECK)
		status = check(root);
	else
		status = run(root);
	root_config_free(root->config);
	free(root);
	return status;
}
