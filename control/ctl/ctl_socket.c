/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl_socket.h"

#define BACKLOG	   16
#define LOCK_TRIES 100 /* 10 ms apart */

static int
fail(int code, char *error, size_t size, const char *path, const char *what)
{
	snprintf(error, size, "control socket %s: %s%s%s", path, what, code != 0 ? ": " : "",
		code != 0 ? strerror(code) : "");
	return -code;
}

static int
make_directory(const char *path, char *error, size_t size)
{
	char directory[108];
	size_t len = (size_t)(strrchr(path, '/') - path);

	memcpy(directory, path, len);
	directory[len] = 0;
	if (len > 0 && mkdir(directory, 0755) != 0 && errno != EEXIST)
		return fail(errno, error, size, path, "its directory cannot be made");
	return 0;
}

static int
lock_fail(int code, char *error, size_t size, const char *path, const char *name, const char *what,
	const char *why)
{
	snprintf(error, size, "control socket %s: its lock file %s %s%s", path, name, what, why);
	return -code;
}

static int
open_fail(int code, char *error, size_t size, const char *path, const char *name)
{
	struct stat st;

	if (code == ELOOP)
		return lock_fail(
			code, error, size, path, name, "is a symbolic link: remove it", "");
	if (code != EACCES || lstat(name, &st) == 0)
		return lock_fail(
			code, error, size, path, name, "cannot be opened: ", strerror(code));
	snprintf(error, size,
		"control socket %s: nothing can be made in %.*s: %s; run it as root, or let its "
		"key socket name one in a directory of its user",
		path, (int)(strrchr(path, '/') - path), path, strerror(code));
	return -code;
}

/* Whoever had the lock has removed its file, which then keeps out nobody: another is needed. */
static bool
is_still(int fd, const char *name)
{
	struct stat own, there;

	return fstat(fd, &own) == 0 && lstat(name, &there) == 0 && own.st_dev == there.st_dev &&
	       own.st_ino == there.st_ino;
}

/*
 * A lock so that between looking whether a node answers and taking its place nobody else does the
 * same. Of a file that nobody else can open: who can open it can lock it, and keep us out. It ends
 * with unlock().
 */
static int
lock(const char *path, const char *name, char *error, size_t size)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	struct stat st;
	int fd;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
		if (fd < 0)
			return open_fail(errno, error, size, path, name);
		if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
			close(fd);
			return lock_fail(EPERM, error, size, path, name,
				"is another user's, or others may open it: remove it", "");
		}
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still(fd, name))
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	return lock_fail(EBUSY, error, size, path, name,
		"is held: another process is making the same socket", "");
}

static void
unlock(int fd, const char *name)
{
	unlink(name);
	close(fd);
}

/* What is at the path already must be a socket that nobody answers; then it goes. */
static int
remove_stale(const struct sockaddr_un *addr, char *error, size_t size)
{
	const char *path = addr->sun_path;
	struct stat st;
	int fd, code;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : fail(errno, error, size, path, "cannot look at it");
	if (!S_ISSOCK(st.st_mode)) {
		fail(0, error, size, path, "there is something else of that name, remove it");
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(errno, error, size, path, "no socket to be had");
	code = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : errno;
	close(fd);
	/* EAGAIN: it lives, and its queue of connections is full. */
	if (code == 0 || code == EAGAIN) {
		fail(0, error, size, path,
			"another node answers there: end it, or give this node another socket");
		return -EADDRINUSE;
	}
	if (code != ECONNREFUSED)
		return fail(code, error, size, path, "cannot tell whether a node answers there");
	if (unlink(path) != 0)
		return fail(errno, error, size, path, "a dead node's socket cannot be removed");
	return 0;
}

static int
bind_and_listen(struct ctl_socket *sock, const struct sockaddr_un *addr, char *error, size_t size)
{
	struct stat st;
	mode_t mask;
	int ret;

	sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->fd < 0)
		return fail(errno, error, size, addr->sun_path, "no socket to be had");
	mask = umask(0177);
	ret = bind(sock->fd, (const struct sockaddr *)addr, sizeof(*addr));
	umask(mask);
	if (ret != 0) {
		ret = fail(errno, error, size, addr->sun_path, "cannot be made");
	} else if (listen(sock->fd, BACKLOG) != 0 || lstat(addr->sun_path, &st) != 0) {
		ret = fail(errno, error, size, addr->sun_path, "cannot be listened on");
		unlink(addr->sun_path);
	} else {
		sock->dev = st.st_dev;
		sock->inode = st.st_ino;
		return 0;
	}
	close(sock->fd);
	sock->fd = -1;
	return ret;
}

int
ctl_socket_open(struct ctl_socket *sock, const char *path, char *error, size_t size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char name[sizeof(addr.sun_path) + 8];
	int fd, ret;

	sock->fd = -1;
	if (path[0] != '/' || strlen(path) >= sizeof(addr.sun_path)) {
		fail(0, error, size, path, "it must be an absolute path of at most 107 bytes");
		return -EINVAL;
	}
	strcpy(addr.sun_path, path);
	strcpy(sock->path, path);
	snprintf(name, sizeof(name), "%s.lock", path);
	ret = make_directory(path, error, size);
	if (ret != 0)
		return ret;
	fd = lock(path, name, error, size);
	if (fd < 0)
		return fd;
	ret = remove_stale(&addr, error, size);
	if (ret == 0)
		ret = bind_and_listen(sock, &addr, error, size);
	unlock(fd, name);
	return ret;
}

void
ctl_socket_close(struct ctl_socket *sock)
{
	struct stat st;

	if (sock->fd < 0)
		return;
	if (lstat(sock->path, &st) == 0 && st.st_dev == sock->dev && st.st_ino == sock->inode)
		unlink(sock->path);
	close(sock->fd);
	sock->fd = -1;
}
