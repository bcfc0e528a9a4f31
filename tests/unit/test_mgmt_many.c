/* SPDX-License-Identifier: BSD-3-Clause */
/* As many children as there may be: what one more costs, and who is one more. */
#include "unit.h"

#include "mgmt_private.h"
#include "plain_tree.h"

#define MANY 1000

#define STREAMS 65535
#define BELOW	10000 /* each of two children */

static uint64_t streams[STREAMS];
static size_t greeted;	  /* streams of the hello */
static unsigned int told; /* log lines that say that something is too large */

static void
on_hello(void *ctx, const struct message *message, const char *via)
{
	(void)ctx;
	(void)via;
	greeted = message->info.nb_pipelines;
}

static void
fill_hello(void *ctx, struct message_info *info)
{
	(void)ctx;
	info->pipelines = streams;
	info->nb_pipelines = STREAMS;
}

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	(void)priority;
	told += strstr(text, "larger than a message") != NULL;
}

static const struct mgmt_ops ops = {.handlers = {[MESSAGE_HELLO] = on_hello}};
static const struct mgmt_ops node_ops = {.hello = fill_hello, .log = on_log};
static struct event_base *base;
static struct mgmt *root, *node;

static int
setup(void **state)
{
	struct mgmt_settings settings = {.name = MESSAGE_ROOT};

	(void)state;
	base = event_base_new();
	root = plain_start(base, &settings, NULL, &ops, NULL);
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

/* From 10.0.x.y; nobody is at its other end. */
static struct mgmt_conn *
connection(unsigned int host)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct mgmt_conn *conn;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a000000 + host);
	conn = mgmt_conn_new(root, -1, &address, MGMT_BELOW, "");
	assert_non_null(conn);
	return conn;
}

static const char *
name_of(unsigned int i, char name[16])
{
	snprintf(name, 16, "node%u", i);
	return name;
}

static void
add_children(unsigned int count)
{
	char name[16];

	for (unsigned int i = 0; i < count; i++)
		assert_true(mgmt_conn_named(connection(i), name_of(i, name)));
	assert_int_equal(mgmt_children(root, NULL, 0), count);
}

/* Each message that leaves is for one of them. */
static void
test_find(void **state)
{
	char name[16];

	(void)state;
	add_children(MANY);
	root->steps = 0;
	for (unsigned int i = 0; i < MANY; i++) {
		const struct mgmt_conn *conn = mgmt_conn_find(root, name_of(i, name));

		assert_non_null(conn);
		assert_string_equal(conn->name, name);
	}
	assert_null(mgmt_conn_find(root, "node"));
	assert_in_range(root->steps, MANY, 4 * MANY);
}

/* Whoever reaches the port can ask for a place among those without a name. */
static void
test_room(void **state)
{
	struct sockaddr_storage newcomer = {0};
	struct mgmt_conn *first = NULL;

	(void)state;
	add_children(MANY);
	for (unsigned int i = 0; i < MGMT_NAMELESS_MAX; i++) {
		struct mgmt_conn *conn = connection(i / 2);

		first = first != NULL ? first : conn;
	}
	((struct sockaddr_in *)&newcomer)->sin_family = AF_INET;
	((struct sockaddr_in *)&newcomer)->sin_addr.s_addr = htonl(0x0b000000);
	root->steps = 0;
	assert_true(mgmt_make_room(root, &newcomer));
	assert_int_equal(first->state, MGMT_GONE);
	assert_int_equal(root->nb_nameless, MGMT_NAMELESS_MAX - 1);
	assert_in_range(
		root->steps, MGMT_NAMELESS_MAX, MGMT_NAMELESS_MAX * (MGMT_NAMELESS_MAX + 2));
}

/* One that comes anew takes the place that it had; another finds none. */
static void
test_all_places(void **state)
{
	struct mgmt_conn *old, *anew = connection(1);

	(void)state;
	add_children(MGMT_CHILDREN_MAX);
	assert_false(mgmt_conn_named(connection(1), "another"));
	assert_int_equal(mgmt_counters(root)->too_many, 1);
	old = mgmt_conn_find(root, "node1");
	assert_true(mgmt_conn_named(anew, "node1"));
	assert_int_equal(old->state, MGMT_GONE);
	assert_ptr_equal(mgmt_conn_find(root, "node1"), anew);
	assert_int_equal(mgmt_children(root, NULL, 0), MGMT_CHILDREN_MAX);
}

