/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes' copies of sessions, and which of them wait for an answer. */
#include <err.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "root_install_private.h"

struct root_copy *
root_copy_find(const struct root_install *install, uint32_t node)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (install->copies[i]->node == node)
			return install->copies[i];
	}
	return NULL;
}

struct root_bearer *
root_copy_bearer(struct root *root, uint32_t node)
{
	struct root_link *link = root_hash_find(&root->bearers, node);

	if (link == NULL)
		return NULL;
	return (struct root_bearer *)((char *)link - offsetof(struct root_bearer, by_node));
}

static void
bear(struct root *root, struct root_copy *copy)
{
	struct root_bearer *bearer = root_copy_bearer(root, copy->node);

	if (bearer == NULL) {
		bearer = calloc(1, sizeof(*bearer));
		if (bearer == NULL)
			err(1, "sessions");
		LIST_INIT(&bearer->copies);
		root_hash_add(&root->bearers, &bearer->by_node, copy->node);
	}
	copy->bearer = bearer;
	LIST_INSERT_HEAD(&bearer->copies, copy, by_node);
}

static void
bear_no_more(struct root *root, struct root_copy *copy)
{
	struct root_bearer *bearer = copy->bearer;

	LIST_REMOVE(copy, by_node);
	if (!LIST_EMPTY(&bearer->copies))
		return;
	root_hash_remove(&root->bearers, &bearer->by_node);
	free(bearer);
}

struct root_copy *
root_copy_get(struct root *root, struct root_install *install, uint32_t node)
{
	struct root_copy *copy = root_copy_find(install, node);

	if (copy != NULL)
		return copy;
	install->copies = realloc(
		install->copies, ((size_t)install->count + 1) * sizeof(struct root_copy *));
	copy = calloc(1, sizeof(*copy));
	if (install->copies == NULL || copy == NULL)
		err(1, "sessions");
	install->copies[install->count++] = copy;
	copy->install = install;
	copy->node = node;
	bear(root, copy);
	install->settled = false;
	return copy;
}

struct root_limit *
root_install_congestions(struct root *root, struct root_install *install, uint32_t node)
{
	return &root_copy_get(root, install, node)->congestions;
}

void
root_copy_reset(struct root *root, struct root_copy *copy)
{
	root_copy_answered(root, copy);
	*copy = (struct root_copy){.install = copy->install,
		.bearer = copy->bearer,
		.by_node = copy->by_node,
		.node = copy->node,
		.stray = copy->stray,
		.stuck = copy->stuck,
		.had = copy->had,
		.listed = copy->listed,
		.refused = copy->refused,
		.congestions = copy->congestions};
	copy->install->settled = false;
}

void
root_copy_stuck(struct root *root, struct root_copy *copy, bool stuck)
{
	struct root_node *node;

	if (!copy->stray || copy->stuck == stuck)
		return;
	copy->stuck = stuck;
	node = root_nodes_by_id(&root->nodes, copy->node);
	if (node == NULL)
		return;
	if (stuck)
		node->strays_stuck++;
	else if (node->strays_stuck > 0)
		node->strays_stuck--;
	if (node->strays_stuck >= ROOT_INSTALL_STRAYS_MAX || !node->stuck_left)
		return;
	node->strays_left = true;
	node->stuck_left = false;
}

void
root_copy_no_stray(struct root *root, struct root_copy *copy)
{
	struct root_node *node = root_nodes_by_id(&root->nodes, copy->node);

	root_copy_stuck(root, copy, false);
	if (copy->stray && node != NULL && node->strays > 0)
		node->strays--;
	copy->stray = false;
}

void
root_copy_drop(struct root *root, struct root_copy *copy)
{
	struct root_install *install = copy->install;
	uint32_t i = 0;

	root_copy_no_stray(root, copy);
	root_copy_answered(root, copy);
	bear_no_more(root, copy);
	while (install->copies[i] != copy)
		i++;
	install->copies[i] = install->copies[--install->count];
	free(copy);
}

/* Requests of one millisecond differ by their ids. */
static uint64_t
asked_key(uint32_t node, uint64_t time)
{
	return (uint64_t)node << 32 ^ time;
}

void
root_copy_asked(struct root *root, struct root_copy *copy, const struct message *request)
{
	root_copy_answered(root, copy);
	copy->asked = true;
	copy->time = request->time;
	memcpy(copy->id, request->id, sizeof(copy->id));
	root_hash_add(&root->asked, &copy->by_time, asked_key(copy->node, copy->time));
}

void
root_copy_answered(struct root *root, struct root_copy *copy)
{
	if (copy->asked)
		root_hash_remove(&root->asked, &copy->by_time);
	copy->asked = false;
}

struct root_copy *
root_copy_by_request(struct root *root, uint32_t node, const struct message_request *request)
{
	struct root_link *link = root_hash_find(&root->asked, asked_key(node, request->time));

	for (; link != NULL; link = root_hash_next(&root->asked, link)) {
		struct root_copy *copy = (struct root_copy *)((char *)link -
							      offsetof(struct root_copy, by_time));

		if (copy->node == node && copy->time == request->time &&
			(request->id == NULL || copy->id[0] == 0 ||
				strcmp(request->id, copy->id) == 0))
			return copy;
	}
	return NULL;
}
