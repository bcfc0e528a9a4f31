/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "ctl_request.h"
#include "path_text.h"
#include "root.h"
#include "root_ctl_table.h"

/* A command's function: argv are the arguments after its words. NULL with error, or the data. */
typedef json_t *
root_function(struct root *root, unsigned int argc, const char *const *argv, char *error);

#define ROOT_DECLARE(function, words, arguments, least, most, help)                                \
	static root_function do_##function;
ROOT_CTL_COMMANDS(ROOT_DECLARE)
#undef ROOT_DECLARE

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

static int
read_number(const char *text, const char *what, uint64_t max, uint64_t *number, char *error)
{
	if (text[0] != 0 && strlen(text) <= 10 && text[strspn(text, "0123456789")] == 0) {
		*number = strtoull(text, NULL, 10);
		if (*number <= max)
			return 0;
	}
	snprintf(error, CTL_ERROR_MAX, "%s is \"%.32s\", it must be an integer from 0 to %llu",
		what, text, (unsigned long long)max);
	return -1;
}

/* Is that what the word means: an id if it is a number, else a name. */
static bool
means(const char *text, uint32_t id, const char *name)
{
	char ignored[CTL_ERROR_MAX];
	uint64_t number;

	if (read_number(text, "", UINT32_MAX, &number, ignored) == 0)
		return number == id;
	return strcmp(text, name) == 0;
}

static struct root_conference *
find_conference(const struct root *root, const char *text, char *error)
{
	for (uint32_t i = 0; i < root->book.count; i++) {
		struct root_conference *conference = root->book.conferences[i];

		if (means(text, conference->config->id, conference->config->name))
			return conference;
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no conference \"%.64s\": \"conferences\" tells which there are", text);
	return NULL;
}

static struct root_session *
find_session(const struct root *root, const char *const *argv, char *error)
{
	struct root_conference *conference = find_conference(root, argv[0], error);

	if (conference == NULL)
		return NULL;
	for (uint32_t i = 0; i < conference->session_count; i++) {
		struct root_session *session = conference->sessions[i];

		if (means(argv[1], session->config->id, session->config->name))
			return session;
	}
	snprintf(error, CTL_ERROR_MAX,
		"conference \"%.64s\" has no session \"%.64s\": \"sessions\" tells which it has",
		argv[0], argv[1]);
	return NULL;
}

static struct root_node *
find_node(const struct root *root, const char *text, char *error)
{
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		if (means(text, root->nodes.list[i]->id, root->nodes.list[i]->name))
			return root->nodes.list[i];
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no node \"%.64s\": \"nodes\" tells which there are", text);
	return NULL;
}

static json_t *
do_nodes(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_nodes(root);
}

static json_t *
do_tree(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_tree(root);
}

static json_t *
do_conferences(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_show_conferences(root);
}

static json_t *
do_sessions(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	const struct root_conference *conference = NULL;
	const struct root_session *session = NULL;

	if (argc >= 1)
		conference = find_conference(root, argv[0], error);
	if (argc == 2 && conference != NULL)
		session = find_session(root, argv, error);
	if ((argc >= 1 && conference == NULL) || (argc == 2 && session == NULL))
		return NULL;
	return root_show_sessions(root, conference, session);
}

static json_t *
do_alerts(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_stats_alerts(root);
}

static json_t *
do_stats(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	return root_stats_show(root);
}

static json_t *
do_events(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	uint64_t last = ROOT_EVENTS_MAX;

	for (unsigned int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--follow") == 0)
			continue;
		if (strcmp(argv[i], "--last") != 0 || i + 1 == argc) {
			snprintf(error, CTL_ERROR_MAX,
				"events: \"%.64s\" is not understood: right is \"events [--last N] "
				"[--follow]\"",
				argv[i]);
			return NULL;
		}
		if (read_number(argv[++i], "N", ROOT_EVENTS_MAX, &last, error) != 0)
			return NULL;
	}
	return root_events_last(&root->events, last);
}

