/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a node waits before it tries a parent again, by a clock that the test turns. */
#include "unit.h"

#include "mgmt_private.h"
#include "plain_tree.h"

#define UNSET UINT32_MAX

static const struct mgmt_ops ops;
static struct event_base *base;
static struct mgmt *root, *node;
static uint64_t clock_now; /* ms */
static uint32_t pause_of;  /* ms, the last that the node chose */

uint64_t __wrap_mgmt_now(void);
int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);

uint64_t
__wrap_mgmt_now(void)
{
	return clock_now;
}

int
__wrap_event_add(struct event *event, const struct timeval *timeout)
{
	if (node != NULL && event == node->retry)
		pause_of = (uint32_t)(timeout->tv_sec * 1000 + timeout->tv_usec / 1000);
	return __real_event_add(event, timeout);
}

/* The loop is not turned: nothing is connected that the test does not say so of. */
static int
setup(void **state)
{
	struct mgmt_settings of_root = {.name = MESSAGE_ROOT};
	struct mgmt_settings of_node = {.name = "node", .backoff = 100, .backoff_max = 2000};

	(void)state;
	clock_now = 1000000;
	base = event_base_new();
	root = plain_start(base, &of_root, NULL, &ops, NULL);
	node = plain_start(base, &of_node, root, &ops, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mgmt_free(node);
	node = NULL;
	mgmt_free(root);
	mgmt_loop_free(base);
	return 0;
}

/* The connection ends, or could not be made; returns what it waits now. */
static uint32_t
lose(void)
{
	pause_of = UNSET;
	mgmt_conn_close(node->above, false, "a test");
	assert_null(node->above);
	assert_int_not_equal(pause_of, UNSET);
	return pause_of;
}

static void
try_again(void)
{
	event_del(node->retry);
	mgmt_join_again(node);
	assert_non_null(node->above);
}

/* Ever longer, until one is there and takes us: whoever loses that tries again soon. */
static void
test_soon_again(void **state)
{
	uint32_t longest = 100;

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		assert_in_range(lose(), longest / 2, longest);
		longest = 2 * longest < 2000 ? 2 * longest : 2000;
		try_again();
	}
	assert_in_range(lose(), 1000, 2000);
	try_again();
	assert_string_equal(node->above->name, MESSAGE_ROOT);
	assert_true(mgmt_conn_named(node->above, MESSAGE_ROOT));
	mgmt_join_heard(node->above);
	assert_in_range(lose(), 50, 100);
	assert_int_equal(node->tries, 1);
}

/* One that was not reached, as if it was tried now. */
static void
not_reached(const char *name)
{
	struct mgmt_conn *conn = mgmt_conn_new(node, -1, &node->settings.root, MGMT_ABOVE, name);

	assert_non_null(conn);
	mgmt_join_lost(node, conn);
}

/* A parent that is there again after a day is taken within a minute. */
static void
test_left_alone(void **state)
{
	uint32_t longest = 100;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		not_reached("east");
		assert_int_equal(node->unreached_ms, longest);
		assert_int_equal(node->unreached_until, clock_now + longest);
		longest = 2 * longest < MGMT_UNREACHED_MS ? 2 * longest : MGMT_UNREACHED_MS;
		node->root_heard = true;
	}
	assert_int_equal(node->unreached_ms, 60000);
	/* The root was away too. */
	node->root_heard = false;
	not_reached("east");
	assert_int_equal(node->unreached_ms, 100);
	node->root_heard = true;
	not_reached("east");
	assert_int_equal(node->unreached_ms, 200);
	/* Another is another matter. */
	node->root_heard = true;
	not_reached("west");
	assert_int_equal(node->unreached_ms, 100);
}

/* The root's word; returns how long it waits before it follows that. */
static uint32_t
redirect(void)
{
	pause_of = UNSET;
	mgmt_join(node, "east", "127.0.0.1", 7);
	assert_int_not_equal(pause_of, UNSET);
	return pause_of;
}

/* A root that sends on whoever comes is followed ever more slowly, until it has done so no more. */
static void
test_sent_on(void **state)
{
	static const uint32_t pauses[] = {0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000, 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_int_equal(redirect(), pauses[i]);
		/* It comes there, is taken, and sent on. */
		clock_now += pauses[i];
	}
	clock_now += 2000;
	assert_int_equal(redirect(), 2000);
	clock_now += 4001;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(redirect(), pauses[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_soon_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sent_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
