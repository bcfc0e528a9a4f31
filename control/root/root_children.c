/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is directly below whom by the topology: found at once, however many nodes there are. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "root_nodes.h"

static int
compare(const void *a, const void *b)
{
	const struct root_node *first = *(struct root_node *const *)a,
			       *second = *(struct root_node *const *)b;
	int order = strcmp(first->place->parent, second->place->parent);

	return order != 0 ? order : first->id < second->id ? -1 : first->id > second->id;
}

void
root_nodes_index(struct root_nodes *nodes)
{
	size_t bytes = ((size_t)nodes->count + 1) * sizeof(*nodes->children);

	nodes->children = realloc(nodes->children, bytes);
	if (nodes->children == NULL)
		err(1, "nodes");
	nodes->placed = 0;
	for (uint32_t i = 0; i < nodes->count; i++) {
		if (nodes->list[i]->place != NULL)
			nodes->children[nodes->placed++] = nodes->list[i];
	}
	if (nodes->placed > 0)
		qsort(nodes->children, nodes->placed, sizeof(*nodes->children), compare);
}

struct root_node *const *
root_nodes_children(const struct root_nodes *nodes, const char *parent, uint32_t *count)
{
	uint32_t low = 0, high = nodes->placed;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (strcmp(nodes->children[middle]->place->parent, parent) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < nodes->placed &&
		strcmp(nodes->children[low + *count]->place->parent, parent) == 0)
		(*count)++;
	return nodes->placed > 0 ? &nodes->children[low] : NULL;
}
