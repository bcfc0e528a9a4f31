/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pathlet_tree.h"

struct entry {
	unsigned int depth;
	uint32_t id;
	bool destination;
};

static void
build(struct pathlet_tree *tree, const struct entry *entries, size_t count)
{
	pathlet_tree_init(tree);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pathlet_tree_add(tree, entries[i].depth, entries[i].id,
					 entries[i].destination),
			PATHLET_TREE_OK);
}

#define BUILD(tree, ...)                                                                           \
	build(tree, (const struct entry[]){__VA_ARGS__},                                           \
		sizeof((const struct entry[]){__VA_ARGS__}) / sizeof(struct entry))

static void
assert_bytes(const struct pathlet_tree *tree, const char *hex)
{
	uint8_t buf[PATHLET_TREE_MAX_BYTES];
	char text[2 * sizeof(buf) + 1] = "";
	size_t bytes = pathlet_tree_encode_all(tree, buf, sizeof(buf));

	for (size_t i = 0; i < bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", buf[i]);
	assert_string_equal(text, hex);
}

/* The policies, as the wire format lists them. */
static void
test_policies(void **state)
{
	struct pathlet_tree tree;

	(void)state;
	BUILD(&tree, {1, 2, false});
	assert_bytes(&tree, "000680000002");
	BUILD(&tree, {1, 1, false}, {2, 2, false});
	assert_bytes(&tree, "000c00000001000680000002");
	BUILD(&tree, {1, 2, false}, {1, 3, false});
	assert_bytes(&tree, "000680000002000680000003");
	BUILD(&tree, {1, 1, false}, {2, 2, false}, {2, 3, false});
	assert_bytes(&tree, "001200000001000680000002000680000003");
	BUILD(&tree, {1, 2, true}, {2, 3, false});
	assert_bytes(&tree, "000c80000002000680000003");
	BUILD(&tree, {1, 1, false}, {2, 2, false}, {1, 3, false}, {2, 2, false});
	assert_bytes(&tree, "000c00000001000680000002000c00000003000680000002");
}

static void
test_branches(void **state)
{
	struct pathlet_tree tree;
	uint8_t buf[18];

	(void)state;
	BUILD(&tree, {1, 5, false}, {2, 2, false}, {2, 6, true}, {3, 3, false}, {1, 7, false});
	assert_int_equal(pathlet_tree_span(&tree, 0), 4);
	assert_int_equal(pathlet_tree_next(&tree, 0), 4);
	assert_int_equal(pathlet_tree_bytes(&tree, 2), 12);
	assert_int_equal(pathlet_tree_encode(&tree, 4, buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "\x00\x06\x80\x00\x00\x07", 6);
	assert_int_equal(pathlet_tree_encode(&tree, 0, buf, sizeof(buf)), 0);
	assert_int_equal(pathlet_tree_encode_all(&tree, buf, sizeof(buf)), 0);
	assert_false(pathlet_tree_is_destination(&tree, 0));
	assert_true(pathlet_tree_is_destination(&tree, 1));
	assert_true(pathlet_tree_is_destination(&tree, 2));
}

static void
test_destinations(void **state)
{
	uint32_t ids[PATHLET_TREE_MAX_NODES];
	struct pathlet_tree tree;

	(void)state;
	BUILD(&tree, {1, 9, false}, {2, 4, false}, {2, 2, false}, {1, 3, true}, {2, 4, false});
	assert_int_equal(pathlet_tree_destinations(&tree, ids), 3);
	assert_int_equal(ids[0], 2);
	assert_int_equal(ids[1], 3);
	assert_int_equal(ids[2], 4);
}

static void
assert_fault(const struct pathlet_tree *tree, uint32_t source, enum pathlet_tree_fault fault,
	unsigned int place)
{
	unsigned int at = 12345;

	assert_int_equal(pathlet_tree_check(tree, source, &at), fault);
	assert_int_equal(pathlet_tree_check(tree, source, NULL), fault);
	if (fault != PATHLET_TREE_OK)
		assert_int_equal(at, place);
}

static void
test_faults(void **state)
{
	struct pathlet_tree tree;

	(void)state;
	pathlet_tree_init(&tree);
	assert_fault(&tree, 0, PATHLET_TREE_EMPTY, 0);
	BUILD(&tree, {1, 5, false}, {2, 2, false}, {2, 6, false}, {3, 2, false});
	assert_fault(&tree, 0, PATHLET_TREE_OK, 0);
	assert_fault(&tree, 7, PATHLET_TREE_OK, 0);
	assert_fault(&tree, 6, PATHLET_TREE_SOURCE, 2);
	BUILD(&tree, {1, 5, false}, {2, 6, false}, {3, 7, false}, {4, 5, false});
	assert_fault(&tree, 0, PATHLET_TREE_LOOP, 3);
	BUILD(&tree, {1, 5, false}, {2, 6, false}, {2, 7, false}, {3, 6, false}, {2, 6, false});
	assert_fault(&tree, 0, PATHLET_TREE_SIBLINGS, 4);
	BUILD(&tree, {1, 5, false}, {2, 6, false}, {1, 5, false});
	assert_fault(&tree, 0, PATHLET_TREE_SIBLINGS, 2);
	/* Cousins may be equal. */
	BUILD(&tree, {1, 5, false}, {2, 6, false}, {1, 7, false}, {2, 6, false});
	assert_fault(&tree, 0, PATHLET_TREE_OK, 0);
	/* What pathlet_tree_add() would not let in. */
	tree.node[1].depth = 3;
	assert_fault(&tree, 0, PATHLET_TREE_ORDER, 1);
	tree.node[1].depth = 0;
	assert_fault(&tree, 0, PATHLET_TREE_ORDER, 1);
	tree.node[1].depth = 2;
	tree.node[3].id = PATHLET_DESTINATION | 6;
	assert_fault(&tree, 0, PATHLET_TREE_ID, 3);
	tree.count = PATHLET_TREE_MAX_NODES + 1;
	assert_fault(&tree, 0, PATHLET_TREE_TOO_LARGE, 0);
}

static void
test_add_limits(void **state)
{
	struct pathlet_tree tree;
	uint8_t buf[PATHLET_TREE_MAX_BYTES];

	(void)state;
	pathlet_tree_init(&tree);
	assert_int_equal(pathlet_tree_add(&tree, 1, 0, false), PATHLET_TREE_ID);
	assert_int_equal(pathlet_tree_add(&tree, 1, NODE_ID_MAX + 1, false), PATHLET_TREE_ID);
	assert_int_equal(pathlet_tree_add(&tree, 2, 1, false), PATHLET_TREE_ORDER);
	assert_int_equal(pathlet_tree_add(&tree, 0, 1, false), PATHLET_TREE_ORDER);
	assert_int_equal(tree.count, 0);
	for (unsigned int i = 1; i <= 32; i++)
		assert_int_equal(pathlet_tree_add(&tree, i, i, false), PATHLET_TREE_OK);
	assert_int_equal(pathlet_tree_add(&tree, 33, 33, false), PATHLET_TREE_TOO_DEEP);
	assert_fault(&tree, 0, PATHLET_TREE_OK, 0);

	pathlet_tree_init(&tree);
	for (unsigned int i = 1; i <= 85; i++)
		assert_int_equal(
			pathlet_tree_add(&tree, 1, NODE_ID_MAX - i, false), PATHLET_TREE_OK);
	assert_int_equal(pathlet_tree_add(&tree, 1, 99, false), PATHLET_TREE_TOO_LARGE);
	assert_fault(&tree, 0, PATHLET_TREE_OK, 0);
	assert_int_equal(pathlet_tree_encode_all(&tree, buf, sizeof(buf)), 510);
}

/* Lengths and ids of random trees, against a walk that follows the lengths as a receiver does. */
static unsigned int
walk(const uint8_t *bytes, size_t size, unsigned int depth, const struct pathlet_tree *tree,
	unsigned int at)
{
	while (size > 0) {
		size_t length = (size_t)bytes[0] << 8 | bytes[1];
		uint32_t id = (uint32_t)bytes[2] << 24 | (uint32_t)bytes[3] << 16 |
			      (uint32_t)bytes[4] << 8 | bytes[5];
		bool leaf = length == 6;

		assert_in_range(length, 6, size);
		assert_int_equal(id & 0x7fffffff, tree->node[at].id);
		assert_int_equal(id >> 31, leaf || tree->node[at].destination);
		assert_int_equal(depth, tree->node[at].depth);
		at = walk(bytes + 6, length - 6, depth + 1, tree, at + 1);
		bytes += length;
		size -= length;
	}
	return at;
}

static void
test_random_trees(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		uint8_t buf[PATHLET_TREE_MAX_BYTES];
		struct pathlet_tree tree;
		unsigned int nodes;
		size_t bytes;

		pathlet_tree_init(&tree);
		random = random * 1664525 + 1013904223;
		nodes = 1 + (random >> 16) % 85;
		for (unsigned int i = 0; i < nodes; i++) {
			unsigned int most = i == 0 ? 1 : tree.node[i - 1].depth + 1u;

			random = random * 1664525 + 1013904223;
			if (most > 32)
				most = 32;
			assert_int_equal(pathlet_tree_add(&tree, 1 + (random >> 16) % most, i + 1,
						 random >> 31),
				PATHLET_TREE_OK);
		}
		assert_int_equal(pathlet_tree_check(&tree, 0, NULL), PATHLET_TREE_OK);
		bytes = pathlet_tree_encode_all(&tree, buf, sizeof(buf));
		assert_int_equal(bytes, nodes * 6);
		assert_int_equal(walk(buf, bytes, 1, &tree, 0), nodes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_add_limits),
		cmocka_unit_test(test_random_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
