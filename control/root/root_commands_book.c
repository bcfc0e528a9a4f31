/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that change conferences, sessions and routes. */
#include "path_text.h"
#include "root_functions.h"

json_t *
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
	file = root_read_conferences(root->config, argv[0], &errs);
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

json_t *
do_remove(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_conference *conference = root_find_conference(root, argv[0], error);
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
	session = root_find_session(root, argv, error);
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

/* Of a session, whatever a command called it; a change gives it another place in memory. */
struct ids {
	json_int_t conference, session;
};

static struct root_session *
find(const struct root *root, const char *const *argv, struct ids *ids, char *error)
{
	struct root_session *session = root_find_session(root, argv, error);

	*ids = (struct ids){0};
	if (session != NULL)
		*ids = (struct ids){session->config->conference, session->config->id};
	return session;
}

static json_t *
pack_flow(struct ids ids, uint32_t flow, const char *what)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "conference", ids.conference, "session",
		ids.session, "flow", (json_int_t)flow, "done", what);
}

json_t *
do_route_add(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct ids ids;
	struct root_session *session = find(root, argv, &ids, error);
	struct pathlet_tree tree;
	uint64_t weight;
	uint32_t flow;

	(void)argc;
	if (session == NULL ||
		ctl_read_number(argv[2], "WEIGHT", PATH_WEIGHT_MAX, &weight, error) != 0 ||
		read_tree(argv[3], &tree, error) != 0 ||
		root_book_route_add(&root->book, session, (uint32_t)weight, &tree, &flow, error) !=
			0)
		return NULL;
	return pack_flow(ids, flow, "added");
}

json_t *
do_route_set(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct ids ids;
	struct root_session *session = find(root, argv, &ids, error);
	struct pathlet_tree tree;
	uint64_t flow;

	(void)argc;
	if (session == NULL ||
		ctl_read_number(argv[2], "FLOW", CONFIG_FLOWS_MAX - 1, &flow, error) != 0 ||
		read_tree(argv[3], &tree, error) != 0 ||
		root_book_route_set(&root->book, session, (uint32_t)flow, &tree, error) != 0)
		return NULL;
	return pack_flow(ids, (uint32_t)flow, "set");
}

json_t *
do_route_remove(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct ids ids;
	struct root_session *session = find(root, argv, &ids, error);
	uint64_t flow;

	(void)argc;
	if (session == NULL ||
		ctl_read_number(argv[2], "FLOW", CONFIG_FLOWS_MAX - 1, &flow, error) != 0 ||
		root_book_route_remove(&root->book, session, (uint32_t)flow, error) != 0)
		return NULL;
	return pack_flow(ids, (uint32_t)flow, "removed");
}

json_t *
do_weights(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct ids ids;
	struct root_session *session = find(root, argv, &ids, error);
	uint32_t weights[CONFIG_FLOWS_MAX];
	int n;

	(void)argc;
	if (session == NULL)
		return NULL;
	n = path_weights_parse(argv[2], weights, CONFIG_FLOWS_MAX, error, CTL_ERROR_MAX);
	if (n < 0 || root_book_weights(&root->book, session, weights, (unsigned int)n, error) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:s}", "conference", ids.conference, "session", ids.session,
		"weights", argv[2]);
}

static json_t *
run_session(struct root *root, const char *const *argv, bool run, char *error)
{
	struct ids ids;
	struct root_session *session = find(root, argv, &ids, error);
	bool changed;

	if (session == NULL ||
		root_book_run(&root->book, session, run, root_now(), &changed, error) != 0)
		return NULL;
	root_wake(root);
	return json_pack("{s:I, s:I, s:s, s:b}", "conference", ids.conference, "session",
		ids.session, "state", run ? "running" : "stopped", "changed", (int)changed);
}

json_t *
do_session_start(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return run_session(root, argv, true, error);
}

json_t *
do_session_stop(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return run_session(root, argv, false, error);
}
