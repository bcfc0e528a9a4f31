/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a request to the function of its command and back to the reply, for ferryd and ferry-root
 * alike.
 */
#ifndef FERRY_CTL_DISPATCH_H
#define FERRY_CTL_DISPATCH_H

#include "ctl_request.h"

struct ctl_command {
	const char *words, *arguments, *help;
	unsigned int least, most;
};

/* A row of ctl_table.h or root_ctl_table.h as one of these. */
#define CTL_COMMAND(function, words, arguments, least, most, help)                                 \
	{words, arguments, help, least, most},

struct ctl_dispatch {
	const char *program; /* begins "... has no command" */
	const struct ctl_command *commands;
	size_t nb_commands;
	/*
	 * Does commands[command]; argv are the arguments after its words. The data, a new
	 * reference, or NULL with error (CTL_ERROR_MAX bytes).
	 */
	json_t *(*call)(
		void *ctx, size_t command, unsigned int argc, const char *const *argv, char *error);
};

/*
 * Carries out a request, a line as it came, and returns its reply, a new reference; NULL = out of
 * memory. *follow: the client is to be told of each event from now on (ctl_server_tell).
 */
json_t *ctl_dispatch_line(
	const struct ctl_dispatch *dispatch, void *ctx, const char *line, size_t len, bool *follow);

/* The data of the command help. */
json_t *ctl_dispatch_help(const struct ctl_dispatch *dispatch);

#endif
