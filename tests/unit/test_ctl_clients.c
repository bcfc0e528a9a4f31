/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that follow, take nothing, ask nothing, or are too many: they hold up nobody. */
#include "ctl_clients.h"

/* Who does not take its reply holds up nobody, and gets no second one meanwhile. */
static void
test_slow_client(void **state)
{
	struct fixture *f = *state;
	int slow = connect_client(f), quick = connect_client(f);
	char *line;

	send_text(slow, "{\"command\": [\"big\"]}\n{\"command\": [\"big\"]}\n");
	turn(f);
	assert_int_equal(f->handled, 1);
	for (unsigned int i = 0; i < 50; i++) {
		send_text(quick, "{\"command\": [\"x\"]}\n");
		expect(f, quick, "{\"ok\":true,\"data\":[\"x\"]}");
	}
	assert_int_equal(f->handled, 51);
	for (int i = 0; i < 2; i++) {
		line = receive(f, slow);
		assert_int_equal(strlen(line), BIG_REPLY + strlen("{\"ok\":true,\"data\":\"\"}"));
		free(line);
	}
	assert_int_equal(f->handled, 52);
	close(slow);
	close(quick);
	turn(f);
}

#define FOLLOW "{\"command\": [\"follow\"]}\n"

static int
connect_follower(struct fixture *f)
{
	int fd = connect_client(f);

	send_text(fd, FOLLOW);
	expect(f, fd, "{\"ok\":true,\"data\":[\"follow\"]}");
	return fd;
}

static void
test_followers(void **state)
{
	struct fixture *f = *state;
	int other = connect_client(f), fds[CTL_FOLLOWERS_MAX];

	assert_false(ctl_server_followed(f->server));
	for (int i = 0; i < CTL_FOLLOWERS_MAX; i++)
		fds[i] = connect_follower(f);
	assert_true(ctl_server_followed(f->server));
	ctl_server_tell(f->server, json_integer(1));
	ctl_server_tell(f->server, json_integer(2));
	for (int i = 0; i < CTL_FOLLOWERS_MAX; i++) {
		expect(f, fds[i], "{\"ok\":true,\"data\":1}");
		expect(f, fds[i], "{\"ok\":true,\"data\":2}");
	}
	/* One too many; it goes on as a client, and was told nothing. */
	send_text(other, FOLLOW);
	expect_error(f, other, "too many");
	send_text(other, "{\"command\": [\"x\"]}\n");
	expect(f, other, "{\"ok\":true,\"data\":[\"x\"]}");
	/* Who follows asks nothing. */
	send_text(fds[0], "{\"command\": [\"x\"]}\n");
	expect_error(f, fds[0], "asks nothing more");
	expect_end(f, fds[0]);
	for (int i = 1; i < CTL_FOLLOWERS_MAX; i++)
		close(fds[i]);
	turn(f);
	assert_false(ctl_server_followed(f->server));
	send_text(other, FOLLOW);
	expect(f, other, "{\"ok\":true,\"data\":[\"follow\"]}");
	close(other);
	close(fds[0]);
	turn(f);
}

/* One that takes nothing: bounded, holds up nobody, and learns afterwards what it missed. */
static void
test_stuck_follower(void **state)
{
	struct fixture *f = *state;
	int stuck = connect_follower(f), quick = connect_follower(f);
	unsigned int n = 20000, next = 0, missed = 0;
	char *line, text[128];

	for (unsigned int i = 0; i < n; i++) {
		ctl_server_tell(f->server, json_pack("{s:i}", "number", (int)i));
		snprintf(text, sizeof(text), "{\"ok\":true,\"data\":{\"number\":%u}}", i);
		expect(f, quick, text);
	}
	while (missed == 0) {
		line = receive(f, stuck);
		if (sscanf(line, "{\"ok\":true,\"data\":{\"event\":\"missed\",\"missed\":%u}}",
			    &missed) != 1) {
			snprintf(text, sizeof(text), "{\"ok\":true,\"data\":{\"number\":%u}}",
				next++);
			assert_string_equal(line, text);
		}
		free(line);
	}
	assert_in_range(next, CTL_FOLLOW_BYTES / sizeof(text), n - 1);
	assert_int_equal(next + missed, n);
	ctl_server_tell(f->server, json_integer(7));
	expect(f, stuck, "{\"ok\":true,\"data\":7}");
	close(stuck);
	close(quick);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

static void
test_many_clients(void **state)
{
	struct fixture *f = *state;
	int fds[CTL_CLIENTS_MAX + 8];
	const int n = CTL_CLIENTS_MAX + 8;

	for (int i = 0; i < n; i++) {
		fds[i] = connect_client(f);
		turn(f);
	}
	assert_int_equal(ctl_server_clients(f->server), CTL_CLIENTS_MAX);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	turn(f);
	/* Those that waited are served now. */
	for (int i = 8; i < n; i++) {
		send_text(fds[i], "{\"command\": [\"x\"]}\n");
		expect(f, fds[i], "{\"ok\":true,\"data\":[\"x\"]}");
	}
	for (int i = 8; i < n; i++)
		close(fds[i]);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

/* Those who hold all places and ask nothing make room for who asks. */
static void
test_silent_clients(void **state)
{
	struct fixture *f = *state;
	const struct timeval step = {.tv_usec = 100000};
	int fds[CTL_CLIENTS_MAX], asking;

	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		fds[i] = connect_client(f);
		send_text(fds[i], "{\"comm");
		turn(f);
	}
	asking = connect_client(f);
	send_text(asking, "{\"command\": [\"x\"]}\n");
	for (int i = 0; i < 300 && ctl_server_clients(f->server) == CTL_CLIENTS_MAX; i++) {
		event_base_loopexit(f->base, &step);
		event_base_dispatch(f->base);
	}
	expect(f, asking, "{\"ok\":true,\"data\":[\"x\"]}");
	close(asking);
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		close(fds[i]);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_followers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck_follower, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_clients, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_clients, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
