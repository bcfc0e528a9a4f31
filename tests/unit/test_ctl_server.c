/* SPDX-License-Identifier: BSD-3-Clause */
/* A real socket; server and clients share this process's one thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ctl_request.h"
#include "ctl_server.h"

#define BIG_REPLY 8000000 /* far more than a socket's buffers hold */

struct fixture {
	char directory[64];
	char path[108];
	struct event_base *base;
	struct ctl_server *server;
	unsigned int handled;
};

/* Echoes the command's words; "big" gets a large text, "follow" makes a follower. */
static json_t *
handle(void *ctx, const char *line, size_t len, bool *follow)
{
	struct fixture *f = ctx;
	struct ctl_request request;
	char error[CTL_ERROR_MAX];
	json_t *words;

	f->handled++;
	if (ctl_request_parse(line, len, &request, error, sizeof(error)) != 0)
		return ctl_reply_error(error);
	words = json_incref(json_object_get(request.json, "command"));
	*follow = strcmp(request.argv[0], "follow") == 0;
	if (strcmp(request.argv[0], "big") == 0) {
		char *text = malloc(BIG_REPLY + 1);

		memset(text, 'b', BIG_REPLY);
		text[BIG_REPLY] = 0;
		json_decref(words);
		words = json_string(text);
		free(text);
	}
	ctl_request_free(&request);
	return ctl_reply_ok(words);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];

	strcpy(f->directory, "/tmp/ferry_ctl_XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.sock", f->directory);
	f->base = event_base_new();
	f->server = ctl_server_new(f->base, f->path, handle, f, error, sizeof(error));
	assert_non_null(f->server);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	ctl_server_free(f->server);
	event_base_free(f->base);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static int
