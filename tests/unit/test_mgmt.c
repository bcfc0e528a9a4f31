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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
