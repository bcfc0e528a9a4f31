/* SPDX-License-Identifier: BSD-3-Clause */
/* Without TLS nobody goes, or is sent, beyond this machine; who left stays away. */
#include "mgmt_private.h"
#include "plain_tree.h"

static struct event_base *base;
static struct mgmt *root, *node;
static char last[512]; /* line of the node's */

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	(void)priority;
	snprintf(last, sizeof(last), "%s", text);
}

static void
ignore(void *ctx, const struct message *message, const char *via)
{
	(void)ctx;
	(void)message;
	(void)via;
}

static const struct mgmt_ops root_ops = {.handlers = {[MESSAGE_HELLO] = ignore}};
static const struct mgmt_ops node_ops = {.log = on_log};

static bool
joined(void)
{
	struct mgmt_child child;

	return plain_parent_is(node, "^") && mgmt_children(root, &child, 1) == 1;
}

static int
setup(void **state)
{
	static const struct message_below below[] = {{"node", NULL}};
	struct mgmt_settings of_root = {.name = "^"}, of_node = {.name = "node"};

	(void)state;
	base = event_base_new();
	root = plain_start(base, &of_root, NULL, &root_ops, NULL);
	node = plain_start(base, &of_node, root, &node_ops, NULL);
	assert_int_equal(mgmt_set_below(root, below, 1), 0);
	assert_true(plain_turn(base, joined, 5000));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mgmt_free(node);
	mgmt_free(root);
	mgmt_loop_free(base);
	return 0;
}

/* Tells the node a parent of another machine. */
static void
place_elsewhere(void)
{
	struct message place = {.type = MESSAGE_PLACE};

	place.place.parent.name = "relay";
	place.place.parent.server = (struct message_end){"192.0.2.1", 7};
	mgmt_take_place(node, &place);
}

static void
test_elsewhere(void **state)
{
	uint64_t tries = mgmt_counters(node)->reconnects;

	(void)state;
	place_elsewhere();
	assert_non_null(strstr(last, "needs an address of this machine"));
	plain_turn_for(base, 50);
	assert_true(joined());
	assert_int_equal(mgmt_counters(node)->reconnects, tries);
}

static void
refused_settings(const char *listen, const char *to)
{
	struct mgmt_settings settings = {.name = to != NULL ? "other" : "^", .plain = true};
	char error[256] = "";

	assert_true(mgmt_address_make(listen, 7, &settings.listen));
	if (to != NULL)
		assert_true(mgmt_address_make(to, 7, &settings.root));
	assert_null(mgmt_new(base, &settings, &node_ops, NULL, error, sizeof(error)));
	assert_non_null(strstr(error, "must be loopback"));
}

static void
test_settings(void **state)
{
	(void)state;
	refused_settings("192.0.2.1", NULL);
	refused_settings("0.0.0.0", NULL);
	refused_settings("::", NULL);
	refused_settings("128.0.0.1", NULL);
	refused_settings("127.0.0.1", "192.0.2.1");
	refused_settings("::1", "2001:db8::1");
}

/* Whoever went goes nowhere else, whatever it was told last. */
static void
test_left(void **state)
{
	struct mgmt_settings of_relay = {.name = "relay"};
	struct mgmt *relay = plain_start(base, &of_relay, root, &node_ops, NULL);
	uint64_t tries = mgmt_counters(node)->reconnects;

	(void)state;
	mgmt_leave(node, "done");
	plain_place(node, "relay", plain_port(relay), NULL, 0);
	plain_turn_for(base, 300);
	assert_null(mgmt_parent(node));
	assert_int_equal(mgmt_counters(node)->reconnects, tries);
	mgmt_free(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