static bool
node_up(void)
{
	return mgmt_children(root, NULL, 0) == 1 && mgmt_parent(node) != NULL;
}

static void
start_node(void)
{
	struct mgmt_settings settings = {.name = "node", .ping = 60000, .dead = 120000};

	node = plain_start(base, &settings, root, &node_ops, NULL);
	assert_true(plain_turn(base, node_up, 20000));
}

/* ms until it tells of a change that is now. */
static int64_t
told_in(uint64_t took)
{
	struct timeval at, now;

	node->update_due = false;
	event_del(node->update);
	node->update_took = took;
	mgmt_update_soon(node);
	assert_true(event_pending(node->update, EV_TIMEOUT, &at));
	event_base_gettimeofday_cached(base, &now);
	return (at.tv_sec - now.tv_sec) * 1000 + (at.tv_usec - now.tv_usec) / 1000;
}

/* Where it takes long to tell who is below, it is not told at each change. */
static void
test_update_pause(void **state)
{
	(void)state;
	start_node();
	assert_in_range(told_in(0), 10, 30);
	assert_in_range(told_in(12000), 90, 125);
	assert_in_range(told_in(30000000), 150, 205);
	node->update_took = 30000000;
	mgmt_update_send(node);
	assert_true(node->update_took < 1000000);
}

static bool
hello_came(void)
{
	return greeted > 0;
}

/* One with very many streams is greeted all the same. */
static void
test_large_hello(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < STREAMS; i++)
		streams[i] = message_stream(INT32_MAX, UINT32_MAX - (uint32_t)i);
	greeted = 0;
	start_node();
	assert_true(plain_turn(base, hello_came, 20000));
	assert_int_equal(greeted, MESSAGE_HELLO_STREAMS);
}

/* As two children would tell; nobody is at their other ends. */
static struct message_below *
list_below(void)
{
	static const char *const children[2] = {"first", "second"};
	struct message_below *list = calloc(2 * BELOW + 2, sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < 2 * BELOW; i++) {
		char name[MESSAGE_NAME_MAX + 1];

		snprintf(name, sizeof(name), "a-name-of-fifty-letters-or-so-of-node-%zu", i);
		list[i] = (struct message_below){strdup(name), children[i / BELOW]};
		assert_non_null(list[i].name);
	}
	list[2 * BELOW].name = children[0];
	list[2 * BELOW + 1].name = children[1];
	return list;
}

static void
child_tells(const char *name, const struct message_below *list)
{
	struct mgmt_conn *conn = mgmt_conn_new(
		node, -1, &mgmt_conn_find(root, "node")->address, MGMT_BELOW, "");
	struct message update = {.type = MESSAGE_CHILDSUPDATE, .time = 1};
	char error[MESSAGE_ERROR_MAX];
	struct message_fault fault;
	size_t size;
	char *text;

	assert_true(mgmt_conn_named(conn, name));
	update.children = (struct message_children){BELOW, list, BELOW};
	text = message_write(&update, &size, error);
	assert_non_null(text);
	conn->below = message_parse(text, size, &fault);
	assert_non_null(conn->below);
	free(text);
}

/* A list that no message holds: the log says so, once. */
static void
test_large_list(void **state)
{
	struct message_below *list = list_below();

	(void)state;
	told = 0;
	start_node();
	assert_int_equal(mgmt_set_below(node, list, 2 * BELOW + 2), 0);
	child_tells("first", list);
	mgmt_update_send(node);
	assert_int_equal(told, 0);
	child_tells("second", list + BELOW);
	for (int i = 0; i < 3; i++)
		mgmt_update_send(node);
	assert_int_equal(told, 1);
	mgmt_conn_close(mgmt_conn_find(node, "second"), false, "it went");
	mgmt_update_send(node);
	child_tells("second", list + BELOW);
	mgmt_update_send(node);
	assert_int_equal(told, 2);
	for (size_t i = 0; i < 2 * BELOW; i++)
		free((void *)(uintptr_t)list[i].name);
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_list, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
