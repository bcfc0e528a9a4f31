/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A RoutingInfo as a source holds it: a tree of next hops, kept flat.
 *
 * Nodes stand in the order of the wire: a node, then all that is below it, then its next sibling.
 * The depth of each node (outermost: 1) is all the structure there is. As every Pathlet is 6 bytes
 * plus what is inside, its length is 6 times the nodes of its subtree, and encoding is one pass.
 *
 * Nothing here allocates or keeps state; any thread may call with a tree of its own.
 */
#ifndef FERRY_PATHLET_TREE_H
#define FERRY_PATHLET_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* One node more would exceed PATHLET_TREE_MAX_BYTES. */
#define PATHLET_TREE_MAX_NODES (PATHLET_TREE_MAX_BYTES / sizeof(struct pathlet_hdr))

struct pathlet_tree_node {
	uint32_t id;	  /* NodeID, 1 to NODE_ID_MAX */
	uint8_t depth;	  /* 1 to PATHLET_TREE_MAX_DEPTH */
	bool destination; /* as marked; a node with nothing below it is one anyway */
};

struct pathlet_tree {
	uint16_t count;
	struct pathlet_tree_node node[PATHLET_TREE_MAX_NODES];
};

enum pathlet_tree_fault {
	PATHLET_TREE_OK = 0,
	PATHLET_TREE_EMPTY,
	PATHLET_TREE_TOO_LARGE, /* over PATHLET_TREE_MAX_BYTES */
	PATHLET_TREE_TOO_DEEP,	/* over PATHLET_TREE_MAX_DEPTH */
	PATHLET_TREE_ORDER,	/* a depth that does not follow from the node before it */
	PATHLET_TREE_ID,	/* a NodeID of 0 or above NODE_ID_MAX */
	PATHLET_TREE_SOURCE,	/* the source is in its own tree */
	PATHLET_TREE_LOOP,	/* a node twice on one way down */
	PATHLET_TREE_SIBLINGS,	/* a node twice side by side */
};

/* Begins an empty tree. */
void pathlet_tree_init(struct pathlet_tree *tree);

/*
 * Adds the node that follows in wire order. Returns PATHLET_TREE_OK, or TOO_LARGE, TOO_DEEP, ORDER
 * or ID, with the tree as it was.
 */
enum pathlet_tree_fault
pathlet_tree_add(struct pathlet_tree *tree, unsigned int depth, uint32_t id, bool destination);

/*
 * All that a source must check of its tree. source is the NodeID of the session's source, 0 to
 * leave that check out. If at is not NULL it gets the index of the node at fault (0 for an empty
 * tree).
 */
enum pathlet_tree_fault
pathlet_tree_check(const struct pathlet_tree *tree, uint32_t source, unsigned int *at);

/* What is wrong, in a few words that can follow a NodeID ("is too deep: ..."). */
const char *pathlet_tree_fault_text(enum pathlet_tree_fault fault);

/* Nodes of the subtree that begins at index i, itself counted. i must be below count. */
unsigned int pathlet_tree_span(const struct pathlet_tree *tree, unsigned int i);

/* Index of the node after the subtree at i: the next sibling if its depth is that of i. */
static inline unsigned int
pathlet_tree_next(const struct pathlet_tree *tree, unsigned int i)
{
	return i + pathlet_tree_span(tree, i);
}

/* Bytes of the Pathlet that begins at index i. */
static inline unsigned int
pathlet_tree_bytes(const struct pathlet_tree *tree, unsigned int i)
{
	return pathlet_tree_span(tree, i) * (unsigned int)sizeof(struct pathlet_hdr);
}

/* Is the node at i a destination: marked so, or with nothing below it. */
bool pathlet_tree_is_destination(const struct pathlet_tree *tree, unsigned int i);

/*
 * Writes the Pathlet that begins at index i, all that is inside it included. Returns its bytes, or
 * 0 if size is too small. The tree must have passed pathlet_tree_check().
 */
size_t
pathlet_tree_encode(const struct pathlet_tree *tree, unsigned int i, uint8_t *buf, size_t size);

/* The same for all outermost Pathlets, one after the other: the whole RoutingInfo. */
size_t pathlet_tree_encode_all(const struct pathlet_tree *tree, uint8_t *buf, size_t size);

/*
 * The set of destinations that the tree reaches, each once, ascending. ids must have room for
 * PATHLET_TREE_MAX_NODES. Returns how many.
 */
unsigned int pathlet_tree_destinations(const struct pathlet_tree *tree, uint32_t *ids);

#endif
