/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that stood still (its machine was paused) does not take that time for its neighbours'
 * silence; nor does it wait longer for one that is silent from then on.
 */
#include "unit.h"

#include <unistd.h>

#include "plain_tree.h"

#define PAUSE_MS 3000

static struct event_base *bases[2]; /* each is another program: they need not turn together */
static struct mgmt *root, *node;
static bool joined, gone;

static void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	(void)ctx;
	(void)name;
	(void)why;
	joined |= event == MGMT_PARENT_UP;
	gone |= event == MGMT_CHILD_DOWN;
}

static const struct mgmt_ops ops = {.event = on_event};

static int
setup(void **state)
{
	static const struct message_below below[] = {{"node", NULL}};
	struct mgmt_settings of_root = {.name = "^", .ping = 300, .dead = 1000},
			     of_node = {.name = "node", .ping = 100, .dead = 60000};

	(void)state;
	joined = gone = false;
	for (unsigned int i = 0; i < 2; i++)
		bases[i] = event_base_new();
	root = plain_start(bases[0], &of_root, NULL, &ops, NULL);
	assert_int_equal(mgmt_set_below(root, below, 1), 0);
	node = plain_start(bases[1], &of_node, root, &ops, NULL);
	for (unsigned int i = 0; i < 5000 && !joined; i++) {
		plain_turn_for(bases[0], 1);
		plain_turn_for(bases[1], 1);
	}
	return joined ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	mgmt_free(node);
	mgmt_free(root);
	for (unsigned int i = 0; i < 2; i++)
		mgmt_loop_free(bases[i]);
	return 0;
}

static bool
is_gone(void)
{
	return gone;
}

/* What the node said meanwhile is there when the root goes on: no longer ago than that. */
static void
test_silent_then(void **state)
{
	int64_t since;

	(void)state;
	plain_turn_for(bases[1], PAUSE_MS);
	since = plain_now_ms();
	assert_true(plain_turn(bases[0], is_gone, 2 * PAUSE_MS));
	assert_in_range(plain_now_ms() - since, 900, PAUSE_MS);
}

/* Not even where it could say nothing, as both stood still. */
static void
test_both(void **state)
{
	(void)state;
	usleep(PAUSE_MS * 1000);
	for (unsigned int i = 0; i < 1000 && !gone; i++) {
		plain_turn_for(bases[0], 1);
		plain_turn_for(bases[1], 1);
	}
	assert_false(gone);
	assert_int_equal(mgmt_counters(root)->dead, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silent_then, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both, setup, teardown),
	};

	return cmocka_run_group_tests_name("mgmt_pause", tests, NULL, NULL);
}