static json_t *
do_add(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct config_errors errs = {0};
	struct config *file;
	json_t *data = NULL;
	char where[CONFIG_WHERE_TEXT];

	(void)argc;
	if (argv[0][0] != '/') {
		snprintf(error, CTL_ERROR_MAX, "FILE is \"%.200s\", it must be an absolute path",
			argv[0]);
		return NULL;
	}
	file = root_read_conferences(root, argv[0], &errs);
	if (file == NULL)
		snprintf(error, CTL_ERROR_MAX, "%.210s: %.250s%s",
			config_where_text(&errs.list[0].where, where), errs.list[0].text,
			errs.count > 1 ? " (and more)" : "");
	else if (root_book_add(&root->book, file, "", false, root_now(), &errs, error) == 0)
		data = json_pack("{s:s, s:I}", "file", argv[0], "conferences_added",
			(json_int_t)file->conference_count);
	config_free(file);
	config_errors_free(&errs);
	root_wake(root);
	return data;
}

static json_t *
do_remove(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_conference *conference = find_conference(root, argv[0], error);
	struct root_session *session;
	uint32_t id, inner;

	if (conference == NULL)
		return NULL;
	id = conference->config->id;
	if (argc == 1) {
		if (root_book_remove(&root->book, conference, error) != 0)
			return NULL;
		return json_pack("{s:I}", "conference_removed", (json_int_t)id);
	}
	session = find_session(root, argv, error);
	if (session == NULL)
		return NULL;
	inner = session->config->id;
	if (root_book_remove_session(&root->book, session, error) != 0)
		return NULL;
	return json_pack(
		"{s:I, s:I}", "conference", (json_int_t)id, "session_removed", (json_int_t)inner);
}

static int
read_tree(const char *text, struct pathlet_tree *tree, char *error)
{
	struct path_text_error fault;

	if (path_text_parse(text, tree, &fault) == 0)
		return 0;
	snprintf(error, CTL_ERROR_MAX, "PATH is \"%.128s\", column %u: %s", text, fault.column,
		fault.text);
	return -1;
}

static json_t *
pack_flow(const char *const *argv, uint32_t flow, const char *what)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "conference", argv[0], "session", argv[1], "flow",
		(json_int_t)flow, "done", what);
}

static json_t *
do_route_add(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_session *session = find_session(root, argv, error);
	struct pathlet_tree tree;
	uint64_t weight;
	uint32_t flow;

	(void)argc;
	if (session == NULL ||
		read_number(argv[2], "WEIGHT", PATH_WEIGHT_MAX, &weight, error) != 0 ||
		read_tree(argv[3], &tree, error) != 0 ||
		root_book_route_add(&root->book, session, (uint32_t)weight, &tree, &flow, error) !=
			0)
		return NULL;
	return pack_flow(argv, flow, "added");
}

static json_t *
do_route_set(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_session *session = find_session(root, argv, error);
	struct pathlet_tree tree;
	uint64_t flow;

	(void)argc;
	if (session == NULL ||
		read_number(argv[2], "FLOW", CONFIG_FLOWS_MAX - 1, &flow, error) != 0 ||
		read_tree(argv[3], &tree, error) != 0 ||
		root_book_route_set(&root->book, session, (uint32_t)flow, &tree, error) != 0)
		return NULL;
	return pack_flow(argv, (uint32_t)flow, "set");
}

static json_t *
do_route_remove(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_session *session = find_session(root, argv, error);
	uint64_t flow;

	(void)argc;
	if (session == NULL ||
		read_number(argv[2], "FLOW", CONFIG_FLOWS_MAX - 1, &flow, error) != 0 ||
		root_book_route_remove(&root->book, session, (uint32_t)flow, error) != 0)
		return NULL;
	return pack_flow(argv, (uint32_t)flow, "removed");
}

static json_t *
do_weights(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_session *session = find_session(root, argv, error);
	uint32_t weights[CONFIG_FLOWS_MAX];
	int n;

	(void)argc;
	if (session == NULL)
		return NULL;
	n = path_weights_parse(argv[2], weights, CONFIG_FLOWS_MAX, error, CTL_ERROR_MAX);
	if (n < 0 || root_book_weights(&root->book, session, weights, (unsigned int)n, error) != 0)
		return NULL;
	return json_pack(
		"{s:s, s:s, s:s}", "conference", argv[0], "session", argv[1], "weights", argv[2]);
}

static json_t *
run_session(struct root *root, const char *const *argv, bool run, char *error)
{
	struct root_session *session = find_session(root, argv, error);
	bool changed;

	if (session == NULL ||
		root_book_run(&root->book, session, run, root_now(), &changed, error) != 0)
		return NULL;
	root_wake(root);
	return json_pack("{s:s, s:s, s:s, s:b}", "conference", argv[0], "session", argv[1], "state",
		run ? "running" : "stopped", "changed", (int)changed);
}

