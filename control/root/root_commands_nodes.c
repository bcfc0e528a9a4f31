/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands to nodes, and about their places. */
#include <string.h>

#include "root_functions.h"

static json_t *
attend(struct root *root, const char *const *argv, bool present, char *error)
{
	struct root_conference *conference = root_find_conference(root, argv[0], error);
	struct root_node *node = conference != NULL ? root_find_node(root, argv[1], error) : NULL;
	bool changed;

	if (node == NULL || root_attend(root, conference, node, present, &changed, error) != 0)
		return NULL;
	return json_pack("{s:I, s:s, s:s, s:b}", "conference", (json_int_t)conference->config->id,
		"node", node->name, "is", present ? "in" : "out", "changed", (int)changed);
}

json_t *
do_join(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return attend(root, argv, true, error);
}

json_t *
do_leave(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return attend(root, argv, false, error);
}

json_t *
do_redirect(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_node *node = root_find_node(root, argv[0], error);
	const char *parent = argv[1];

	(void)argc;
	if (node != NULL && strcmp(parent, ROOT_SELF) != 0) {
		const struct root_node *above = root_find_node(root, parent, error);

		if (above == NULL)
			return NULL;
		parent = above->name;
	}
	if (node == NULL || root_redirect(root, node, parent, error) != 0)
		return NULL;
	return json_pack("{s:s, s:s}", "node", node->name, "parent", node->place->parent);
}

/* ret: of sending it. NULL with error, or what was done. */
static json_t *
told(const struct root_node *node, enum message_type type, int ret, char *error)
{
	if (ret != 0) {
		snprintf(error, CTL_ERROR_MAX, "node \"%s\" was not told: %s", node->name,
			node->up ? strerror(-ret) : "it is not in the tree");
		return NULL;
	}
	return json_pack("{s:s, s:s}", "node", node->name, "told", message_type_name(type));
}

json_t *
do_kill(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	const struct root_node *node = root_find_node(root, argv[0], error);
	struct message message = {.type = MESSAGE_KILL};

	message.reason.text = argc > 1 && argv[1][0] != 0 ? argv[1] : "ferryctl kill";
	if (node == NULL)
		return NULL;
	snprintf(message.to, sizeof(message.to), "%s", node->name);
	return told(node, message.type, root_send(root, &message), error);
}

json_t *
do_ask(struct root *root, unsigned int argc, const char *const *argv, char *error)
{
	struct root_node *node = root_find_node(root, argv[0], error);
	const struct root_session *session;
	uint64_t stream = 0;

	if (node == NULL)
		return NULL;
	if (argc == 2) {
		snprintf(error, CTL_ERROR_MAX,
			"too few words: right is \"ask NODE [CONF SESSION]\"");
		return NULL;
	}
	if (argc == 3) {
		session = root_find_session(root, &argv[1], error);
		if (session == NULL)
			return NULL;
		stream = message_stream(session->config->conference, session->config->id);
	}
	return told(node, MESSAGE_REQFULLSTATS, root_stats_ask(root, node, stream), error);
}
