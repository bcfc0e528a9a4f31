/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may say what, who is below whom, where a message ends. */
#include "unit.h"

#include <arpa/inet.h>
#include <event2/buffer.h>

#include "mgmt_frame.h"
#include "mgmt_rules.h"

#define NOW UINT64_C(1700000000000)

/* Below us: A, below which are B and C, below which is D; and E. */
static const struct message_below list[] = {
	{"D", "C"},
	{"A", NULL},
	{"B", "A"},
	{"E", "nobody"},
	{"C", "A"},
	{"B", "E"},
};

static struct mgmt_placed placed;

static int
setup(void **state)
{
	(void)state;
	return mgmt_placed_set(&placed, list, 6);
}

static int
teardown(void **state)
{
	(void)state;
	mgmt_placed_free(&placed);
	return 0;
}

static void
test_placed(void **state)
{
	const struct message_below ring[] = {{"x", "y"}, {"y", "z"}, {"z", "x"}, {"w", "x"}};
	struct mgmt_placed other = {0};

	(void)state;
	assert_int_equal(placed.count, 5);
	assert_true(mgmt_placed_is_child(&placed, "A"));
	assert_true(mgmt_placed_is_child(&placed, "E"));
	assert_false(mgmt_placed_is_child(&placed, "B"));
	assert_false(mgmt_placed_is_child(&placed, "Z"));
	assert_true(mgmt_placed_below(&placed, "D", "A"));
	assert_true(mgmt_placed_below(&placed, "D", "C"));
	assert_false(mgmt_placed_below(&placed, "D", "B"));
	assert_false(mgmt_placed_below(&placed, "A", "A"));
	assert_false(mgmt_placed_below(&placed, "A", "D"));
	assert_false(mgmt_placed_below(&placed, "Z", "A"));
	assert_int_equal(mgmt_placed_set(&other, ring, 4), 0);
	assert_int_equal(other.count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		const struct mgmt_placed_entry *at = mgmt_placed_find(&other, ring[i].name);
		unsigned int steps = 0;

		for (; at != NULL; at = mgmt_placed_parent(&other, at))
			assert_true(steps++ < 10);
	}
	mgmt_placed_seen(&other, "z")->count = 5;
	assert_null(mgmt_placed_seen(&other, "v"));
	assert_int_equal(mgmt_placed_set(&other, list, 6), 0);
	assert_int_equal(mgmt_placed_set(&other, ring, 3), 0);
	assert_int_equal(mgmt_placed_seen(&other, "z")->count, 0);
	mgmt_placed_seen(&other, "z")->count = 5;
	assert_int_equal(mgmt_placed_set(&other, ring + 1, 3), 0);
	assert_int_equal(mgmt_placed_seen(&other, "z")->count, 5);
	assert_int_equal(mgmt_placed_seen(&other, "w")->count, 0);
	assert_int_equal(mgmt_placed_set(&other, NULL, 0), 0);
	assert_null(mgmt_placed_find(&other, "x"));
	mgmt_placed_free(&other);
}

static enum mgmt_verdict
judge(enum message_type type, const char *to, const char *from, const char *neighbour,
	enum mgmt_side side)
{
	struct message message = {.type = type, .time = NOW};

	snprintf(message.to, sizeof(message.to), "%s", to);
	return mgmt_judge(&message, from, neighbour, side, "own", &placed, NOW);
}

static void
test_who_speaks(void **state)
{
	(void)state;
	/* A child: as itself, and as who is below it. */
	assert_int_equal(judge(MESSAGE_STATS, "", "A", "A", MGMT_BELOW), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_STATS, "^", "D", "A", MGMT_BELOW), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_STATS, "", "E", "A", MGMT_BELOW), MGMT_WRONG_FROM);
	assert_int_equal(judge(MESSAGE_STATS, "", "A", "B", MGMT_BELOW), MGMT_WRONG_FROM);
	assert_int_equal(judge(MESSAGE_STATS, "", "Z", "A", MGMT_BELOW), MGMT_WRONG_FROM);
	assert_int_equal(judge(MESSAGE_STATS, "", "own", "A", MGMT_BELOW), MGMT_WRONG_FROM);
	assert_int_equal(judge(MESSAGE_KILL, "own", "^", "A", MGMT_BELOW), MGMT_WRONG_FROM);
	/* The parent: as ^, or as a node not below us. */
	assert_int_equal(judge(MESSAGE_KILL, "own", "^", "P", MGMT_ABOVE), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_PING, "own", "Z", "P", MGMT_ABOVE), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_PING, "own", "P", "P", MGMT_ABOVE), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_PING, "own", "D", "P", MGMT_ABOVE), MGMT_WRONG_FROM);
	assert_int_equal(judge(MESSAGE_PING, "own", "own", "P", MGMT_ABOVE), MGMT_WRONG_FROM);
}

