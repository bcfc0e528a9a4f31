/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node with another below it goes from one parent to the next. What the one below says meanwhile
 * waits for the way up; where that does not come, it is told so.
 */
#include "unit.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/util.h>

#include "mgmt_private.h"
#include "plain_tree.h"

enum {
	ROOT,
	WEST,
	EAST,
	LEAF,
	PROGRAMS
};

static const char *const names[PROGRAMS] = {"^", "west", "east", "leaf"};

static struct mgmt *programs[PROGRAMS];
static struct event_base *base;
static unsigned int joins;	       /* that the root heard */
static char via[MESSAGE_NAME_MAX + 1]; /* the last of them */
static uint32_t refused;	       /* the code that the leaf heard; 0 = none */
static unsigned int refusals;	       /* that it heard */
static unsigned int told;	       /* of these, in its log */
static unsigned int said;	       /* joins of the leaf */

static void
on_join(void *ctx, const struct message *message, const char *from)
{
	(void)ctx;
	(void)message;
	joins++;
	snprintf(via, sizeof(via), "%s", from);
}

static void
on_error(void *ctx, const struct message *message, const char *from)
{
	(void)from;
	if (strcmp(ctx, names[LEAF]) != 0)
		return;
	refused = message->error.code;
	refusals++;
}

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)priority;
	if (strcmp(ctx, names[LEAF]) == 0 && strstr(text, "says about a ") != NULL &&
		strstr(text, ": 404") != NULL)
		told++;
}

static uint16_t dead_port; /* where the root sends the west, whenever it comes; 0 = it does not */

static void
on_hello(void *ctx, const struct message *message, const char *from)
{
	struct message answer = {.type = MESSAGE_PLACE};

	(void)ctx;
	(void)from;
	if (dead_port == 0 || strcmp(message->from, "west") != 0)
		return;
	answer.place.node_id = 1;
	answer.place.role = "relay";
	answer.place.parent = (struct message_redirect){"east", {"127.0.0.1", dead_port}};
	(void)mgmt_answer(programs[ROOT], message, &answer);
}

static const struct mgmt_ops ops = {
	.handlers = {[MESSAGE_JOIN] = on_join, [MESSAGE_ERROR] = on_error},
	.log = on_log,
};

static const struct mgmt_ops root_ops = {
	.handlers = {[MESSAGE_JOIN] = on_join, [MESSAGE_HELLO] = on_hello},
};

static struct mgmt *
start(int which)
{
	struct mgmt_settings settings = {.name = names[which]};

	return plain_start(base, &settings, which == ROOT ? NULL : programs[ROOT],
		which == ROOT ? &root_ops : &ops, (void *)(uintptr_t)names[which]);
}

static bool
turn(bool (*condition)(void))
{
	return plain_turn(base, condition, 20000);
}

static bool
all_up(void)
{
	return plain_parent_is(programs[WEST], "^") && plain_parent_is(programs[EAST], "^") &&
	       plain_parent_is(programs[LEAF], "west") &&
	       mgmt_children(programs[WEST], NULL, 0) == 1;
}

static bool
leaf_heard(void)
{
	return refused != 0;
}

static const struct message_below leaf_only[] = {{"leaf", NULL}};

/* Of the east, and of the root, when the west is below the east. */
static const struct message_below below_east[] = {{"west", NULL}, {"leaf", "west"}};
static const struct message_below in_chain[] = {{"east", NULL}, {"west", "east"}, {"leaf", "west"}};

