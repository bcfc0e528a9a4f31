/* SPDX-License-Identifier: BSD-3-Clause */
#include "root_functions.h"

static const struct root_command {
	const char *words, *arguments, *help;
	unsigned int least, most;
	root_function *function;
} commands[] = {
#define ROOT_ROW(function, words, arguments, least, most, help)                                    \
	{words, arguments, help, least, most, do_##function},
	ROOT_CTL_COMMANDS(ROOT_ROW)
#undef ROOT_ROW
};

#define NB_COMMANDS (sizeof(commands) / sizeof(commands[0]))

json_t *
do_nodes(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_nodes(root);
}

json_t *
do_tree(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_tree(root);
}

json_t *
do_conferences(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_conferences(root);
}

json_t *
do_sessions(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	const struct root_conference *conference = NULL;
	const struct root_session *session = NULL;

	if (argc >= 1)
		conference = root_find_conference(root, argv[0], error);
	if (argc == 2 && conference != NULL)
		session = root_find_session(root, argv, error);
	if ((argc >= 1 && conference == NULL) || (argc == 2 && session == NULL))
		return NULL;
	return root_show_sessions(root, conference, session);
}

json_t *
do_alerts(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_stats_alerts(root);
}

json_t *
do_stats(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_stats_show(root);
}

json_t *
do_events(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	uint64_t last;

	if (ctl_read_events(argc, argv, ROOT_EVENTS_MAX, &last, error) != 0)
		return NULL;
	return root_events_last(&root->events, last);
}

json_t *
do_reload(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	if (root_reload(root, error) != 0)
		return NULL;
	return json_pack("{s:s}", "read", root->config_path);
}

json_t *
do_help(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	json_t *array = json_array();

	(void)root;
	(void)argc;
	(void)argv;
	(void)error;
	for (size_t i = 0; i < NB_COMMANDS; i++)
		json_array_append_new(array,
			json_pack("{s:s, s:s, s:s}", "command", commands[i].words, "arguments",
				commands[i].arguments, "help", commands[i].help));
	return array;
}

static json_t *
execute(struct root *root, const struct ctl_request *request)
{
	char error[CTL_ERROR_MAX] = "";
	json_t *data;

	for (size_t i = 0; i < NB_COMMANDS; i++) {
		const struct root_command *command = &commands[i];
		unsigned int words = ctl_request_words(request, command->words);
		unsigned int rest = request->argc - words;

		if (words == 0)
			continue;
		if (!ctl_request_fits(rest, command->least, command->most, command->words,
			    command->arguments, error))
			return ctl_reply_usage(error);
		data = command->function(root, rest, request->argv + words, error);
		if (data == NULL && error[0] != 0)
			return ctl_reply_error(error);
		return ctl_reply_ok(data);
	}
	snprintf(error, sizeof(error),
		"the root program has no command \"%.32s%s%.32s\": \"help\" lists them",
		request->argv[0], request->argc > 1 ? " " : "",
		request->argc > 1 ? request->argv[1] : "");
	return ctl_reply_usage(error);
}

json_t *
root_execute_line(struct root *root, const char *line, size_t len, bool *follow)
{
	char error[CTL_ERROR_MAX];
	struct ctl_request request;
	json_t *reply;

	*follow = false;
	if (ctl_request_parse(line, len, &request, error, sizeof(error)) != 0)
		return ctl_reply_error(error);
	reply = execute(root, &request);
	*follow = ctl_follows(&request, reply);
	ctl_request_free(&request);
	return reply;
}
