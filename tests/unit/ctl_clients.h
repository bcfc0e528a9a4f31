/* SPDX-License-Identifier: BSD-3-Clause */
/* A control server on a real socket; it and its clients share this process's one thread. */
#ifndef FERRY_TEST_CTL_CLIENTS_H
#define FERRY_TEST_CTL_CLIENTS_H

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
static inline json_t *
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

static inline int
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

static inline int
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

static inline int
connect_client(const struct fixture *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline void
turn(struct fixture *f)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static inline void
send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next line without its end, to be freed; NULL when the server hung up. Fails after 5 s. */
static inline char *
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

static inline void
expect(struct fixture *f, int fd, const char *reply)
{
	char *line = receive(f, fd);

	assert_non_null(line);
	assert_string_equal(line, reply);
	free(line);
}

/* The reply is an error whose text has these words. */
static inline void
expect_error(struct fixture *f, int fd, const char *words)
{
	char *line = receive(f, fd);

	assert_non_null(line);
	assert_non_null(strstr(line, "\"ok\":false"));
	assert_non_null(strstr(line, words));
	free(line);
}

static inline void
expect_end(struct fixture *f, int fd)
{
	assert_null(receive(f, fd));
	close(fd);
	turn(f);
}

#endif
