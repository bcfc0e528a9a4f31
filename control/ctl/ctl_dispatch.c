/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "ctl_dispatch.h"
#include "ctl_words.h"

static const struct ctl_command *
find(const struct ctl_dispatch *dispatch, const struct ctl_request *request, unsigned int *words,
	char *error)
{
	for (size_t i = 0; i < dispatch->nb_commands; i++) {
		*words = ctl_request_words(request, dispatch->commands[i].words);
		if (*words != 0)
			return &dispatch->commands[i];
	}
	snprintf(error, CTL_ERROR_MAX, "%s has no command \"%.32s%s%.32s\": \"help\" lists them",
		dispatch->program, request->argv[0], request->argc > 1 ? " " : "",
		request->argc > 1 ? request->argv[1] : "");
	return NULL;
}

static json_t *
execute(const struct ctl_dispatch *dispatch, void *ctx, const struct ctl_request *request)
{
	char error[CTL_ERROR_MAX] = "";
	unsigned int words, rest;
	const struct ctl_command *command = find(dispatch, request, &words, error);
	json_t *data;

	if (command == NULL)
		return ctl_reply_usage(error);
	rest = request->argc - words;
	if (!ctl_request_fits(
		    rest, command->least, command->most, command->words, command->arguments, error))
		return ctl_reply_usage(error);
	data = dispatch->call(
		ctx, (size_t)(command - dispatch->commands), rest, request->argv + words, error);
	if (data == NULL && error[0] != 0)
		return ctl_reply_error(error);
	return ctl_reply_ok(data);
}

json_t *
ctl_dispatch_line(
	const struct ctl_dispatch *dispatch, void *ctx, const char *line, size_t len, bool *follow)
{
	char error[CTL_ERROR_MAX];
	struct ctl_request request;
	json_t *reply;

	*follow = false;
	if (ctl_request_parse(line, len, &request, error, sizeof(error)) != 0)
		return ctl_reply_error(error);
	reply = execute(dispatch, ctx, &request);
	*follow = ctl_follows(&request, reply);
	ctl_request_free(&request);
	return reply;
}

json_t *
ctl_dispatch_help(const struct ctl_dispatch *dispatch)
{
	json_t *array = json_array();

	for (size_t i = 0; i < dispatch->nb_commands; i++) {
		const struct ctl_command *command = &dispatch->commands[i];

		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s}", "command", command->words, "arguments",
				       command->arguments, "help", command->help));
	}
	return array;
}
