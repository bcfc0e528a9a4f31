/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node does with a message, and says to its neighbours, none of which is there. */
#include "unit.h"

#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "mgmt_private.h"
#include "plain_tree.h"

static const struct mgmt_ops root_ops;
static struct event_base *base;
static struct mgmt *root, *node;
static char log_last[512];

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	(void)priority;
	snprintf(log_last, sizeof(log_last), "%s", text);
}

static const struct mgmt_ops node_ops = {.log = on_log};

/* Nobody is at its other end. */
static struct mgmt_conn *
connect_from(struct mgmt *mgmt, const char *host, const char *name)
{
	struct sockaddr_storage address;
	struct mgmt_conn *conn;

	assert_true(mgmt_address_make(host, 9, &address));
	conn = mgmt_conn_new(mgmt, -1, &address, MGMT_BELOW, "");
	assert_non_null(conn);
	assert_true(mgmt_conn_named(conn, name));
	return conn;
}

/* What it was told since; the last of a type, NULL: none. It is for message_free(). */
static struct message *
take_said(struct mgmt_conn *conn, enum message_type type)
{
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	struct message *last = NULL;
	const char *text;
	size_t size;

	evbuffer_unfreeze(output, 1);
	while (mgmt_frame_look(output, &text, &size) == MGMT_FRAME_WHOLE) {
		struct message_fault fault;
		struct message *message = message_parse(text, size, &fault);

		assert_non_null(message);
		if (message->type == type) {
			message_free(last);
			last = message;
		} else {
			message_free(message);
		}
		mgmt_frame_drop(output, size);
	}
	evbuffer_freeze(output, 1);
	return last;
}

static bool
said(struct mgmt_conn *conn, enum message_type type)
{
	struct message *message = take_said(conn, type);

	message_free(message);
	return message != NULL;
}

/* It says it; time 0: now. */
static void
hear(struct mgmt_conn *conn, struct message *message)
{
	static unsigned int number;
	char error[MESSAGE_ERROR_MAX];
	size_t size;
	char *text;

	if (message->time == 0)
		message->time = mgmt_utc();
	if (message->from[0] == 0)
		snprintf(message->from, sizeof(message->from), "%s", conn->name);
	snprintf(message->id, sizeof(message->id), "%u", ++number);
	text = message_write(message, &size, error);
	assert_non_null(text);
	mgmt_receive(conn, text, size);
	free(text);
}

static struct mgmt_conn *child; /* the node's */

