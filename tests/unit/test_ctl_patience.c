/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a control server waits for its clients: by limits that the test sees, and shortens. */
#include "ctl_clients.h"

#include <stdbool.h>
#include <time.h>

#include <event2/bufferevent.h>

#define SHORT_MS 20

static unsigned int nb_set; /* times that a limit was set */
static time_t patience;	    /* s, for a request, as it was set last; -1 = for ever */
static bool shorten;

int __real_bufferevent_set_timeouts(
	struct bufferevent *bev, const struct timeval *read, const struct timeval *write);
int __wrap_bufferevent_set_timeouts(
	struct bufferevent *bev, const struct timeval *read, const struct timeval *write);

int
__wrap_bufferevent_set_timeouts(
	struct bufferevent *bev, const struct timeval *read, const struct timeval *write)
{
	static const struct timeval soon = {.tv_usec = SHORT_MS * 1000};

	nb_set++;
	patience = read != NULL ? read->tv_sec : -1;
	return __real_bufferevent_set_timeouts(bev, shorten && read != NULL ? &soon : read, write);
}

static void
run(struct fixture *f, long ms)
{
	const struct timeval time = {.tv_usec = ms * 1000};

	event_base_loopexit(f->base, &time);
	event_base_dispatch(f->base);
}

/* While all places are taken those that have one are waited for less; but not after that. */
static void
test_crowd(void **state)
{
	struct fixture *f = *state;
	int fds[CTL_CLIENTS_MAX];

	shorten = false;
	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		if (i == CTL_CLIENTS_MAX - 1)
			assert_int_equal(patience, 600);
		nb_set = 0;
		fds[i] = connect_client(f);
		turn(f);
	}
	assert_int_equal(ctl_server_clients(f->server), CTL_CLIENTS_MAX);
	assert_int_equal(patience, 3);
	assert_int_equal(nb_set, CTL_CLIENTS_MAX + 1);
	nb_set = 0;
	close(fds[0]);
	turn(f);
	assert_int_equal(patience, 600);
	assert_int_equal(nb_set, CTL_CLIENTS_MAX - 1);
	/* No longer a crowd: the next that goes changes nothing. */
	nb_set = 0;
	close(fds[1]);
	turn(f);
	assert_int_equal(nb_set, 0);
	for (int i = 2; i < CTL_CLIENTS_MAX; i++)
		close(fds[i]);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

/* Who takes a long answer for long is still there, and heard, when it has it. */
static void
test_long_answer(void **state)
{
	struct fixture *f = *state;
	int slow, silent;
	char *line;

	shorten = true;
	slow = connect_client(f);
	send_text(slow, "{\"command\": [\"big\"]}\n");
	turn(f);
	assert_int_equal(f->handled, 1);
	silent = connect_client(f);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 2);
	run(f, 5 * SHORT_MS);
	/* The one that asks nothing and waits for nothing is not. */
	assert_int_equal(ctl_server_clients(f->server), 1);
	expect_end(f, silent);
	send_text(slow, "{\"command\": [\"x\"]}\n");
	run(f, 5 * SHORT_MS);
	line = receive(f, slow);
	assert_int_equal(strlen(line), BIG_REPLY + strlen("{\"ok\":true,\"data\":\"\"}"));
	free(line);
	expect(f, slow, "{\"ok\":true,\"data\":[\"x\"]}");
	close(slow);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

/* What a follower missed it learns where that was, though there is room for a line before. */
static void
test_missed(void **state)
{
	struct fixture *f = *state;
	unsigned int n = 20000, next = 0, missed = 0;
	int fd = connect_client(f);
	char *line, text[128];

	shorten = false;
	send_text(fd, "{\"command\": [\"follow\"]}\n");
	expect(f, fd, "{\"ok\":true,\"data\":[\"follow\"]}");
	assert_int_equal(patience, -1);
	for (unsigned int i = 0; i < n; i++) {
		ctl_server_tell(f->server, json_pack("{s:i}", "number", (int)i));
		turn(f);
	}
	/* It takes some of what waits. */
	for (; next < n / 4; next++) {
		snprintf(text, sizeof(text), "{\"ok\":true,\"data\":{\"number\":%u}}", next);
		expect(f, fd, text);
	}
	ctl_server_tell(f->server, json_integer(8));
	while (missed == 0) {
		line = receive(f, fd);
		if (sscanf(line, "{\"ok\":true,\"data\":{\"event\":\"missed\",\"missed\":%u}}",
			    &missed) != 1) {
			snprintf(text, sizeof(text), "{\"ok\":true,\"data\":{\"number\":%u}}",
				next++);
			assert_string_equal(line, text);
		}
		free(line);
	}
	assert_int_equal(next + missed, n + 1);
	/* That is told once. */
	ctl_server_tell(f->server, json_integer(9));
	expect(f, fd, "{\"ok\":true,\"data\":9}");
	ctl_server_tell(f->server, json_integer(10));
	expect(f, fd, "{\"ok\":true,\"data\":10}");
	close(fd);
	turn(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