static json_t *
do_session_start(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return run_session(root, argv, true, error);
}

static json_t *
do_session_stop(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return run_session(root, argv, false, error);
}

static json_t *
attend(struct root *root, const char *const *argv, bool present, char *error)
{
	struct root_conference *conference = find_conference(root, argv[0], error);
	struct root_node *node = conference != NULL ? find_node(root, argv[1], error) : NULL;
	bool changed;

	if (node == NULL || root_attend(root, conference, node, present, &changed, error) != 0)
		return NULL;
	return json_pack("{s:I, s:s, s:s, s:b}", "conference", (json_int_t)conference->config->id,
		"node", node->name, "is", present ? "in" : "out", "changed", (int)changed);
}

static json_t *
do_join(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return attend(root, argv, true, error);
}

static json_t *
do_leave(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return attend(root, argv, false, error);
}

static json_t *
do_redirect(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_node *node = find_node(root, argv[0], error);
	const char *parent = argv[1];

	(void)argc;
	if (node != NULL && strcmp(parent, ROOT_SELF) != 0) {
		const struct root_node *above = find_node(root, parent, error);

		if (above == NULL)
			return NULL;
		parent = above->name;
	}
	if (node == NULL || root_redirect(root, node, parent, error) != 0)
		return NULL;
	return json_pack("{s:s, s:s}", "node", node->name, "parent", node->place->parent);
}

/* Sends one message to a node; NULL with error, or what was done. */
static json_t *
tell(struct root *root, const struct root_node *node, struct message *message, char *error)
{
	int ret;

	snprintf(message->to, sizeof(message->to), "%s", node->name);
	ret = root_send(root, message);
	if (ret != 0) {
		snprintf(error, CTL_ERROR_MAX, "node \"%s\" was not told: %s", node->name,
			node->up ? strerror(-ret) : "it is not in the tree");
		return NULL;
	}
	return json_pack(
		"{s:s, s:s}", "node", node->name, "told", message_type_name(message->type));
}

static json_t *
do_kill(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	const struct root_node *node = find_node(root, argv[0], error);
	struct message message = {.type = MESSAGE_KILL};

	message.reason.text = argc > 1 && argv[1][0] != 0 ? argv[1] : "ferryctl kill";
	return node != NULL ? tell(root, node, &message, error) : NULL;
}

static json_t *
do_ask(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	const struct root_node *node = find_node(root, argv[0], error);
	const struct root_session *session = NULL;
	struct message message = {.type = MESSAGE_REQFULLSTATS};

	if (node == NULL)
		return NULL;
	if (argc == 2) {
		snprintf(error, CTL_ERROR_MAX,
			"too few words: right is \"ask NODE [CONF SESSION]\"");
		return NULL;
	}
	if (argc == 3) {
		session = find_session(root, &argv[1], error);
		if (session == NULL)
			return NULL;
		message.reqfullstats.id = message_stream(
			session->config->conference, session->config->id);
	}
	return tell(root, node, &message, error);
}

static json_t *
do_reload(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	(void)argv;
	if (root_reload(root, error) != 0)
		return NULL;
	return json_pack("{s:s}", "read", root->config_path);
}

static json_t *
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
			return ctl_reply_error(error);
		data = command->function(root, rest, request->argv + words, error);
		if (data == NULL && error[0] != 0)
			return ctl_reply_error(error);
		return ctl_reply_ok(data);
	}
	snprintf(error, sizeof(error),
		"the root program has no command \"%.32s%s%.32s\": \"help\" lists them",
		request->argv[0], request->argc > 1 ? " " : "",
		request->argc > 1 ? request->argv[1] : "");
	return ctl_reply_error(error);
}

/* Was it "events --follow", and done? */
static bool
is_follow(const struct ctl_request *request, const json_t *reply)
{
	if (strcmp(request->argv[0], "events") != 0 || !json_is_true(json_object_get(reply, "ok")))
		return false;
	for (unsigned int i = 1; i < request->argc; i++)
		if (strcmp(request->argv[i], "--follow") == 0)
			return true;
	return false;
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
	*follow = is_follow(&request, reply);
	ctl_request_free(&request);
	return reply;
}