/* The leaf below the west, this and the east below the root. */
static int
setup(void **state)
{
	static const struct message_below all[] = {
		{"west", NULL}, {"east", NULL}, {"leaf", "west"}};

	(void)state;
	base = event_base_new();
	for (int which = ROOT; which < PROGRAMS; which++)
		programs[which] = start(which);
	if (mgmt_set_below(programs[ROOT], all, 3) != 0)
		return -1;
	plain_place(programs[WEST], MESSAGE_ROOT, 0, leaf_only, 1);
	plain_place(programs[LEAF], "west", plain_port(programs[WEST]), NULL, 0);
	joins = refused = refusals = told = said = dead_port = 0;
	return turn(all_up) ? 0 : -1;
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

static void
leaf_says_this(enum message_type type)
{
	struct message attend = {.type = type, .to = MESSAGE_ROOT};

	attend.attend.conference = 1;
	assert_int_equal(mgmt_send(programs[LEAF], &attend), 0);
	said++;
}

static void
leaf_says(void)
{
	leaf_says_this(MESSAGE_JOIN);
}

/* The leaf goes on talking, in each turn. */
static bool
west_went_east(void)
{
	leaf_says();
	return plain_parent_is(programs[WEST], "east") && joins > 0 && strcmp(via, "east") == 0;
}

static bool
all_heard(void)
{
	return joins == said;
}

/* All that the leaf said arrives, once. */
static void
test_moves(void **state)
{

	(void)state;
	assert_int_equal(mgmt_set_below(programs[ROOT], in_chain, 3), 0);
	plain_place(programs[EAST], MESSAGE_ROOT, 0, below_east, 2);
	plain_place(programs[WEST], "east", plain_port(programs[EAST]), leaf_only, 1);
	assert_null(mgmt_parent(programs[WEST]));
	assert_true(turn(west_went_east));
	assert_true(turn(all_heard));
	assert_int_equal(refused, 0);
	assert_int_equal(mgmt_counters(programs[WEST])->unknown_node, 0);
	assert_true(plain_parent_is(programs[LEAF], "west"));
}

/* The east does not take it: no place for it came there yet. */
static void
test_too_early(void **state)
{
	(void)state;
	plain_place(programs[WEST], "east", plain_port(programs[EAST]), leaf_only, 1);
	leaf_says();
	assert_true(turn(all_heard));
	assert_int_equal(refused, 0);
	assert_true(mgmt_counters(programs[EAST])->not_placed > 0);
}

static bool
leaf_written(void)
{
	return evbuffer_get_length(bufferevent_get_output(programs[LEAF]->above->bev)) == 0;
}

/* The leaf says something and ends while the west has no parent. */
static void
test_last_words(void **state)
{

	(void)state;
	assert_int_equal(mgmt_set_below(programs[ROOT], in_chain, 3), 0);
	plain_place(programs[EAST], MESSAGE_ROOT, 0, below_east, 2);
	mgmt_pause(programs[EAST]);
	plain_place(programs[WEST], "east", plain_port(programs[EAST]), leaf_only, 1);
	leaf_says();
	assert_true(turn(leaf_written));
	mgmt_free(programs[LEAF]);
	programs[LEAF] = NULL;
	plain_turn_for(base, 100);
	assert_int_equal(joins, 0);
	mgmt_resume(programs[EAST]);
	assert_true(turn(all_heard));
	assert_int_equal(mgmt_counters(programs[WEST])->truncated, 0);
	assert_int_equal(mgmt_children(programs[WEST], NULL, 0), 0);
}

static bool
root_has_leaf(void)
{
	struct message_below *list;
	size_t count = 0;
	bool has = false;

	assert_int_equal(mgmt_below(programs[ROOT], &list, &count), 0);
	for (size_t i = 0; i < count; i++)
		has |= strcmp(list[i].name, "leaf") == 0;
	free(list);
	return has;
}

static bool
west_is_east(void)
{
	return plain_parent_is(programs[WEST], "east");
}

/* The one above learns last who is below: then it tells of the leaf, which was there before. */
static void
test_late_place(void **state)
{
	static const struct message_below west_only[] = {{"west", NULL}};

	(void)state;
	assert_int_equal(mgmt_set_below(programs[ROOT], in_chain, 3), 0);
	plain_place(programs[EAST], MESSAGE_ROOT, 0, west_only, 1);
	plain_place(programs[WEST], "east", plain_port(programs[EAST]), leaf_only, 1);
	assert_true(turn(west_is_east));
	plain_turn_for(base, 200);
	assert_false(root_has_leaf());
	plain_place(programs[EAST], MESSAGE_ROOT, 0, below_east, 2);
	assert_true(turn(root_has_leaf));
}

/* A socket of this machine; with a backlog of nothing, one connection is all that it takes. */
static int
open_socket(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

/* Nobody listens there: it goes back to the root, and so does what the leaf said. */
static void
test_refused(void **state)
{
	struct sockaddr_in address;
	int fd = open_socket(&address);

	(void)state;
	plain_place(programs[WEST], "east", ntohs(address.sin_port), leaf_only, 1);
	leaf_says();
	assert_true(turn(all_heard));
	assert_int_equal(refused, 0);
	assert_true(plain_parent_is(programs[WEST], MESSAGE_ROOT));
	evutil_closesocket(fd);
}

/* After 0.1, 0.2, 0.4, ... 1.6 s. */
static bool
left_alone_for_long(void)
{
	return programs[WEST]->staying && programs[WEST]->unreached_ms >= 3200;
}

/*
 * The root insists on a parent that cannot be reached: that is left alone for ever longer, and the
 * root has it meanwhile.
 */
static void
test_unreachable(void **state)
{
	const struct mgmt_counters *counters = mgmt_counters(programs[WEST]);
	struct sockaddr_in address;
	int fd = open_socket(&address);
	uint64_t before = counters->reconnects, after;

	(void)state;
	dead_port = ntohs(address.sin_port);
	plain_place(programs[WEST], "east", dead_port, leaf_only, 1);
	assert_true(turn(left_alone_for_long));
	after = counters->reconnects;
	/* Six times to the parent, and each time back to the root. */
	assert_int_equal(after - before, 2 * 6);
	plain_turn_for(base, 500);
	assert_int_equal(counters->reconnects, after);
	assert_true(plain_parent_is(programs[WEST], MESSAGE_ROOT));
	leaf_says();
	assert_true(turn(all_heard));
	evutil_closesocket(fd);
}

/* No answer comes from there: the leaf waits, but not for ever. */
static void
test_no_answer(void **state)
{
	struct sockaddr_in address;
	int fd = open_socket(&address), crowd[4];
	int64_t began;

	(void)state;
	assert_int_equal(listen(fd, 0), 0);
	for (unsigned int i = 0; i < 4; i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(crowd[i], (const struct sockaddr *)&address, sizeof(address));
	}
	plain_place(programs[WEST], "east", ntohs(address.sin_port), leaf_only, 1);
	began = plain_now_ms();
	leaf_says();
	assert_true(turn(leaf_heard));
	assert_int_equal(refused, MESSAGE_CODE_UNKNOWN);
	assert_in_range(plain_now_ms() - began, 1900, (int64_t)(5000 * unit_patience()));
	assert_true(plain_parent_is(programs[LEAF], "west"));
	for (unsigned int i = 0; i < 4; i++)
		evutil_closesocket(crowd[i]);
	evutil_closesocket(fd);
}

static bool
west_alone(void)
{
	return mgmt_parent(programs[WEST]) == NULL;
}

static bool
all_refused(void)
{
	return refusals == said;
}

/* The root is away, for long perhaps, and the leaf does not cease to say two things to it. */
static void
test_refused_again(void **state)
{
	(void)state;
	mgmt_free(programs[ROOT]);
	programs[ROOT] = NULL;
	assert_true(turn(west_alone));
	for (unsigned int i = 0; i < 10; i++) {
		leaf_says();
		leaf_says_this(MESSAGE_LEAVE);
	}
	assert_true(turn(all_refused));
	assert_int_equal(refused, MESSAGE_CODE_UNKNOWN);
	assert_int_equal(told, 2);
}

static int
setup_away(void **state)
{
	(void)state;
	base = event_base_new();
	memset(programs, 0, sizeof(programs));
	return 0;
}

/* At these ports of this machine; root: 0 = it is the root itself. */
static void
start_at(int which, uint16_t port, uint16_t root)
{
	struct mgmt_settings settings = {.name = names[which], .backoff = 5, .backoff_max = 10};
	struct sockaddr_in *to = (struct sockaddr_in *)&settings.root;

	((struct sockaddr_in *)&settings.listen)->sin_port = htons(port);
	if (root != 0)
		*to = (struct sockaddr_in){.sin_family = AF_INET,
			.sin_port = htons(root),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	programs[which] = plain_start(base, &settings, NULL, which == ROOT ? &root_ops : &ops,
		(void *)(uintptr_t)names[which]);
}

static bool
west_joined(void)
{
	return plain_parent_is(programs[WEST], "east") &&
	       mgmt_children(programs[EAST], NULL, 0) == 1;
}

/* Neither was there for long. The root is back a little earlier than the parent. */
static void
test_both_away(void **state)
{
	struct sockaddr_in root, east;
	int root_fd = open_socket(&root), east_fd = open_socket(&east);

	(void)state;
	dead_port = ntohs(east.sin_port);
	start_at(WEST, 0, ntohs(root.sin_port));
	plain_place(programs[WEST], "east", dead_port, leaf_only, 1);
	plain_turn_for(base, 1500);
	evutil_closesocket(root_fd);
	start_at(ROOT, ntohs(root.sin_port), 0);
	assert_int_equal(mgmt_set_below(programs[ROOT], in_chain, 3), 0);
	plain_turn_for(base, 200);
	evutil_closesocket(east_fd);
	start_at(EAST, dead_port, ntohs(root.sin_port));
	plain_place(programs[EAST], MESSAGE_ROOT, 0, below_east, 2);
	assert_true(plain_turn(base, west_joined, 5000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_away, setup_away, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
