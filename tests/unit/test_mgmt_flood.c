/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a relay can remember is used up: who is heard all the same, and who is not. */
#include "unit.h"

#include "mgmt_private.h"
#include "plain_tree.h"

enum {
	ROOT,
	RELAY,
	LEAF,
	PROGRAMS
};

static const char *const names[PROGRAMS] = {"^", "relay", "leaf"};

static struct mgmt *programs[PROGRAMS];
static struct event_base *base;
static unsigned int orders[PROGRAMS], losses, joins;
static bool greeted;	 /* the root, by the leaf below the relay */
static uint32_t refused; /* the code that the leaf heard; 0 = none */

static void
on_order(void *ctx, const struct message *message, const char *via)
{
	(void)message;
	(void)via;
	orders[(intptr_t)ctx]++;
}

static void
on_losses(void *ctx, const struct message *message, const char *via)
{
	(void)ctx;
	(void)via;
	assert_string_equal(message->from, "leaf");
	losses++;
}

static void
on_join(void *ctx, const struct message *message, const char *via)
{
	(void)ctx;
	(void)message;
	(void)via;
	joins++;
}

static void
on_error(void *ctx, const struct message *message, const char *via)
{
	(void)via;
	if ((intptr_t)ctx == LEAF)
		refused = message->error.code;
}

static void
on_hello(void *ctx, const struct message *message, const char *via)
{
	(void)ctx;
	greeted |= strcmp(message->from, "leaf") == 0 && strcmp(via, "relay") == 0;
}

static const struct mgmt_ops ops = {
	.handlers = {[MESSAGE_HELLO] = on_hello,
		[MESSAGE_REQFULLSTATS] = on_order,
		[MESSAGE_LINKLOSS] = on_losses,
		[MESSAGE_JOIN] = on_join,
		[MESSAGE_ERROR] = on_error},
};

static bool
told_below(int which, const char *child, size_t count)
{
	const struct mgmt_conn *conn = mgmt_conn_find(programs[which], child);

	return conn != NULL && conn->below != NULL && conn->below->children.nb_children == count;
}

/* All that they say by themselves was said. */
static bool
all_up(void)
{
	return greeted && told_below(ROOT, "relay", 1) && told_below(RELAY, "leaf", 0);
}

static int
setup(void **state)
{
	static const struct message_below tree[] = {
		{"relay", NULL}, {"leaf", "relay"}, {"first", "relay"}, {"second", "relay"}};
	static const struct message_below leaf[] = {{"leaf", NULL}};

	(void)state;
	base = event_base_new();
	for (intptr_t which = ROOT; which < PROGRAMS; which++) {
		struct mgmt_settings settings = {
			.name = names[which], .ping = 60000, .dead = 120000};

		programs[which] = plain_start(base, &settings,
			which == ROOT ? NULL : programs[ROOT], &ops, (void *)which);
	}
	if (mgmt_set_below(programs[ROOT], tree, 4) != 0)
		return -1;
	greeted = false;
	plain_place(programs[RELAY], MESSAGE_ROOT, 0, leaf, 1);
	plain_place(programs[LEAF], "relay", plain_port(programs[RELAY]), NULL, 0);
	orders[RELAY] = orders[LEAF] = losses = joins = refused = 0;
	return plain_turn(base, all_up, 20000) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	for (int which = PROGRAMS - 1; which >= ROOT; which--)
		mgmt_free(programs[which]);
	mgmt_loop_free(base);
	return 0;
}

/* Of a neighbour, or of a node below it too: all that can be said in this age. */
static void
fill(struct mgmt *mgmt, struct mgmt_seen_share *share, struct mgmt_seen_share *own)
{
	static uint64_t next;
	const struct mgmt_seen_from from = {share, own};
	struct mgmt_seen_key key = {.words[1] = 1};

	do
		key.words[0] = ++next * UINT64_C(0x9e3779b97f4a7c15);
	while (mgmt_seen_add(&mgmt->seen, &from, &key, mgmt_now()) == MGMT_SEEN_NEW);
}

