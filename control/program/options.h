/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line that ferryd and ferry-root share: a configuration, and what to do with it.
 * Called once, at the start of main(), before there is another thread.
 */
#ifndef FERRY_OPTIONS_H
#define FERRY_OPTIONS_H

/* Exit statuses: EXIT_SUCCESS ended as told, EXIT_FAILURE a failure, or: */
#define EXIT_MISTAKE 2 /* in arguments or configuration */

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_PRINT
};

struct options {
	const char *config; /* path; lives as long as argv */
	enum options_action action;
};

/* What a program says of itself. All text lives as long as the program. */
struct options_program {
	const char *name;
	const char *about;    /* what it is: a line with its line feed */
	const char *page;     /* manual page of its configuration */
	const char *signals;  /* what signals do: lines */
	const char *built_on; /* told beside the version; or NULL */
};

/* Prints help or version and exits, prints a mistake and exits with EXIT_MISTAKE, or returns. */
void
options_read(const struct options_program *program, int argc, char **argv, struct options *options);

#endif
