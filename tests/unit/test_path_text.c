/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "path_text.h"

/* text is read, and written again as canonical. */
static void
assert_path(const char *text, const char *canonical)
{
	struct path_text_error error = {0};
	struct pathlet_tree tree, again;
	char written[PATH_TEXT_MAX];

	if (path_text_parse(text, &tree, &error) < 0)
		fail_msg("\"%s\", column %u: %s", text, error.column, error.text);
	assert_int_equal(path_text_format(&tree, written, sizeof(written)), strlen(canonical));
	assert_string_equal(written, canonical);
	assert_int_equal(path_text_parse(written, &again, &error), 0);
	assert_int_equal(again.count, tree.count);
	for (unsigned int i = 0; i < tree.count; i++) {
		assert_int_equal(again.node[i].id, tree.node[i].id);
		assert_int_equal(again.node[i].depth, tree.node[i].depth);
		assert_int_equal(pathlet_tree_is_destination(&again, i),
			pathlet_tree_is_destination(&tree, i));
	}
}

static void
test_paths(void **state)
{
	(void)state;
	assert_path("2", "2");
	assert_path("2*", "2");
	assert_path("1 > 2", "1 > 2");
	assert_path("(2, 3)", "(2, 3)");
	assert_path("1>(2,3)", "1 > (2, 3)");
	assert_path("2* > 3", "2* > 3");
	assert_path("(1 > 2, 3 > 2)", "(1 > 2, 3 > 2)");
	assert_path("  5\t>\n( 2 , 6 * >(3,4 ) )  ", "5 > (2, 6* > (3, 4))");
	assert_path("(2)", "2");
	assert_path("1 > (2 > (3))", "1 > 2 > 3");
	assert_path("007", "7");
	assert_path("2147483647", "2147483647");
}

static void
test_tree(void **state)
{
	struct path_text_error error;
	struct pathlet_tree tree;

	(void)state;
	assert_int_equal(path_text_parse("5 > (2, 6* > (3, 4)), ", &tree, &error), -1);
	assert_int_equal(path_text_parse("5 > (2, 6* > (3, 4))", &tree, &error), 0);
	assert_int_equal(tree.count, 5);
	assert_int_equal(tree.node[2].id, 6);
	assert_int_equal(tree.node[2].depth, 2);
	assert_true(tree.node[2].destination);
	assert_int_equal(tree.node[4].id, 4);
	assert_int_equal(tree.node[4].depth, 3);
}

static void
assert_mistake(const char *text, unsigned int column, const char *message)
{
	struct path_text_error error = {0};
	struct pathlet_tree tree;

	assert_int_equal(path_text_parse(text, &tree, &error), -1);
	assert_string_equal(error.text, message);
	assert_int_equal(error.column, column);
}

static void
test_mistakes(void **state)
{
	(void)state;
	assert_mistake("", 1, "a NodeID (1 to 2147483647) must stand here, not the end");
	assert_mistake("  ", 3, "a NodeID (1 to 2147483647) must stand here, not the end");
	assert_mistake("()", 2, "a NodeID (1 to 2147483647) must stand here, not ')'");
	assert_mistake("((2))", 2, "a NodeID (1 to 2147483647) must stand here, not '('");
	assert_mistake("(2,)", 4, "a NodeID (1 to 2147483647) must stand here, not ')'");
	assert_mistake("1 >", 4, "a NodeID (1 to 2147483647) must stand here, not the end");
	assert_mistake("1 > -2", 5, "a NodeID (1 to 2147483647) must stand here, not '-'");
	assert_mistake(
		"\x01", 1, "a NodeID (1 to 2147483647) must stand here, not an unprintable byte");
	assert_mistake("(2, 3", 6, "',' or ')' must stand here, not the end");
	assert_mistake("(2 3)", 4, "',' or ')' must stand here, not '3'");
	assert_mistake("2**", 3, "the path must end here, not go on with '*'");
	assert_mistake("2, 3", 2, "the path must end here, not go on with ','");
	assert_mistake("1 > 2)", 6, "the path must end here, not go on with ')'");
	assert_mistake("0", 1, "0 is not a NodeID, they are 1 to 2147483647");
	assert_mistake("1 > 2147483648", 5, "2147483648 is not a NodeID, they are 1 to 2147483647");
	assert_mistake("99999999999999999999999999", 1,
		"99999999999999999999999999 is not a NodeID, they are 1 to 2147483647");
	/* 2^64 + 2, and so 2 to who goes on counting */
	assert_mistake("18446744073709551618", 1,
		"18446744073709551618 is not a NodeID, they are 1 to 2147483647");
	assert_mistake(
		"1 > (2, 3 > 1)", 13, "node 1 is twice on one way down, it must be there once");
	assert_mistake("(2, 3, 2)", 8, "node 2 is twice side by side, it must be there once");
}

