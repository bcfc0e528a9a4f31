/* SPDX-License-Identifier: BSD-3-Clause */
/* Many connect at once: who came first gets its name, and who was refused does not come in step. */
#include "unit.h"

#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "mgmt_private.h"
#include "plain_tree.h"

#define PLACES 64 /* for connections without a name */
#define TRIES  12

static const struct mgmt_ops ops;
static struct event_base *base;
static struct mgmt *root, *node;
static uint32_t pauses[TRIES]; /* ms, as the node chose them */
static unsigned int nb_pauses;

int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);

int
__wrap_event_add(struct event *event, const struct timeval *timeout)
{
	if (node != NULL && event == node->retry && nb_pauses < TRIES)
		pauses[nb_pauses++] = (uint32_t)(timeout->tv_sec * 1000 + timeout->tv_usec / 1000);
	return __real_event_add(event, timeout);
}

static int
setup(void **state)
{
	/* On a busy machine too nobody is sent away for being slow. */
	struct mgmt_settings settings = {.name = MESSAGE_ROOT, .handshake = 60000};

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

static int watched;

static bool
is_closed(void)
{
	char byte;

	return recv(watched, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static bool
closes(int fd)
{
	watched = fd;
	return plain_turn(base, is_closed, 5000);
}

static bool
stays_open(int fd)
{
	watched = fd;
	return !plain_turn_within(base, is_closed, 20);
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
	plain_turn_for(base, 20);
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
	assert_true(closes(newcomer));
	close(newcomer);
	introduce(fds[0]);
	assert_true(stays_open(fds[0]));
	/* The place of the first is free now. */
	newcomer = connect_from(PLACES + 1);
	assert_true(stays_open(newcomer));
	plain_turn_for(base, 1200);
	assert_true(stays_open(fds[1]));
	last = connect_from(PLACES + 2);
	introduce(last);
	assert_true(closes(fds[1]));
	assert_true(stays_open(fds[2]));
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
	plain_turn_for(base, 20);
	newcomer = connect_from(PLACES + 1);
	assert_true(stays_open(newcomer));
	assert_true(stays_open(fds[0]));
	assert_true(closes(fds[PLACES - 2]));
	assert_true(stays_open(fds[PLACES - 1]));
	close(newcomer);
	close_all(fds);
}

static bool
has_parent(void)
{
	return plain_parent_is(node, MESSAGE_ROOT);
}

static bool
has_tried(void)
{
	return nb_pauses == TRIES;
}

/* The pauses between the tries of a node are not all the same, nor is one longer than it may be. */
static void
test_out_of_step(void **state)
{
	struct mgmt_settings settings = {.name = "node", .backoff = 200, .backoff_max = 200};
	uint32_t least = UINT32_MAX;
	int64_t began, all = 0;

	(void)state;
	node = plain_start(base, &settings, root, &ops, NULL);
	assert_true(plain_turn(base, has_parent, 5000));
	mgmt_free(root);
	root = NULL;
	nb_pauses = 0;
	began = plain_now_ms();
	assert_true(plain_turn(base, has_tried, 20000));
	for (unsigned int i = 0; i < TRIES; i++) {
		assert_in_range(pauses[i], 100, 200);
		least = pauses[i] < least ? pauses[i] : least;
		all += i < TRIES - 1 ? pauses[i] : 0;
	}
	assert_true(least <= 190);
	/* All but the last were kept. */
	assert_true(plain_now_ms() - began >= all - TRIES);
	mgmt_free(node);
	node = NULL;
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
