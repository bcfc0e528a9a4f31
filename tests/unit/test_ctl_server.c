/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a control server and answered, right and wrong; and its socket. */
#include "ctl_clients.h"

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
		cmocka_unit_test_setup_teardown(test_the_socket_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_ours_any_more, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
