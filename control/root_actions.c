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
		root_event(&root->events, LOG_INFO, present ? "joined" : "left",
			present ? "a node entered a conference" : "a node left a conference",
			json_pack("{s:I, s:s}", "conference", (json_int_t)conference->config->id,
				"node", node->name));
	return 0;
}

void
root_places_changed(struct root *root)
{
	root_event(&root->events, LOG_INFO, "topology", "the topology has changed", NULL);
}
