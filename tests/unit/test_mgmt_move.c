/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node with another below it goes from one parent to the next. What the one below says meanwhile
 * waits for the way up; where that does not come, it is told so.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/util.h>

#include "mgmt.h"

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
	(void)ctx;
	(void)from;
	refused = message->error.code;
}

static const struct mgmt_ops ops = {
	.handlers = {[MESSAGE_JOIN] = on_join, [MESSAGE_ERROR] = on_error},
};

static uint16_t
port_of(int which)
{
	return ntohs(((const struct sockaddr_in *)mgmt_address(programs[which]))->sin_port);
}

static struct mgmt *
start(int which)
{
	struct mgmt_settings settings = {.name = names[which], .plain = true};
	struct sockaddr_in *listen = (struct sockaddr_in *)&settings.listen;
	struct sockaddr_in *root = (struct sockaddr_in *)&settings.root;
	struct mgmt *mgmt;
	char error[256];

	listen->sin_family = AF_INET;
	listen->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (which != ROOT) {
		*root = *listen;
		root->sin_port = htons(port_of(ROOT));
	}
	mgmt = mgmt_new(base, &settings, &ops, NULL, error, sizeof(error));
	if (mgmt == NULL)
		fail_msg("%s", error);
	return mgmt;
}

/* The place of one; port: where its parent listens, 0 = the parent is the root. */
static void
place(int which, const char *parent, uint16_t port, const struct message_below *below, size_t count)
{
	struct message place = {.type = MESSAGE_PLACE};

	place.place.below = below;
	place.place.nb_below = count;
	place.place.parent.name = parent;
	if (port != 0)
		place.place.parent.server = (struct message_end){"127.0.0.1", port};
	mgmt_take_place(programs[which], &place);
}

/* Turns the loop until a condition holds. False: it does not, in all of 20 s. */
static bool
turn(bool (*condition)(void))
{
	const struct timeval step = {.tv_usec = 1000};
	time_t limit = time(NULL) + 20;

	while (!condition()) {
		if (time(NULL) > limit)
			return false;
		event_base_loopexit(base, &step);
		event_base_loop(base, EVLOOP_ONCE);
	}
	return true;
}

static bool
parent_is(int which, const char *name)
{
	const char *parent = mgmt_parent(programs[which]);

	return parent != NULL && strcmp(parent, name) == 0;
}

static bool
all_up(void)
{
	return parent_is(WEST, "^") && parent_is(EAST, "^") && parent_is(LEAF, "west");
}

static bool
leaf_heard(void)
{
	return refused != 0;
}

static const struct message_below leaf_only[] = {{"leaf", NULL}};

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
	place(WEST, MESSAGE_ROOT, 0, leaf_only, 1);
	place(LEAF, "west", port_of(WEST), NULL, 0);
	joins = refused = 0;
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
leaf_says(void)
{
	struct message join = {.type = MESSAGE_JOIN, .to = MESSAGE_ROOT};

	join.attend.conference = 1;
	assert_int_equal(mgmt_send(programs[LEAF], &join), 0);
}

static unsigned int said;

/* The leaf goes on talking, in each turn. */
static bool
west_went_east(void)
{
	leaf_says();
	said++;
	return parent_is(WEST, "east") && joins > 0 && strcmp(via, "east") == 0;
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
	static const struct message_below chain[] = {{"west", NULL}, {"leaf", "west"}};
	static const struct message_below all[] = {
		{"east", NULL}, {"west", "east"}, {"leaf", "west"}};

	(void)state;
	assert_int_equal(mgmt_set_below(programs[ROOT], all, 3), 0);
	place(EAST, MESSAGE_ROOT, 0, chain, 2);
	place(WEST, "east", port_of(EAST), leaf_only, 1);
	assert_null(mgmt_parent(programs[WEST]));
	said = 0;
	assert_true(turn(west_went_east));
	assert_true(turn(all_heard));
	assert_int_equal(refused, 0);
	assert_int_equal(mgmt_counters(programs[WEST])->unknown_node, 0);
	assert_true(parent_is(LEAF, "west"));
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

/* Nobody listens there: that is known at once. */
static void
test_refused(void **state)
{
	struct sockaddr_in address;
	int fd = open_socket(&address);

	(void)state;
	place(WEST, "east", ntohs(address.sin_port), leaf_only, 1);
	leaf_says();
	assert_true(turn(leaf_heard));
	assert_int_equal(refused, MESSAGE_CODE_UNKNOWN);
	assert_int_equal(joins, 0);
	evutil_closesocket(fd);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* No answer comes from there: the leaf waits, but not for ever. */
static void
test_no_answer(void **state)
{
	struct sockaddr_in address;
	int fd = open_socket(&address), crowd[4];
	uint64_t began;

	(void)state;
	assert_int_equal(listen(fd, 0), 0);
	for (unsigned int i = 0; i < 4; i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(crowd[i], (const struct sockaddr *)&address, sizeof(address));
	}
	place(WEST, "east", ntohs(address.sin_port), leaf_only, 1);
	began = now_ms();
	leaf_says();
	assert_true(turn(leaf_heard));
	assert_int_equal(refused, MESSAGE_CODE_UNKNOWN);
	assert_in_range(now_ms() - began, 1900, 5000);
	assert_true(parent_is(LEAF, "west"));
	for (unsigned int i = 0; i < 4; i++)
		evutil_closesocket(crowd[i]);
	evutil_closesocket(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
