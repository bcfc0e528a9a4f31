/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root has much to say to a leaf that does not read for a while: nothing of it is lost, no
 * connection ends, and another leaf below the same relay does not wait for ever.
 */
#include "unit.h"

#include <errno.h>

#include "mgmt_private.h"
#include "plain_tree.h"

enum {
	ROOT,
	RELAY,
	SLOW,
	QUICK,
	PROGRAMS
};

static const char *const names[PROGRAMS] = {"^", "relay", "slow", "quick"};

static struct mgmt *programs[PROGRAMS];
static struct event_base *base;
static struct ev_token_bucket_cfg *rate; /* at which the slow one reads; NULL: any */
static unsigned int heard[PROGRAMS], rooms, ends;
static bool in_order;
static uint32_t frame; /* ms; 0 = the default */

#define DESTINATIONS 16000 /* of a message: about 400 kB */
#define MESSAGES     32	   /* which is more than may wait at both ends */

static uint32_t destinations[DESTINATIONS];

static void
on_pipedef(void *ctx, const struct message *message, const char *via)
{
	int which = (int)(intptr_t)ctx;

	(void)via;
	in_order &= message->pipeline.session == ++heard[which];
}

static void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	(void)why;
	if (event == MGMT_CHILD_ROOM) {
		assert_int_equal((intptr_t)ctx, ROOT);
		assert_string_equal(name, "relay");
		rooms++;
	}
	ends += event == MGMT_CHILD_DOWN;
}

static const struct mgmt_ops ops = {
	.handlers = {[MESSAGE_PIPEDEF] = on_pipedef},
	.event = on_event,
};

static struct mgmt *
start(int which)
{
	/* One that does not read answers no ping. */
	struct mgmt_settings settings = {.name = names[which], .dead = 60000, .frame = frame};

	return plain_start(base, &settings, which == ROOT ? NULL : programs[ROOT], &ops,
		(void *)(intptr_t)which);
}

static bool
turn(bool (*condition)(void), int64_t ms)
{
	return plain_turn(base, condition, ms);
}

static bool
all_up(void)
{
	return plain_parent_is(programs[RELAY], "^") && plain_parent_is(programs[SLOW], "relay") &&
	       plain_parent_is(programs[QUICK], "relay");
}

static int
setup(void **state)
{
	static const struct message_below below[] = {{"slow", NULL}, {"quick", NULL}};
	static const struct message_below all[] = {
		{"relay", NULL}, {"slow", "relay"}, {"quick", "relay"}};

	(void)state;
	base = event_base_new();
	for (int which = ROOT; which < PROGRAMS; which++)
		programs[which] = start(which);
	if (mgmt_set_below(programs[ROOT], all, 3) != 0)
		return -1;
	plain_place(programs[RELAY], MESSAGE_ROOT, 0, below, 2);
	plain_place(programs[SLOW], "relay", plain_port(programs[RELAY]), NULL, 0);
	plain_place(programs[QUICK], "relay", plain_port(programs[RELAY]), NULL, 0);
	for (uint32_t i = 0; i < DESTINATIONS; i++)
		destinations[i] = i + 1;
	if (!turn(all_up, 20000))
		return -1;
	plain_turn_for(base, 500);
	memset(heard, 0, sizeof(heard));
	rooms = ends = 0;
	in_order = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int which = PROGRAMS - 1; which >= ROOT; which--)
		mgmt_free(programs[which]);
	mgmt_loop_free(base);
	if (rate != NULL)
		ev_token_bucket_cfg_free(rate);
	rate = NULL;
	return 0;
}

static int
say(int which, uint32_t number, size_t count)
{
	struct message message = {.type = MESSAGE_PIPEDEF};

	strcpy(message.to, names[which]);
	message.pipeline.conference = 1;
	message.pipeline.session = number;
	message.pipeline.destinations = destinations;
	message.pipeline.nb_destinations = count;
	return mgmt_send(programs[ROOT], &message);
}

static uint32_t said;

/* As much as there is room for. */
static bool
all_said(void)
{
	while (said < MESSAGES && mgmt_has_room(programs[ROOT], names[SLOW]))
		assert_int_equal(say(SLOW, ++said, DESTINATIONS), 0);
	return said == MESSAGES;
}

static bool
slow_heard(void)
{
	all_said();
	return heard[SLOW] == MESSAGES;
}

/* All but the last one, which was refused. */
static bool
taken_heard(void)
{
	return heard[SLOW] >= said - 1 && rooms > 0;
}

static bool
quick_heard(void)
{
	return heard[QUICK] == 1;
}

static bool
refused(void)
{
	return all_said() && mgmt_counters(programs[RELAY])->full > 0;
}

static void
assert_kept(void)
{
	assert_int_equal(ends, 0);
	assert_true(in_order);
	for (int which = ROOT; which < PROGRAMS; which++) {
		assert_int_equal(mgmt_counters(programs[which])->full, 0);
		assert_int_equal(mgmt_counters(programs[which])->stuck, 0);
	}
}

