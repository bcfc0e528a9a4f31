/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text form of paths:
 *
 *   tree   = branch | "(" branch *("," branch) ")"
 *   branch = id ["*"] [">" tree]
 *
 * id is a NodeID in decimal; "*" marks a destination, and a last node is one without it too.
 * Blanks may stand between any two of these. Any thread may call; nothing is allocated.
 */
#ifndef FERRY_PATH_TEXT_H
#define FERRY_PATH_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "pathlet_tree.h"

struct path_text_error {
	unsigned int column; /* of the first byte at fault, counted from 1 */
	char text[128];	     /* what is wrong and what would be right */
};

/* Enough for the longest tree that path_text_format() writes, its final 0 included. */
#define PATH_TEXT_MAX (PATHLET_TREE_MAX_NODES * 18 + 1)

/*
 * Reads text into tree; the result has passed pathlet_tree_check() but for the source. Returns 0,
 * or -1 with error filled in.
 */
int path_text_parse(const char *text, struct pathlet_tree *tree, struct path_text_error *error);

/*
 * Writes the tree in the one form that this function knows: "5 > (2, 6* > (3, 4))", no star on last
 * nodes, no brackets around a single branch. Returns the bytes written without the final 0, or 0 if
 * size is too small (PATH_TEXT_MAX is always enough). The tree must have passed
 * pathlet_tree_check().
 */
size_t path_text_format(const struct pathlet_tree *tree, char *buf, size_t size);

/*
 * Is tree right for a session with this source and these destinations: the checks of
 * pathlet_tree_check(), each destination reached, no other node a destination. Returns 0, or -1
 * with the reason in a sentence without its end.
 */
int path_check(const struct pathlet_tree *tree, uint32_t source, const uint32_t *destinations,
	unsigned int destination_count, char *reason, size_t size);

/*
 * Reads weights as "10:90" (one or more, each 0 to PATH_WEIGHT_MAX, not all 0). Returns how many,
 * or -1 with the reason.
 */
#define PATH_WEIGHT_MAX 1000000u
int path_weights_parse(
	const char *text, uint32_t *weights, unsigned int max, char *reason, size_t size);

#endif
