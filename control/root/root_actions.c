/* SPDX-License-Identifier: BSD-3-Clause */
/* One function an action: ferryctl is one caller, messages of nodes are another. */
#include <syslog.h>

#include "root.h"

int
root_attend(struct root *root, struct root_conference *conference, const struct root_node *node,
	bool present, bool *changed, char *error)
{
	if (root_book_attend(
		    &root->book, conference, node->id, present, root_now(), changed, error) != 0)
		return -1;
	if (*changed)
		root_event(&root->events, LOG_INFO, present ? ROOT_EVENT_joined : ROOT_EVENT_left,
			json_pack("{s:I, s:s}", "conference", (json_int_t)conference->config->id,
				"node", node->name));
	return 0;
}

int
root_redirect(struct root *root, struct root_node *node, const char *parent, char *error)
{
	const struct root_node *above = root_nodes_find(&root->nodes, parent);
	struct message message = {.type = MESSAGE_REDIRECT};

	if (root_nodes_set_parent(&root->nodes, node, parent, error) != 0)
		return -1;
	message.redirect.name = parent;
	if (above != NULL && above->up && above->server[0] != 0)
		message.redirect.server = (struct message_end){above->server, above->server_port};
	/* One that is away, or whose parent is, goes there once both are in the tree. */
	if (!node->up || (above != NULL && message.redirect.server.host == NULL)) {
		root_places_changed(root, NULL);
		return 0;
	}
	/* First, while it is reached where it was. It comes anew, and is told its place then. */
	snprintf(message.to, sizeof(message.to), "%s", node->name);
	root_places_changed(root, root_send(root, &message) == 0 ? node : NULL);
	return 0;
}
