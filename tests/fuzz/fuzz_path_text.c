/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any text either is refused with a column inside it, or is a tree that passes the checks of a
 * source, has Pathlets that fill each other exactly, and reads the same when written and read
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include "path_text.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Follows the lengths as receivers do; returns the index of the tree's node behind these Pathlets.
 */
static unsigned int
walk(const uint8_t *bytes, size_t size, unsigned int depth, const struct pathlet_tree *tree,
	unsigned int at)
{
	while (size > 0) {
		size_t length = (size_t)bytes[0] << 8 | bytes[1];

		REQUIRE(length >= 6 && length <= size && at < tree->count);
		REQUIRE(tree->node[at].depth == depth);
		REQUIRE((bytes[2] & 0x80) != 0 || length > 6);
		at = walk(bytes + 6, length - 6, depth + 1, tree, at + 1);
		bytes += length;
		size -= length;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pathlet_tree tree, again;
	struct path_text_error error;
	char written[PATH_TEXT_MAX];
	uint32_t ids[PATHLET_TREE_MAX_NODES];
	uint8_t bytes[PATHLET_TREE_MAX_BYTES], second[PATHLET_TREE_MAX_BYTES];
	char *text = malloc(size + 1);
	size_t used;

	REQUIRE(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	if (path_text_parse(text, &tree, &error) < 0) {
		REQUIRE(error.column >= 1 && error.column <= strlen(text) + 1);
		REQUIRE(error.text[0] != 0);
		free(text);
		return 0;
	}
	REQUIRE(pathlet_tree_check(&tree, 0, NULL) == PATHLET_TREE_OK);
	used = pathlet_tree_encode_all(&tree, bytes, sizeof(bytes));
	REQUIRE(used == tree.count * 6u);
	REQUIRE(walk(bytes, used, 1, &tree, 0) == tree.count);
	REQUIRE(pathlet_tree_destinations(&tree, ids) >= 1);
	REQUIRE(path_text_format(&tree, written, sizeof(written)) > 0);
	REQUIRE(path_text_parse(written, &again, &error) == 0);
	REQUIRE(pathlet_tree_encode_all(&again, second, sizeof(second)) == used);
	REQUIRE(memcmp(bytes, second, used) == 0);
	free(text);
	return 0;
}
