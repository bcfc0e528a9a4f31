/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is in the tree, by the lists of the first nodes. All of them are gone through, so that is
 * done once for many that change together, as when a tree comes back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "mgmt.h"
#include "root.h"
#include "xml_utf8.h"

#define PAUSE_MS 50 /* between two looks */

void
root_listed_soon(struct root *root)
{
	root->listed_due = true;
	root_wake(root);
}

void
root_listed_cut(struct root *root, const char *name, const char *why)
{
	struct root_node *node = root_nodes_find(&root->nodes, name);

	if (node != NULL) {
		node->cut = root_clock();
		xml_utf8_copy(node->why, sizeof(node->why), why);
	}
	root_listed_soon(root);
}

/* The first node through which one that is listed is reached; its parent is listed before it. */
static uint32_t
find_first(const struct root_node *node, const struct root_node *above, bool direct)
{
	if (direct || above == node)
		return node->id;
	return above != NULL ? above->first : 0;
}

/*
 * Was a connection above it made since it said hello, or was told all? Who makes one says hello;
 * what was on its way over the one before may have gone nowhere, however soon that was.
 */
static bool
is_way_new(struct root_node *node, const struct root_node *above)
{
	node->way = 0;
	if (above != NULL && above != node)
		node->way = above->said_hello > above->way ? above->said_hello : above->way;
	return node->way > node->said_hello && node->way > node->came;
}

static void
take_listed(struct root *root, const struct message_below *listed)
{
	char error[ROOT_ERROR_MAX];
	struct root_node *node = root_nodes_know(&root->nodes, listed->name, error);
	const struct root_node *above = NULL;

	/* Of one that is there twice, the nearer is listed first. */
	if (node == NULL || node->seen)
		return;
	node->seen = true;
	if (listed->parent != NULL)
		above = root_nodes_find(&root->nodes, listed->parent);
	node->first = find_first(node, above, listed->parent == NULL);
	if (is_way_new(node, above) && node->up && node->lost == 0 && node->greeted)
		node->lost = root_clock();
	root_node_up(root, node, listed->parent != NULL ? listed->parent : ROOT_SELF);
}

static void
note_lost(const struct root *root, struct root_node *node)
{
	const struct root_node *first = root_nodes_by_id(&root->nodes, node->first);

	node->lost = root_clock();
	if (first != NULL && first != node && first->cut != 0)
		snprintf(node->why, sizeof(node->why), "%s", first->why);
	else if (first != NULL && first != node)
		snprintf(node->why, sizeof(node->why), "%s no longer lists it", first->name);
	else if (node->cut == 0)
		snprintf(node->why, sizeof(node->why), "nobody lists it");
}

static int
look(struct root *root)
{
	struct message_below *list;
	size_t count;
	int ret = mgmt_below(root->mgmt, &list, &count);

	if (ret != 0)
		return ret;
	for (uint32_t i = 0; i < root->nodes.count; i++)
		root->nodes.list[i]->seen = false;
	for (size_t i = 0; i < count; i++)
		take_listed(root, &list[i]);
	free(list);
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		struct root_node *node = root->nodes.list[i];

		if (!node->seen && node->up && node->lost == 0)
			note_lost(root, node);
	}
	for (uint32_t i = 0; i < root->nodes.count; i++)
		root->nodes.list[i]->cut = 0;
	return 0;
}

int64_t
root_listed_step(struct root *root, int64_t now)
{
	if (!root->listed_due)
		return 0;
	if (now >= root->listed_at + PAUSE_MS) {
		root->listed_at = now;
		root->listed_due = look(root) != 0;
	}
	return root->listed_due ? root->listed_at + PAUSE_MS : 0;
}