/* It reads after a while. */
static void
test_waits(void **state)
{
	(void)state;
	said = 0;
	mgmt_pause(programs[SLOW]);
	assert_false(plain_turn_within(base, all_said, 1000));
	assert_true(said > 4);
	mgmt_resume(programs[SLOW]);
	assert_true(turn(slow_heard, 20000));
	assert_true(rooms > 0);
	assert_kept();
}

/* It does not: others go on, and what is more than may wait for it is refused. */
static void
test_not_all(void **state)
{
	(void)state;
	said = 0;
	mgmt_pause(programs[SLOW]);
	assert_false(plain_turn_within(base, all_said, 500));
	assert_int_equal(say(QUICK, 1, 1), 0);
	assert_false(plain_turn_within(base, quick_heard, 500));
	/* Well before a neighbour is taken to be stuck. */
	assert_true(turn(quick_heard, 8000));
	assert_int_equal(ends, 0);
	assert_true(turn(refused, 3000));
	assert_int_equal(mgmt_counters(programs[RELAY])->stuck, 0);
	assert_int_equal(ends, 0);
	assert_true(plain_parent_is(programs[RELAY], "^"));
	assert_int_equal(mgmt_counters(programs[ROOT])->stuck, 0);
	assert_int_equal(mgmt_counters(programs[ROOT])->full, 0);
}

/* Who does not ask for room learns it, and is refused beyond. */
static void
test_no_question(void **state)
{
	int ret = 0;

	(void)state;
	for (said = 0; ret == 0 && said < 2 * MESSAGES; said++)
		ret = say(SLOW, said + 1, DESTINATIONS);
	assert_int_equal(ret, -EAGAIN);
	assert_false(mgmt_has_room(programs[ROOT], names[QUICK]));
	assert_true(mgmt_has_room(programs[ROOT], "nobody"));
	assert_int_equal(mgmt_counters(programs[ROOT])->full, 1);
	assert_true(turn(taken_heard, 20000));
	plain_turn_for(base, 200);
	assert_int_equal(heard[SLOW], said - 1);
	assert_true(in_order);
	assert_int_equal(ends, 0);
	assert_int_equal(rooms, 1);
	assert_true(mgmt_has_room(programs[ROOT], names[QUICK]));
}

static bool
slow_ended(void)
{
	all_said();
	return ends > 0;
}

/* It reads so little that it is full for a minute, of which the test leaves out most. */
static void
test_little(void **state)
{
	struct mgmt_conn *conn = mgmt_conn_find(programs[RELAY], names[SLOW]);

	(void)state;
	assert_non_null(conn);
	rate = ev_token_bucket_cfg_new(65536, 65536, 65536, 65536, NULL);
	assert_int_equal(bufferevent_set_rate_limit(programs[SLOW]->above->bev, rate), 0);
	said = 0;
	assert_false(plain_turn_within(base, slow_ended, 2000));
	assert_true(conn->full_at != 0);
	conn->full_at -= MGMT_SLOW_MS - 6000;
	assert_false(plain_turn_within(base, slow_ended, 3000));
	assert_true(turn(slow_ended, 5000));
	assert_int_equal(mgmt_counters(programs[RELAY])->stuck, 1);
}

static int
setup_quick(void **state)
{
	frame = 1500;
	return setup(state);
}

static int
teardown_quick(void **state)
{
	frame = 0;
	return teardown(state);
}

static bool
part_came(void)
{
	return programs[RELAY]->above->part_began != 0;
}

static bool
parent_closed(void)
{
	return mgmt_counters(programs[RELAY])->slow > 0;
}

/* A part of a message came from above before a child was full: the rest is not late meanwhile. */
static void
test_part_waits(void **state)
{
	static const char text[65536] = "<message";
	struct mgmt_conn *relay = mgmt_conn_find(programs[ROOT], "relay");
	struct mgmt_conn *slow = mgmt_conn_find(programs[RELAY], "slow");

	(void)state;
	mgmt_pause(programs[SLOW]);
	bufferevent_write(relay->bev, "\0\1\0\0<message", 12);
	assert_true(turn(part_came, 1000));
	/* The kernel takes more and more of it. */
	for (int i = 0; i < 10; i++) {
		while (mgmt_conn_put(slow, text, sizeof(text)) == 0)
			;
		plain_turn_for(base, 50);
	}
	assert_int_not_equal(slow->full_at, 0);
	assert_false(plain_turn_within(base, parent_closed, 2500));
	/* But it is once nothing holds it up. */
	assert_true(turn(parent_closed, 6000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_question, setup, teardown),
		cmocka_unit_test_setup_teardown(test_little, setup, teardown),
		cmocka_unit_test_setup_teardown(test_part_waits, setup_quick, teardown_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