/* count ids with between from the first to the last. */
static void
chain(char *text, size_t size, unsigned int count, const char *between)
{
	size_t used = 0;

	for (unsigned int i = 1; i <= count; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s%u", i == 1 ? "" : between, 1000000000 + i);
}

static void
test_limits(void **state)
{
	char text[4096], brackets[4100];
	struct path_text_error error;
	struct pathlet_tree tree;

	(void)state;
	chain(text, sizeof(text), 32, " > ");
	assert_path(text, text);
	chain(text, sizeof(text), 33, " > ");
	assert_mistake(text, 32 * 13 + 1,
		"node 1000000033 is too deep: a tree is at most 32 Pathlets deep");
	chain(text, sizeof(text), 85, ", ");
	snprintf(brackets, sizeof(brackets), "(%s)", text);
	assert_path(brackets, brackets);
	chain(text, sizeof(text), 86, ", ");
	snprintf(brackets, sizeof(brackets), "(%s)", text);
	assert_mistake(brackets, 85 * 12 + 2,
		"node 1000000086 is one too many: a tree has at most 85 Pathlets (512 bytes)");
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(path_text_parse(text, &tree, &error), -1);
}

static void
test_format_size(void **state)
{
	struct path_text_error error;
	struct pathlet_tree tree;
	char buf[8];

	(void)state;
	assert_int_equal(path_text_parse("1 > 2 > 3", &tree, &error), 0);
	assert_int_equal(path_text_format(&tree, buf, sizeof(buf)), 0);
	assert_int_equal(path_text_format(&tree, buf, 0), 0);
	assert_int_equal(path_text_parse("1 > 234", &tree, &error), 0);
	assert_int_equal(path_text_format(&tree, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "1 > 234");
}

static void
assert_check(const char *text, const char *reason)
{
	static const uint32_t destinations[] = {3, 2};
	struct path_text_error error;
	struct pathlet_tree tree;
	char got[256] = "";

	assert_int_equal(path_text_parse(text, &tree, &error), 0);
	assert_int_equal(
		path_check(&tree, 1, destinations, 2, got, sizeof(got)), reason[0] == 0 ? 0 : -1);
	assert_string_equal(got, reason);
}

static void
test_check(void **state)
{
	(void)state;
	assert_check("(2, 3)", "");
	assert_check("2* > 3", "");
	assert_check("(5 > (2, 3), 6 > (3, 2))", "");
	assert_check(
		"5 > 2", "it does not reach destination 3, each flow reaches each destination");
	assert_check(
		"2 > 3", "it does not reach destination 2, each flow reaches each destination");
	assert_check("(2, 3, 4)",
		"node 4 is a destination in it (marked with a star or a last node) but not of the "
		"session");
	assert_check(
		"(2, 3 > 1)", "node 1 is the source of the session, it must not be in its paths");
}

static void
assert_weights(const char *text, int count, const char *reason)
{
	uint32_t weights[3];
	char got[256] = "";

	assert_int_equal(path_weights_parse(text, weights, 3, got, sizeof(got)), count);
	assert_string_equal(got, reason);
}

static void
test_weights(void **state)
{
	uint32_t weights[4] = {9, 9, 9, 9};
	char reason[256];

	(void)state;
	assert_int_equal(path_weights_parse("0:1000000:7", weights, 4, reason, sizeof(reason)), 3);
	assert_int_equal(weights[0], 0);
	assert_int_equal(weights[1], 1000000);
	assert_int_equal(weights[2], 7);
	assert_int_equal(weights[3], 9);
	assert_weights("5", 1, "");
	assert_weights("", -1, "weights \"\": a weight is missing; right is, for two flows, 10:90");
	assert_weights(
		"1:", -1, "weights \"1:\": a weight is missing; right is, for two flows, 10:90");
	assert_weights(
		"1:x", -1, "weights \"1:x\": a weight is missing; right is, for two flows, 10:90");
	assert_weights("1,2", -1,
		"weights \"1,2\": weights are integers with ':' between them; right is, for two "
		"flows, 10:90");
	assert_weights("0:0", -1,
		"weights \"0:0\": not all weights may be 0; right is, for two flows, 10:90");
	assert_weights("1:1000001", -1,
		"weights \"1:1000001\": a weight is at most 1000000; right is, for two flows, "
		"10:90");
	assert_weights("1:2:3:4", -1,
		"weights \"1:2:3:4\": there are more weights than flows; right is, for two flows, "
		"10:90");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