/* All that is the node's own, by its parent's count. */
static void
fill_own(int parent, const char *name)
{
	struct mgmt_seen_share nobody = {0};

	fill(programs[parent], &nobody, mgmt_placed_seen(&programs[parent]->placed, name));
}

static void
say(int which, enum message_type type, const char *to)
{
	struct message message = {.type = type};

	snprintf(message.to, sizeof(message.to), "%s", to);
	if (type == MESSAGE_JOIN)
		message.attend.conference = 1;
	assert_int_equal(mgmt_send(programs[which], &message), 0);
}

static bool
orders_came(void)
{
	return orders[RELAY] == 1 && orders[LEAF] == 1;
}

static bool
losses_came(void)
{
	return losses == 2;
}

static bool
leaf_refused(void)
{
	return refused != 0;
}

static bool
root_refused(void)
{
	return mgmt_counters(programs[ROOT])->flooded == 1;
}

static bool
join_came(void)
{
	return joins == 1;
}

/* Whoever filled it: the root's orders come, and so does what need not be remembered. */
static void
test_all_full(void **state)
{
	struct mgmt_seen_share shares[8] = {0};

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		fill(programs[RELAY], &shares[i], NULL);
	say(ROOT, MESSAGE_REQFULLSTATS, "relay");
	say(ROOT, MESSAGE_REQFULLSTATS, "leaf");
	assert_true(plain_turn(base, orders_came, 20000));
	say(LEAF, MESSAGE_LINKLOSS, MESSAGE_ROOT);
	say(LEAF, MESSAGE_LINKLOSS, MESSAGE_ROOT);
	assert_true(plain_turn(base, losses_came, 20000));
	say(LEAF, MESSAGE_JOIN, MESSAGE_ROOT);
	assert_true(plain_turn(base, join_came, 20000));
	assert_int_equal(mgmt_counters(programs[RELAY])->flooded, 0);
	fill_own(RELAY, "leaf");
	say(LEAF, MESSAGE_JOIN, MESSAGE_ROOT);
	assert_true(plain_turn(base, leaf_refused, 20000));
	assert_int_equal(refused, MESSAGE_CODE_BUSY);
	assert_int_equal(mgmt_counters(programs[RELAY])->flooded, 1);
}

/* Two others below the relay said all that may come through it: the leaf is heard all the same. */
static void
test_two_others(void **state)
{
	struct mgmt_conn *relay = mgmt_conn_find(programs[ROOT], "relay");
	struct mgmt *root = programs[ROOT];

	(void)state;
	fill(root, &relay->share, mgmt_placed_seen(&root->placed, "first"));
	fill(root, &relay->share, mgmt_placed_seen(&root->placed, "second"));
	assert_int_equal(relay->share.count, MGMT_SEEN_EACH);
	say(LEAF, MESSAGE_JOIN, MESSAGE_ROOT);
	assert_true(plain_turn(base, join_came, 20000));
	fill_own(ROOT, "leaf");
	say(LEAF, MESSAGE_JOIN, MESSAGE_ROOT);
	assert_true(plain_turn(base, root_refused, 20000));
	assert_int_equal(joins, 1);
}

/* Of what need not be remembered there is an end too, which is that of its sender alone. */
static void
test_losses(void **state)
{
	struct mgmt_conn *leaf = mgmt_conn_find(programs[RELAY], "leaf");
	const struct mgmt_seen_from from = {.share = &leaf->share};

	(void)state;
	while (mgmt_seen_count(&programs[RELAY]->seen, &from, mgmt_now()))
		;
	say(LEAF, MESSAGE_LINKLOSS, MESSAGE_ROOT);
	assert_true(plain_turn(base, leaf_refused, 20000));
	assert_int_equal(refused, MESSAGE_CODE_BUSY);
	assert_int_equal(losses, 0);
	say(LEAF, MESSAGE_JOIN, MESSAGE_ROOT);
	assert_true(plain_turn(base, join_came, 20000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_losses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
