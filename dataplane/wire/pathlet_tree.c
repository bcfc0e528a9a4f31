/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pathlet_tree.h"

void
pathlet_tree_init(struct pathlet_tree *tree)
{
	memset(tree, 0, sizeof(*tree));
}

static enum pathlet_tree_fault
pathlet_tree_fits(const struct pathlet_tree *tree, unsigned int i, unsigned int depth, uint32_t id)
{
	unsigned int above = i == 0 ? 0 : tree->node[i - 1].depth;

	if (id == 0 || id > NODE_ID_MAX)
		return PATHLET_TREE_ID;
	if (depth > PATHLET_TREE_MAX_DEPTH)
		return PATHLET_TREE_TOO_DEEP;
	if (depth == 0 || depth > above + 1)
		return PATHLET_TREE_ORDER;
	return PATHLET_TREE_OK;
}

enum pathlet_tree_fault
pathlet_tree_add(struct pathlet_tree *tree, unsigned int depth, uint32_t id, bool destination)
{
	enum pathlet_tree_fault fault;

	if (tree->count >= PATHLET_TREE_MAX_NODES)
		return PATHLET_TREE_TOO_LARGE;
	fault = pathlet_tree_fits(tree, tree->count, depth, id);
	if (fault != PATHLET_TREE_OK)
		return fault;
	tree->node[tree->count++] = (struct pathlet_tree_node){
		.id = id,
		.depth = (uint8_t)depth,
		.destination = destination,
	};
	return PATHLET_TREE_OK;
}

/* Is the id of node i also that of an earlier node with the same parent? */
static bool
pathlet_tree_has_twin(const struct pathlet_tree *tree, unsigned int i)
{
	const struct pathlet_tree_node *self = &tree->node[i];

	while (i-- > 0 && tree->node[i].depth >= self->depth) {
		if (tree->node[i].depth == self->depth && tree->node[i].id == self->id)
			return true;
	}
	return false;
}

/* Is the id of node i also that of a node above it? */
static bool
pathlet_tree_has_loop(const struct pathlet_tree *tree, unsigned int i)
{
	const struct pathlet_tree_node *self = &tree->node[i];
	unsigned int depth = self->depth;

	while (i-- > 0) {
		if (tree->node[i].depth >= depth)
			continue;
		depth = tree->node[i].depth;
		if (tree->node[i].id == self->id)
			return true;
	}
	return false;
}

enum pathlet_tree_fault
pathlet_tree_check(const struct pathlet_tree *tree, uint32_t source, unsigned int *at)
{
	enum pathlet_tree_fault fault;
	unsigned int i, nowhere;

	at = at == NULL ? &nowhere : at;
	*at = 0;
	if (tree->count == 0)
		return PATHLET_TREE_EMPTY;
	if (tree->count > PATHLET_TREE_MAX_NODES)
		return PATHLET_TREE_TOO_LARGE;
	for (i = 0; i < tree->count; i++) {
		const struct pathlet_tree_node *node = &tree->node[i];

		*at = i;
		fault = pathlet_tree_fits(tree, i, node->depth, node->id);
		if (fault != PATHLET_TREE_OK)
			return fault;
		if (source != 0 && node->id == source)
			return PATHLET_TREE_SOURCE;
		if (pathlet_tree_has_loop(tree, i))
			return PATHLET_TREE_LOOP;
		if (pathlet_tree_has_twin(tree, i))
			return PATHLET_TREE_SIBLINGS;
	}
	return PATHLET_TREE_OK;
}

const char *
pathlet_tree_fault_text(enum pathlet_tree_fault fault)
{
	switch (fault) {
	case PATHLET_TREE_OK:
		return "is right";
	case PATHLET_TREE_EMPTY:
		return "is missing: the tree is empty";
	case PATHLET_TREE_TOO_LARGE:
		return "is one too many: a tree has at most 85 Pathlets (512 bytes)";
	case PATHLET_TREE_TOO_DEEP:
		return "is too deep: a tree is at most 32 Pathlets deep";
	case PATHLET_TREE_ORDER:
		return "is deeper than one below the node before it";
	case PATHLET_TREE_ID:
		return "is not a NodeID: they are 1 to 2147483647";
	case PATHLET_TREE_SOURCE:
		return "is the source of the session, it must not be in its paths";
	case PATHLET_TREE_LOOP:
		return "is twice on one way down, it must be there once";
	case PATHLET_TREE_SIBLINGS:
		return "is twice side by side, it must be there once";
	}
	return "is wrong in an unknown way";
}

unsigned int
pathlet_tree_span(const struct pathlet_tree *tree, unsigned int i)
{
	unsigned int end = i + 1;

	while (end < tree->count && tree->node[end].depth > tree->node[i].depth)
		end++;
	return end - i;
}

bool
pathlet_tree_is_destination(const struct pathlet_tree *tree, unsigned int i)
{
	return tree->node[i].destination || pathlet_tree_span(tree, i) == 1;
}

size_t
pathlet_tree_encode(const struct pathlet_tree *tree, unsigned int i, uint8_t *buf, size_t size)
{
	unsigned int end = pathlet_tree_next(tree, i);
	size_t bytes = pathlet_tree_bytes(tree, i);

	if (bytes > size)
		return 0;
	for (; i < end; i++) {
		bool destination = pathlet_tree_is_destination(tree, i);
		struct pathlet_hdr hdr = {
			.length = rte_cpu_to_be_16((uint16_t)pathlet_tree_bytes(tree, i)),
			.node = rte_cpu_to_be_32(
				tree->node[i].id | (destination ? PATHLET_DESTINATION : 0)),
		};

		memcpy(buf, &hdr, sizeof(hdr));
		buf += sizeof(hdr);
	}
	return bytes;
}

size_t
pathlet_tree_encode_all(const struct pathlet_tree *tree, uint8_t *buf, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < tree->count; i = pathlet_tree_next(tree, i)) {
		size_t bytes = pathlet_tree_encode(tree, i, buf + used, size - used);

		if (bytes == 0)
			return 0;
		used += bytes;
	}
	return used;
}

unsigned int
pathlet_tree_destinations(const struct pathlet_tree *tree, uint32_t *ids)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < tree->count; i++) {
		uint32_t id = tree->node[i].id;
		unsigned int at = count;

		if (!pathlet_tree_is_destination(tree, i))
			continue;
		while (at > 0 && ids[at - 1] >= id)
			at--;
		if (at < count && ids[at] == id)
			continue;
		memmove(&ids[at + 1], &ids[at], (count - at) * sizeof(*ids));
		ids[at] = id;
		count++;
	}
	return count;
}
