/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "options.h"
#include "root.h"
#include "std_files.h"

static struct root_config *
load(const char *path)
{
	struct config_errors errors = {0};
	struct root_config *config = root_config_load(path, &errors);

	config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	return config;
}

static int
check(struct root *root)
{
	struct config_errors errors = {0};
	int status;

	root_check(root, &errors);
	config_errors_print(&errors, stderr);
	status = errors.count == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
	if (errors.count == 0)
		printf("%s: no mistakes found\n", root->config_path);
	config_errors_free(&errors);
	return status;
}

static int
run(struct root *root)
{
	int ret = root_run(root);

	if (ret == 0)
		return EXIT_SUCCESS;
	return ret > 0 ? EXIT_MISTAKE : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const struct options_program program = {
		.name = "ferry-root",
		.about =
			"The root program of a Ferry overlay: tells nodes their places and what to "
			"carry where.\n",
		.page = "ferry-root.cfg(5)",
		.signals = "SIGHUP reads the configuration again; SIGINT and SIGTERM end it, while "
			   "all traffic flows\n"
			   "on. While it runs, ferryctl(1) shows and steers it.\n",
	};
	struct options options;
	struct root *root;
	int status = EXIT_SUCCESS;

	std_files_open();
	options_read(&program, argc, argv, &options);
	log_set_program(program.name);
	/* A start may take long: a signal meanwhile is no other than one after it. */
	if (options.action == OPTIONS_RUN)
		root_hold_signals(true);
	root = calloc(1, sizeof(*root));
	if (root == NULL) {
		log_line(LOG_ERR, "out of memory");
		return EXIT_FAILURE;
	}
	root->config_path = options.config;
	root->config = load(options.config);
	if (root->config == NULL) {
		free(root);
		return EXIT_MISTAKE;
	}
	if (options.action == OPTIONS_PRINT)
		root_config_print(root->config, stdout);
	else if (options.action == OPTIONS_CHECK)
		status = check(root);
	else
		status = run(root);
	root_config_free(root->config);
	free(root);
	return std_files_end(program.name, status);
}
