/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages in a tree: whom they reach, by which way; what is said of those that reach nobody. */
#include "tls_tree.h"

static int
send_to(int which, enum message_type type, const char *to)
{
	struct message message = {.type = type};

	if (type == MESSAGE_STATS || type == MESSAGE_ERROR)
		message.error = (struct message_failure){.code = 400, .text = "x"};
	if (type == MESSAGE_STATS)
		message.stats = (struct message_stats){0};
	if (type == MESSAGE_JOIN)
		message.attend.conference = 1;
	snprintf(message.to, sizeof(message.to), "%s", to);
	return mgmt_send(programs[which].mgmt, &message);
}

static bool
leaf_has_question(void)
{
	return programs[LEAF].count[MESSAGE_REQFULLSTATS] > 0;
}

static bool
root_has_join(void)
{
	return programs[ROOT].count[MESSAGE_JOIN] > 0;
}

static bool
relay_has_stats(void)
{
	return programs[RELAY].count[MESSAGE_STATS] > 0;
}

static void
test_ways(void **state)
{
	(void)state;
	/* From the root through the relay, and back. */
	assert_int_equal(send_to(ROOT, MESSAGE_REQFULLSTATS, "leaf"), 0);
	assert_true(turn(leaf_has_question));
	assert_string_equal(programs[LEAF].from[MESSAGE_REQFULLSTATS], "^");
	assert_string_equal(programs[LEAF].via[MESSAGE_REQFULLSTATS], "relay");
	assert_int_equal(programs[RELAY].count[MESSAGE_REQFULLSTATS], 0);
	assert_int_equal(send_to(LEAF, MESSAGE_JOIN, "^"), 0);
	assert_true(turn(root_has_join));
	assert_string_equal(programs[ROOT].from[MESSAGE_JOIN], "leaf");
	assert_string_equal(programs[ROOT].via[MESSAGE_JOIN], "relay");
	/* To the parent, and no further. */
	assert_int_equal(send_to(LEAF, MESSAGE_STATS, ""), 0);
	assert_true(turn(relay_has_stats));
	assert_int_equal(programs[ROOT].count[MESSAGE_STATS], 0);
}

static bool
all_have_alert(void)
{
	return programs[RELAY].count[MESSAGE_REQFULLSTATS] > 0 &&
	       programs[LEAF].count[MESSAGE_REQFULLSTATS] > 1;
}

static void
test_everybody(void **state)
{
	(void)state;
	assert_int_equal(send_to(ROOT, MESSAGE_REQFULLSTATS, "*"), 0);
	assert_true(turn(all_have_alert));
	assert_int_equal(programs[RELAY].count[MESSAGE_REQFULLSTATS], 1);
	assert_int_equal(programs[LEAF].count[MESSAGE_REQFULLSTATS], 2);
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "*"), -EINVAL);
}

static bool
leaf_has_error(void)
{
	return programs[LEAF].count[MESSAGE_ERROR] > 0;
}

static void
assert_error(enum message_code code, const char *type)
{
	assert_true(turn(leaf_has_error));
	assert_int_equal(programs[LEAF].error.code, code);
	assert_string_equal(programs[LEAF].error_type, type);
	programs[LEAF].count[MESSAGE_ERROR] = 0;
}

static void
test_errors(void **state)
{
	uint64_t forbidden = mgmt_counters(programs[RELAY].mgmt)->forbidden;

	(void)state;
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "nobody"), 0);
	assert_error(MESSAGE_CODE_UNKNOWN, "ping");
	assert_int_equal(mgmt_counters(programs[ROOT].mgmt)->unknown_node, 1);
	assert_int_equal(send_to(LEAF, MESSAGE_KILL, "relay"), 0);
	assert_error(MESSAGE_CODE_FORBIDDEN, "kill");
	assert_int_equal(mgmt_counters(programs[RELAY].mgmt)->forbidden, forbidden + 1);
	assert_int_equal(send_to(LEAF, MESSAGE_CONFLIST, "^"), 0);
	assert_error(MESSAGE_CODE_UNSUPPORTED, "conflist");
	assert_int_equal(programs[RELAY].count[MESSAGE_KILL], 0);
	/* An error about an error would go round for ever. */
	assert_int_equal(send_to(LEAF, MESSAGE_ERROR, "nobody"), 0);
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "nobody"), 0);
	assert_error(MESSAGE_CODE_UNKNOWN, "ping");
	assert_int_equal(programs[LEAF].count[MESSAGE_ERROR], 0);
}

static bool
root_has_list(void)
{
	return programs[ROOT].count[MESSAGE_CHILDSUPDATE] > 0;
}

static bool
root_has_bye(void)
{
	return programs[ROOT].count[MESSAGE_BYE] > 0;
}

/* What one below says of itself is not said of the one that it came through. */
static void
test_of_itself(void **state)
{
	struct message list = {.type = MESSAGE_CHILDSUPDATE, .to = "^"};
	uint64_t tries = mgmt_counters(programs[RELAY].mgmt)->reconnects;
	struct mgmt_child child;

	(void)state;
	assert_int_equal(mgmt_children(programs[ROOT].mgmt, &child, 1), 1);
	assert_int_equal(child.below, 1);
	programs[ROOT].count[MESSAGE_CHILDSUPDATE] = 0;
	for (int i = 0; i < 10 && !root_has_list(); i++)
		assert_int_equal(mgmt_send(programs[LEAF].mgmt, &list), 0);
	assert_true(turn(root_has_list));
	assert_true(joined());
	mgmt_leave(programs[LEAF].mgmt, "done");
	assert_true(turn(root_has_bye));
	assert_string_equal(programs[ROOT].from[MESSAGE_BYE], "leaf");
	assert_int_equal(mgmt_children(programs[ROOT].mgmt, &child, 1), 1);
	assert_string_equal(child.name, "relay");
	assert_true(parent_is(RELAY, "^"));
	assert_int_equal(mgmt_counters(programs[RELAY].mgmt)->reconnects, tries);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_of_itself),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
