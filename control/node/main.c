/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include <rte_version.h>

#include "ferryd.h"
#include "log.h"
#include "options.h"
#include "std_files.h"

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
	const struct options_program program = {
		.name = "ferryd",
		.about = "A node of a Ferry overlay network: takes ports from the kernel and moves "
			 "packets.\n",
		.page = "ferry.cfg(5)",
		.signals = "A signal (SIGINT, SIGTERM, SIGHUP) drains the node and ends it. While "
			   "it runs,\n"
			   "ferryctl(1) shows and steers it.\n",
		.built_on = rte_version(),
	};
	struct options options;
	struct config *config;
	int status = EXIT_SUCCESS;

	std_files_open();
	options_read(&program, argc, argv, &options);
	config = load(options.config);
	if (config == NULL)
		return EXIT_MISTAKE;
	if (options.action == OPTIONS_PRINT)
		config_print(config, stdout);
	else if (options.action == OPTIONS_CHECK)
		printf("%s: no mistakes found\n", options.config);
	else
		status = run(config);
	config_free(config);
	return std_files_end(program.name, status);
}
