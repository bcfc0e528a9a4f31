/* SPDX-License-Identifier: BSD-3-Clause */
/* What may stand in the way of a control socket: locks, and that there are no descriptors. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctl_request.h"
#include "ctl_server.h"
#include "ctl_socket.h"

#define TURNS 1000

struct fixture {
	char directory[64], path[96], lock[104], error[256];
	struct ctl_socket sock;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/ferry_ctl_XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.sock", f->directory);
	snprintf(f->lock, sizeof(f->lock), "%s.lock", f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static int
open_socket(struct fixture *f)
{
	return ctl_socket_open(&f->sock, f->path, f->error, sizeof(f->error));
}

/* Whoever can read the directory can lock it: that keeps nobody out. Nor does what is left behind.
 */
static void
test_locked_directory(void **state)
{
	struct fixture *f = *state;
	int directory = open(f->directory, O_RDONLY | O_DIRECTORY);
	int left = open(f->lock, O_RDWR | O_CREAT, 0600);

	assert_int_equal(flock(directory, LOCK_EX), 0);
	assert_int_equal(open_socket(f), 0);
	ctl_socket_close(&f->sock);
	assert_int_equal(access(f->lock, F_OK), -1);
	close(left);
	close(directory);
}

static void
test_locked(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->lock, O_RDWR | O_CREAT, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(open_socket(f), -EBUSY);
	assert_non_null(strstr(f->error, f->path));
	assert_non_null(strstr(f->error, f->lock));
	assert_int_equal(access(f->lock, F_OK), 0);
	/* It ends meanwhile, and takes its file with it. */
	unlink(f->lock);
	assert_int_equal(open_socket(f), 0);
	ctl_socket_close(&f->sock);
	close(fd);
}

/* One that others can open, and so lock, is none; nor is a way to another file. */
static void
test_no_lock(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->lock, O_RDWR | O_CREAT, 0600);

	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	assert_int_equal(open_socket(f), -EPERM);
	assert_non_null(strstr(f->error, f->lock));
	if (geteuid() == 0) {
		/* of another user, who can open it though nobody else can */
		assert_int_equal(chmod(f->lock, 0600), 0);
		assert_int_equal(chown(f->lock, 65534, 65534), 0);
		assert_int_equal(open_socket(f), -EPERM);
	}
	unlink(f->lock);
	assert_int_equal(symlink("/dev/null", f->lock), 0);
	assert_int_equal(open_socket(f), -ELOOP);
	assert_non_null(strstr(f->error, f->lock));
	assert_non_null(strstr(f->error, "is a symbolic link"));
	unlink(f->lock);
	assert_int_equal(mkdir(f->lock, 0700), 0);
	assert_int_equal(open_socket(f), -EISDIR);
	assert_non_null(strstr(f->error, f->lock));
	assert_non_null(strstr(f->error, strerror(EISDIR)));
	rmdir(f->lock);
}

/* One that lives has no time for whoever connects, and keeps its place. */
static void
test_busy(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct ctl_socket live;
	int fds[64], n = 0;

	assert_int_equal(open_socket(f), 0);
	live = f->sock;
	strcpy(addr.sun_path, f->path);
	do
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (connect(fds[n++], (struct sockaddr *)&addr, sizeof(addr)) == 0 && n < 64);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(open_socket(f), -EADDRINUSE);
	while (n-- > 0)
		close(fds[n]);
	ctl_socket_close(&live);
	assert_int_equal(access(f->path, F_OK), -1);
}

/* A path of 108 bytes has no room for its end, and is no other's. */
static void
test_long_path(void **state)
{
	struct fixture *f = *state;
	char path[128];

	memset(path, 'x', sizeof(path));
	memcpy(path, f->directory, strlen(f->directory));
	path[strlen(f->directory)] = '/';
	path[108] = 0;
	assert_int_equal(ctl_socket_open(&f->sock, path, f->error, sizeof(f->error)), -EINVAL);
	path[107] = 0;
	assert_int_equal(ctl_socket_open(&f->sock, path, f->error, sizeof(f->error)), 0);
	ctl_socket_close(&f->sock);
	assert_int_equal(access(path, F_OK), -1);
}

/* It is the directory that is told of, not a file that is not there. */
static void
test_no_room(void **state)
{
	struct fixture *f = *state;
	uid_t user = geteuid();

	assert_int_equal(chmod(f->directory, 0555), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(open_socket(f), -EACCES);
	assert_int_equal(seteuid(user), 0);
	assert_null(strstr(f->error, f->lock));
	assert_non_null(strstr(f->error, " made in /tmp/ferry_ctl_"));
	assert_non_null(strstr(f->error, "key socket"));
}

static json_t *
handle(void *ctx, const char *line, size_t len, bool *follow)
{
	(void)ctx;
	(void)line;
	(void)len;
	(void)follow;
	return ctl_reply_ok(json_true());
}

/* Standard error goes to a file from now on. */
static FILE *
catch_errors(int *saved)
{
	FILE *file = tmpfile();

	fflush(stderr);
	*saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	return file;
}

/* How many lines came. */
static unsigned int
release_errors(FILE *file, int saved)
{
	unsigned int n = 0;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	for (int c = fgetc(file); c != EOF; c = fgetc(file))
		n += c == '\n';
	fclose(file);
	return n;
}

/* Connects when no descriptor is left, and lets the server look often; returns how much it said. */
static unsigned int
connect_in_need(struct fixture *f, struct event_base *base, int fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct rlimit before, none;
	int saved, next;
	FILE *file = catch_errors(&saved);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(fd);
	close(next);
	none = before;
	none.rlim_cur = (rlim_t)next;
	strcpy(addr.sun_path, f->path);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	for (int i = 0; i < TURNS; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	return release_errors(file, saved);
}

/* The server says so once, rests, and takes who waited when there are some again. */
static void
test_no_descriptors(void **state)
{
	static const char request[] = "{\"command\": [\"x\"]}\n",
			  reply[] = "{\"ok\":true,\"data\":true}\n";
	struct fixture *f = *state;
	struct event_base *base = event_base_new();
	struct ctl_server *server = ctl_server_new(
		base, f->path, handle, NULL, f->error, sizeof(f->error));
	const struct timeval step = {.tv_usec = 100000};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char text[64] = "";

	assert_non_null(server);
	assert_int_equal(connect_in_need(f, base, fd), 1);
	assert_int_equal(ctl_server_clients(server), 0);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	for (int i = 0; i < 50 && text[0] == 0; i++) {
		event_base_loopexit(base, &step);
		event_base_dispatch(base);
		(void)recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	}
	assert_string_equal(text, reply);
	close(fd);
	ctl_server_free(server);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_locked_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_descriptors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