connect_client(const struct fixture *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
turn(struct fixture *f)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void
send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next line without its end, to be freed; NULL when the server hung up. Fails after 5 s. */
static char *
receive(struct fixture *f, int fd)
{
	static char line[BIG_REPLY + 4096];
	const size_t room = sizeof(line);
	size_t used = 0;

	for (int tries = 0; tries < 500;) {
		ssize_t n = recv(fd, line + used, 1, 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			assert_int_equal(used, 0);
			return NULL;
		}
		if (n == 1 && line[used] == '\n') {
			line[used] = 0;
			return strdup(line);
		}
		if (n == 1) {
			used++;
			/* The rest in one piece if there is more: up to, not over, the end. */
			n = recv(fd, line + used, room - used, MSG_PEEK);
			if (n > 0) {
				char *end = memchr(line + used, '\n', (size_t)n);
				size_t take = end != NULL ? (size_t)(end - line) - used : (size_t)n;

				if (take > 0)
					used += (size_t)recv(fd, line + used, take, 0);
			}
			continue;
		}
		turn(f);
		if (recv(fd, line + used, 1, MSG_PEEK) < 0) {
			struct pollfd wait = {.fd = fd, .events = POLLIN};

			poll(&wait, 1, 10);
			tries++;
		}
	}
	fail_msg("no reply");
	return NULL;
}

static void
expect(struct fixture *f, int fd, const char *reply)
{
	char *line = receive(f, fd);

	assert_non_null(line);
	assert_string_equal(line, reply);
	free(line);
}

/* The reply is an error whose text has these words. */
static void
expect_error(struct fixture *f, int fd, const char *words)
{
	char *line = receive(f, fd);

	assert_non_null(line);
	assert_non_null(strstr(line, "\"ok\":false"));
	assert_non_null(strstr(line, words));
	free(line);
}

static void
expect_end(struct fixture *f, int fd)
{
	assert_null(receive(f, fd));
	close(fd);
	turn(f);
}

static void
test_request_and_reply(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	send_text(fd, "{\"command\": [\"show\", \"node\"]}\n");
	expect(f, fd, "{\"ok\":true,\"data\":[\"show\",\"node\"]}");
	send_text(fd, "{\"command\": [\"again\"]}\n");
	expect(f, fd, "{\"ok\":true,\"data\":[\"again\"]}");
	assert_int_equal(ctl_server_clients(f->server), 1);
	close(fd);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

static void
test_pieces_and_pipelines(void **state)
{
	struct fixture *f = *state;
	const char *text = "{\"command\": [\"a\"]}\n{\"command\": [\"b\"]}\n{\"command\": [\"c\"";
	int fd = connect_client(f);

	for (const char *at = text; *at != 0; at++) {
		assert_int_equal(send(fd, at, 1, 0), 1);
		turn(f);
	}
	expect(f, fd, "{\"ok\":true,\"data\":[\"a\"]}");
	expect(f, fd, "{\"ok\":true,\"data\":[\"b\"]}");
	turn(f);
	assert_int_equal(f->handled, 2);
	send_text(fd, "]}\n{\"command\": [\"d\"]}\n");
	expect(f, fd, "{\"ok\":true,\"data\":[\"c\"]}");
	expect(f, fd, "{\"ok\":true,\"data\":[\"d\"]}");
	close(fd);
	turn(f);
}

static void
test_malformed(void **state)
{
	static const char *const bad[] = {
		"\n",
		"x\n",
		"{\n",
		"[]\n",
		"{}\n",
		"null\n",
		"{\"command\": \"show\"}\n",
		"{\"command\": []}\n",
		"{\"command\": [1]}\n",
		"{\"command\": [[\"show\"]]}\n",
		"{\"command\": [\"show\"], \"more\": 1}\n",
		"{\"command\": [\"a\"], \"command\": [\"b\"]}\n",
		"{\"command\": [\"a\\u0000b\"]}\n",
		"{\"command\": [\"a\\u001bb\"]}\n",
		"{\"command\": [\"\xff\xfe\"]}\n",
		"{\"command\": [\"a\"]} {}\n",
		"{\"command\": "
		"[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
		"\"\"]}\n",
	};
	struct fixture *f = *state;
	int fd = connect_client(f);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send_text(fd, bad[i]);
		expect_error(f, fd, "\"error\":");
	}
	/* The connection lives on. */
	send_text(fd, "{\"command\": [\"good\"]}\n");
	expect(f, fd, "{\"ok\":true,\"data\":[\"good\"]}");
	close(fd);
	turn(f);
}

static void
test_longest_request(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(CTL_REQUEST_MAX + 2), *line;
	int fd = connect_client(f);

	memset(text, ' ', CTL_REQUEST_MAX);
	memcpy(text, "{\"command\": [\"a\"]}", 18);
	strcpy(text + CTL_REQUEST_MAX, "\n");
	send_text(fd, text);
	line = receive(f, fd);
	assert_string_equal(line, "{\"ok\":true,\"data\":[\"a\"]}");
	free(line);
	free(text);
	close(fd);
	turn(f);
}

static void
test_oversized(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(CTL_REQUEST_MAX + 2);
	int fd = connect_client(f), endless = connect_client(f);

	memset(text, 'a', CTL_REQUEST_MAX + 1);
	text[CTL_REQUEST_MAX + 1] = 0;
	send_text(fd, text);
	expect_error(f, fd, "too long");
	expect_end(f, fd);

	/* One that never ends costs no more than the bound. */
	for (int i = 0; i < 200; i++) {
		if (send(endless, text, CTL_REQUEST_MAX, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			break;
		turn(f);
	}
	assert_int_equal(ctl_server_clients(f->server), 0);
	assert_int_equal(f->handled, 0);
	close(endless);
	free(text);
}

static void
test_half_request_and_end(void **state)
{
	struct fixture *f = *state;
	int whole = connect_client(f), half = connect_client(f), gone = connect_client(f);

	send_text(whole, "{\"command\": [\"a\"]}\n{\"command\": [\"b\"]}\n");
	shutdown(whole, SHUT_WR);
	expect(f, whole, "{\"ok\":true,\"data\":[\"a\"]}");
	expect(f, whole, "{\"ok\":true,\"data\":[\"b\"]}");
	expect_end(f, whole);

	send_text(half, "{\"command\": [\"a\"]}");
	shutdown(half, SHUT_WR);
	expect_error(f, half, "line feed");
	expect_end(f, half);

	send_text(gone, "{\"command\": [\"big\"]}\n{\"comm");
	close(gone);
	turn(f);
	turn(f);
	assert_int_equal(ctl_server_clients(f->server), 0);
}

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

static void
test_the_socket_itself(void **state)
{
	struct fixture *f = *state;
	char other[160], error[256];
	struct ctl_server *second;
	struct stat st;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	/* A live node's place is not taken. */
	second = ctl_server_new(f->base, f->path, handle, f, error, sizeof(error));
	assert_null(second);
	assert_int_equal(errno, EADDRINUSE);
	assert_non_null(strstr(error, f->path));

	/* A dead one's is. */
	snprintf(other, sizeof(other), "%s/dead.sock", f->directory);
	strcpy(addr.sun_path, other);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	assert_int_equal(access(other, F_OK), 0);
	second = ctl_server_new(f->base, other, handle, f, error, sizeof(error));
	assert_non_null(second);
	ctl_server_free(second);
	assert_int_equal(access(other, F_OK), -1);

	/* What is no socket stays. */
	fd = open(other, O_CREAT | O_WRONLY, 0600);
	close(fd);
	second = ctl_server_new(f->base, other, handle, f, error, sizeof(error));
	assert_null(second);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(unlink(other), 0);

	assert_null(ctl_server_new(f->base, "relative.sock", handle, f, error, sizeof(error)));
	assert_int_equal(errno, EINVAL);
}

/* Another node's socket at our path, made after ours was removed by hand, is not ours to remove. */
static void
test_not_ours_any_more(void **state)
{
	struct fixture *f = *state;
	char path[160], error[256];
	struct ctl_server *first, *second;

	snprintf(path, sizeof(path), "%s/two.sock", f->directory);
	first = ctl_server_new(f->base, path, handle, f, error, sizeof(error));
	assert_non_null(first);
	assert_int_equal(unlink(path), 0);
	second = ctl_server_new(f->base, path, handle, f, error, sizeof(error));
	assert_non_null(second);
	ctl_server_free(first);
	assert_int_equal(access(path, F_OK), 0);
	ctl_server_free(second);
	assert_int_equal(access(path, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request_and_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces_and_pipelines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_oversized, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_request_and_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_followers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck_follower, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_clients, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_clients, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_socket_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_ours_any_more, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