/* Above the node the root, below it a child, and a leaf below that. */
static int
setup(void **state)
{
	static const struct message_below below[] = {{"child", NULL}, {"leaf", "child"}};
	struct mgmt_settings of_root = {.name = MESSAGE_ROOT}, of_node = {.name = "node"};

	(void)state;
	base = event_base_new();
	root = plain_start(base, &of_root, NULL, &root_ops, NULL);
	node = plain_start(base, &of_node, root, &node_ops, NULL);
	assert_int_equal(mgmt_set_below(node, below, 2), 0);
	assert_true(mgmt_conn_named(node->above, MESSAGE_ROOT));
	child = connect_from(node, "10.0.0.1", "child");
	assert_true(said(node->above, MESSAGE_HELLO));
	assert_true(said(child, MESSAGE_PING));
	log_last[0] = 0;
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

/* Only the one that was pinged answers that. */
static void
test_pong(void **state)
{
	struct message stray = {.type = MESSAGE_PONG, .from = "leaf"};
	struct message pong = {.type = MESSAGE_PONG};
	struct mgmt_child shown;

	(void)state;
	usleep(1000);
	hear(child, &stray);
	assert_int_equal(mgmt_children(node, &shown, 1), 1);
	assert_int_equal(shown.rtt_us, 0);
	hear(child, &pong);
	assert_int_equal(mgmt_children(node, &shown, 1), 1);
	assert_in_range(shown.rtt_us, 1000, 60000000);
}

static void
test_waiting(void **state)
{
	struct message order = {.type = MESSAGE_REQFULLSTATS, .from = "^", .to = "child"};
	struct mgmt_child shown;

	(void)state;
	assert_int_equal(mgmt_children(node, &shown, 1), 1);
	assert_int_equal(shown.waiting, 0);
	hear(node->above, &order);
	assert_int_equal(mgmt_children(node, &shown, 1), 1);
	assert_int_equal(shown.waiting, evbuffer_get_length(bufferevent_get_output(child->bev)));
	assert_true(shown.waiting > MGMT_FRAME_HEAD);
}

/* The child's own list does not name the child: the node's does. */
static void
test_lists(void **state)
{
	static const struct message_below list[] = {{"leaf", NULL}};
	struct message update = {.type = MESSAGE_CHILDSUPDATE};
	const struct message_children *told;
	struct message *message;
	struct timeval at, now;

	(void)state;
	update.children = (struct message_children){1, list, 1};
	hear(child, &update);
	mgmt_update_send(node);
	message = take_said(node->above, MESSAGE_CHILDSUPDATE);
	assert_non_null(message);
	told = &message->children;
	assert_int_equal(told->nb_children, 2);
	assert_string_equal(told->children[0].name, "child");
	assert_null(told->children[0].parent);
	assert_string_equal(told->children[1].name, "leaf");
	assert_non_null(told->children[1].parent);
	assert_string_equal(told->children[1].parent, "child");
	message_free(message);
	/* One that was refused there is told again. */
	assert_true(event_pending(node->update, EV_TIMEOUT, &at));
	event_base_gettimeofday_cached(base, &now);
	assert_in_range(at.tv_sec - now.tv_sec, 28, 31);
}

/* One that connects anew has one connection, whoever else it may be. */
static void
test_anew(void **state)
{
	struct mgmt_conn *second, *third;
	struct mgmt_child shown[2];

	(void)state;
	second = connect_from(node, "10.0.0.1", "child");
	assert_int_equal(child->state, MGMT_GONE);
	assert_non_null(strstr(log_last, "it connected anew"));
	assert_null(strstr(log_last, "another name"));
	third = connect_from(node, "10.0.0.2", "child");
	assert_int_equal(second->state, MGMT_GONE);
	assert_non_null(
		strstr(log_last, "it connected anew, from 10.0.0.2: another node needs another"));
	assert_int_equal(mgmt_children(node, shown, 2), 1);
	assert_ptr_equal(mgmt_conn_find(node, "child"), third);
	assert_non_null(mgmt_parent(node));
}

/* A message passes 32 nodes, and no more. */
static void
test_hops(void **state)
{
	struct message order = {.type = MESSAGE_REQFULLSTATS, .from = "^", .to = "child"};
	struct message *message;

	(void)state;
	order.hops = 31;
	hear(node->above, &order);
	message = take_said(child, MESSAGE_REQFULLSTATS);
	assert_non_null(message);
	assert_int_equal(message->hops, 32);
	message_free(message);
	assert_false(said(node->above, MESSAGE_ERROR));
	order.hops = 32;
	hear(node->above, &order);
	assert_false(said(child, MESSAGE_REQFULLSTATS));
	message = take_said(node->above, MESSAGE_ERROR);
	assert_non_null(message);
	assert_int_equal(message->error.code, MESSAGE_CODE_LOOP);
	message_free(message);
	assert_int_equal(mgmt_counters(node)->looped, 1);
}

/* Says an order of a clock that is so many seconds ahead; returns what the log has of that. */
static const char *
hear_ahead(int64_t seconds)
{
	struct message order = {.type = MESSAGE_PING};

	log_last[0] = 0;
	order.time = mgmt_utc() + (uint64_t)(seconds * 1000);
	hear(node->above, &order);
	return log_last;
}

/* How far a clock is off is told once; who agrees again is told who we are, as that was refused. */
static void
test_clocks(void **state)
{
	(void)state;
	assert_non_null(strstr(hear_ahead(7200), "is 7200 s ahead of our clock"));
	assert_string_equal(hear_ahead(7200), "");
	assert_false(said(node->above, MESSAGE_HELLO));
	assert_int_equal(mgmt_counters(node)->old, 2);
	assert_non_null(strstr(hear_ahead(0), "the clock of ^ agrees with ours again"));
	assert_true(said(node->above, MESSAGE_HELLO));
	assert_string_equal(hear_ahead(0), "");
	assert_false(said(node->above, MESSAGE_HELLO));
	/* By less than a millisecond 3601 or 3600. */
	assert_non_null(strstr(hear_ahead(-3600), "is 3600 s behind our clock"));
}

/* Two that answer an error with an error do so for ever. */
static void
test_no_answer(void **state)
{
	static const struct message error = {
		.type = MESSAGE_ERROR, .error = {.code = 400, .text = "x"}};
	struct message wrong = error, old = error, lost = error, mine = error, join = error;

	(void)state;
	snprintf(wrong.from, sizeof(wrong.from), "stranger");
	hear(child, &wrong);
	assert_int_equal(mgmt_counters(node)->wrong_from, 1);
	old.time = mgmt_utc() - 3600000;
	hear(child, &old);
	assert_int_equal(mgmt_counters(node)->old, 1);
	snprintf(lost.from, sizeof(lost.from), "^");
	snprintf(lost.to, sizeof(lost.to), "leaf2");
	hear(node->above, &lost);
	assert_int_equal(mgmt_counters(node)->unknown_node, 1);
	hear(child, &mine);
	assert_int_equal(mgmt_fail(node, &mine, MESSAGE_CODE_FAILED, "x"), 0);
	assert_int_equal(mgmt_counters(node)->errors_out, 0);
	assert_false(said(child, MESSAGE_ERROR));
	assert_false(said(node->above, MESSAGE_ERROR));
	/* What is no error is answered. */
	join.type = MESSAGE_PING;
	snprintf(join.from, sizeof(join.from), "stranger");
	hear(child, &join);
	assert_int_equal(mgmt_counters(node)->errors_out, 1);
	assert_true(said(child, MESSAGE_ERROR));
}

static void
bytes_come(struct mgmt_conn *conn, const void *bytes, size_t size)
{
	struct evbuffer *input = bufferevent_get_input(conn->bev);

	evbuffer_unfreeze(input, 0);
	evbuffer_add(input, bytes, size);
	evbuffer_freeze(input, 0);
	mgmt_conn_read_on(conn);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* A message has its time from its first byte on, and no longer for more of its bytes. */
static void
test_parts(void **state)
{
	struct mgmt_conn *conn = connect_from(root, "10.0.0.1", "child");
	struct message ping = {.type = MESSAGE_PING, .id = "1", .from = "child"};
	struct evbuffer *whole = evbuffer_new();
	char error[MESSAGE_ERROR_MAX], bytes[1024];
	uint64_t began;
	size_t size;
	char *text;

	(void)state;
	ping.time = mgmt_utc();
	text = message_write(&ping, &size, error);
	assert_non_null(text);
	assert_int_equal(mgmt_frame_put(whole, text, size), 0);
	free(text);
	size += MGMT_FRAME_HEAD;
	assert_int_equal(evbuffer_remove(whole, bytes, sizeof(bytes)), size);
	evbuffer_free(whole);
	bytes_come(conn, bytes, 5);
	assert_int_not_equal(conn->part_began, 0);
	began = conn->part_began = conn->part_began - 5000;
	bytes_come(conn, bytes + 5, 5);
	assert_int_equal(conn->part_began, began);
	/* Whole: the time of the next begins with that. */
	bytes_come(conn, bytes + 10, size - 10);
	assert_int_equal(conn->part_began, 0);
	assert_true(said(conn, MESSAGE_PONG));
	conn->heard_at = began + 9000;
	mgmt_conn_look(conn, began + 10000);
	assert_int_equal(conn->state, MGMT_NAMED);
	bytes_come(conn, bytes, 5);
	began = conn->part_began;
	assert_in_range(began, mgmt_now() - 5000, mgmt_now());
	/* It goes on coming, a byte now and then. */
	conn->heard_at = began + 9000;
	mgmt_conn_look(conn, began + 9999);
	assert_int_equal(conn->state, MGMT_NAMED);
	assert_int_equal(mgmt_counters(root)->slow, 0);
	mgmt_conn_look(conn, began + 10000);
	assert_int_equal(mgmt_counters(root)->slow, 1);
	assert_int_not_equal(conn->state, MGMT_NAMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
