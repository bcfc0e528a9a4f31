/* SPDX-License-Identifier: BSD-3-Clause */
/* Many connect at once: who came first gets its name, and who was refused does not come in step. */
#include "unit.h"

#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "mgmt_frame.h"
#include "plain_tree.h"

#define PLACES 64 /* for connections without a name */
#define TRIES  12

static const struct mgmt_ops ops;
static struct event_base *base;
static struct mgmt *root;

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
	mgmt_free(root);
	mgmt_loop_free(base);
	return 0;
}

static void
turn_for(int64_t ms)
{
	const struct timeval step = {.tv_usec = 1000};

	for (int64_t end = plain_now_ms() + ms; plain_now_ms() < end;) {
		event_base_loopexit(base, &step);
		event_base_loop(base, 0);
	}
}

/* A connection from 127.0.0.HOST, which the root has not seen yet. */
static int
connect_from(unsigned int host)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	const struct sockaddr *to = (const struct sockaddr *)mgmt_address(root);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl((INADDR_LOOPBACK & 0xffffff00) + host);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, to, sizeof(struct sockaddr_in)), 0);
	return fd;
}

static bool
is_closed(int fd)
{
	char byte;

	turn_for(20);
	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static bool
has_child(void)
{
	return mgmt_children(root, NULL, 0) == 1;
}

/* It says at last who it is. */
static void
introduce(int fd)
{
	struct message hello = {.type = MESSAGE_HELLO, .to = MESSAGE_ROOT};
	struct evbuffer *buffer = evbuffer_new();
	char error[MESSAGE_ERROR_MAX];
	struct timespec now;
	size_t size;
	char *text;

	clock_gettime(CLOCK_REALTIME, &now);
	hello.time = (uint64_t)now.tv_sec * 1000;
	hello.info.name = "first";
	hello.info.server = hello.info.client = (struct message_end){"127.0.0.1", 9};
	text = message_write(&hello, &size, error);
	assert_non_null(text);
	assert_int_equal(mgmt_frame_put(buffer, text, size), 0);
	free(text);
	assert_true(evbuffer_write(buffer, fd) > 0);
	evbuffer_free(buffer);
	assert_true(plain_turn(base, has_child, 5000));
}

static void
open_all(int fds[PLACES])
{
	for (unsigned int i = 0; i < PLACES; i++)
		fds[i] = connect_from(1 + i);
	turn_for(20);
}

static void
close_all(const int fds[PLACES])
{
	for (unsigned int i = 0; i < PLACES; i++)
		close(fds[i]);
}

/* All hosts have one each: nobody's begun handshake ends for one more, unless it is slow. */
static void
test_first_come(void **state)
{
	int fds[PLACES], newcomer, last;

	(void)state;
	open_all(fds);
	newcomer = connect_from(PLACES + 1);
	assert_true(is_closed(newcomer));
	close(newcomer);
	introduce(fds[0]);
	assert_false(is_closed(fds[0]));
	/* The place of the first is free now. */
	newcomer = connect_from(PLACES + 1);
	assert_false(is_closed(newcomer));
	turn_for(1200);
	assert_false(is_closed(fds[1]));
	last = connect_from(PLACES + 2);
	introduce(last);
	assert_true(is_closed(fds[1]));
	assert_false(is_closed(fds[2]));
	close(last);
	close(newcomer);
	close_all(fds);
}

/* Who has two places gives one up at once. */
static void
test_two_of_one(void **state)
{
	int fds[PLACES], newcomer;

	(void)state;
	for (unsigned int i = 0; i < PLACES; i++)
		fds[i] = connect_from(i < PLACES - 1 ? 1 + i : i);
	turn_for(20);
	newcomer = connect_from(PLACES + 1);
	assert_false(is_closed(newcomer));
	assert_false(is_closed(fds[0]));
	assert_true(is_closed(fds[PLACES - 2]));
	assert_false(is_closed(fds[PLACES - 1]));
	close(newcomer);
	close_all(fds);
}

/* The pauses between the tries of a node are not all the same, nor is one longer than it may be. */
static void
test_out_of_step(void **state)
{
	struct mgmt_settings settings = {.name = "node", .backoff = 200, .backoff_max = 200};
	struct mgmt *node = plain_start(base, &settings, root, &ops, NULL);
	int64_t began = 0, last = 0, least = INT64_MAX;

	(void)state;
	turn_for(50);
	assert_true(plain_parent_is(node, MESSAGE_ROOT));
	mgmt_free(root);
	root = NULL;
	for (unsigned int i = 0; i <= TRIES; i++) {
		uint64_t tries = mgmt_counters(node)->reconnects;

		while (mgmt_counters(node)->reconnects == tries)
			turn_for(1);
		if (i == 0)
			began = plain_now_ms();
		else if (plain_now_ms() - last < least)
			least = plain_now_ms() - last;
		last = plain_now_ms();
	}
	assert_true(least <= 190);
	assert_true(last - began >= TRIES * 90);
	mgmt_free(node);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_come, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_of_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_step, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