static void
test_who_commands(void **state)
{
	static const enum message_type commands[] = {MESSAGE_KILL, MESSAGE_REDIRECT, MESSAGE_PLACE,
		MESSAGE_PIPEDEF, MESSAGE_PLAYPIPELINE, MESSAGE_STOPPIPELINE, MESSAGE_REMOVEPIPELINE,
		MESSAGE_ROUTEPIPELINE, MESSAGE_REQFULLSTATS, MESSAGE_WAYLOSS};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(judge(commands[i], "own", "P", "P", MGMT_ABOVE), MGMT_FORBIDDEN);
		assert_int_equal(judge(commands[i], "own", "A", "A", MGMT_BELOW), MGMT_FORBIDDEN);
		assert_int_equal(judge(commands[i], "own", "^", "P", MGMT_ABOVE), MGMT_FINE);
	}
	for (unsigned int type = 0; type < MESSAGE_TYPE_COUNT; type++) {
		assert_int_equal(
			judge((enum message_type)type, "*", "P", "P", MGMT_ABOVE), MGMT_FORBIDDEN);
		assert_int_equal(
			judge((enum message_type)type, "*", "^", "P", MGMT_ABOVE), MGMT_FINE);
	}
	assert_int_equal(judge(MESSAGE_HELLO, "^", "A", "A", MGMT_BELOW), MGMT_FINE);
	assert_int_equal(judge(MESSAGE_PIPEDEFINFO, "^", "A", "A", MGMT_BELOW), MGMT_FINE);
}

static void
test_age_and_hops(void **state)
{
	struct message message = {.type = MESSAGE_PING, .time = NOW - 300000};
	struct {
		uint64_t time;
		uint32_t hops;
		enum mgmt_verdict verdict;
	} cases[] = {
		{NOW - 300000, 0, MGMT_FINE},
		{NOW - 300001, 0, MGMT_OLD},
		{1, 0, MGMT_OLD},
		{NOW + 300000, 32, MGMT_FINE},
		{NOW + 300001, 0, MGMT_OLD},
		{INT64_MAX, 0, MGMT_OLD},
		{NOW, 33, MGMT_LOOPED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		message.time = cases[i].time;
		message.hops = cases[i].hops;
		assert_int_equal(mgmt_judge(&message, "A", "A", MGMT_BELOW, "own", &placed, NOW),
			cases[i].verdict);
	}
}

static void
test_frames(void **state)
{
	struct evbuffer *buffer = evbuffer_new();
	const char *text;
	size_t size;
	const struct {
		uint32_t length;
		enum mgmt_frame_result result;
	} lengths[] = {{0, MGMT_FRAME_SMALL}, {4, MGMT_FRAME_SMALL}, {5, MGMT_FRAME_PART},
		{1048576, MGMT_FRAME_PART}, {1048577, MGMT_FRAME_LARGE},
		{UINT32_MAX, MGMT_FRAME_LARGE}};

	(void)state;
	assert_int_equal(mgmt_frame_look(buffer, &text, &size), MGMT_FRAME_NONE);
	/* As RFC 5734 has it: 4 + 5 bytes. */
	for (int i = 0; i < 9; i++) {
		evbuffer_add(buffer, &"\0\0\0\x09hello"[i], 1);
		assert_int_equal(mgmt_frame_look(buffer, &text, &size),
			i < 8 ? MGMT_FRAME_PART : MGMT_FRAME_WHOLE);
	}
	assert_int_equal(size, 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(mgmt_frame_put(buffer, "again", 5), 0);
	mgmt_frame_drop(buffer, 5);
	assert_int_equal(mgmt_frame_look(buffer, &text, &size), MGMT_FRAME_WHOLE);
	assert_memory_equal(text, "again", 5);
	mgmt_frame_drop(buffer, 5);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t length = htonl(lengths[i].length);

		evbuffer_add(buffer, &length, 4);
		assert_int_equal(mgmt_frame_look(buffer, &text, &size), lengths[i].result);
		evbuffer_drain(buffer, 4);
	}
	evbuffer_free(buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_placed),
		cmocka_unit_test(test_who_speaks),
		cmocka_unit_test(test_who_commands),
		cmocka_unit_test(test_age_and_hops),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
