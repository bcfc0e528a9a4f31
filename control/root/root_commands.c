/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_dispatch.h"
#include "root_functions.h"

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

static const struct ctl_command commands[] = {ROOT_CTL_COMMANDS(CTL_COMMAND)};

#define ROOT_FUNCTION(function, words, arguments, least, most, help) do_##function,
static root_function *const functions[] = {ROOT_CTL_COMMANDS(ROOT_FUNCTION)};
#undef ROOT_FUNCTION

static json_t *
call(void *ctx, size_t command, unsigned int argc, const char *const *argv, char *error)
{
	return functions[command](ctx, argc, argv, error);
}

static const struct ctl_dispatch dispatch = {.program = "the root program",
	.commands = commands,
	.nb_commands = sizeof(commands) / sizeof(commands[0]),
	.call = call};

json_t *
do_help(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)root;
	(void)argc;
	(void)argv;
	(void)error;
	return ctl_dispatch_help(&dispatch);
}

json_t *
root_execute_line(struct root *root, const char *line, size_t len, bool *follow)
{
	return ctl_dispatch_line(&dispatch, root, line, len, follow);
}
