/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl_client.h"

int
ctl_client_connect(const char *path, char *error, size_t size)
{
	const struct timeval limit = {.tv_sec = CTL_CLIENT_SECONDS};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(error, size, "%s: a socket's path has at most %zu bytes", path,
			sizeof(addr.sun_path) - 1);
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
		connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
		snprintf(error, size, "%s: %s%s", path, strerror(errno),
			errno == ECONNREFUSED || errno == ENOENT ? " (does it run?)" : "");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* The root program's is meant only where no node answers. */
static bool
is_root(const char *path)
{
	return strcmp(strrchr(path, '/') + 1, "ferry-root.sock") == 0;
}

/* Keeps of the paths those that answer; returns how many. */
static size_t
keep_alive(glob_t *found, const char **alive)
{
	char ignored[256];
	const char *root = NULL;
	size_t n = 0;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		int fd = ctl_client_connect(found->gl_pathv[i], ignored, sizeof(ignored));

		/* One that we may not open lives as far as we know. */
		if (fd < 0 && errno != EACCES)
			continue;
		if (fd >= 0)
			close(fd);
		if (is_root(found->gl_pathv[i]))
			root = found->gl_pathv[i];
		else
			alive[n++] = found->gl_pathv[i];
	}
	if (n == 0 && root != NULL)
		alive[n++] = root;
	return n;
}

int
ctl_client_find(char path[CTL_PATH_MAX], char *error, size_t size)
{
	const char **alive = NULL;
	glob_t found = {0};
	size_t n = 0, used;
	int ret = -1;

	if (glob(CTL_SOCKET_DIRECTORY "/*.sock", 0, NULL, &found) == 0)
		alive = calloc(found.gl_pathc, sizeof(*alive));
	if (alive != NULL)
		n = keep_alive(&found, alive);
	if (n == 1 && strlen(alive[0]) < CTL_PATH_MAX) {
		strcpy(path, alive[0]);
		ret = 0;
	} else if (n == 0) {
		snprintf(error, size,
			"no node answers in " CTL_SOCKET_DIRECTORY ": name its socket with -s");
	} else {
		used = (size_t)snprintf(error, size, "%zu nodes run here, choose one with -n:", n);
		for (size_t i = 0; i < n && used < size; i++) {
			const char *name = strrchr(alive[i], '/') + 1;

			used += (size_t)snprintf(error + used, size - used, " %.*s",
				(int)(strlen(name) - strlen(".sock")), name);
		}
	}
	free(alive);
	globfree(&found);
	return ret;
}

static int
send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A line without its end, to be freed; NULL with errno, 0 if the node hung up. */
static char *
receive_line(int fd)
{
	size_t room = 65536, used = 0;
	char *line = malloc(room), *larger;

	while (line != NULL) {
		ssize_t n = recv(fd, line + used, room - used - 1, MSG_PEEK);
		char *end = n > 0 ? memchr(line + used, '\n', (size_t)n) : NULL;

		/* Up to the end of the line: the next one stays for the next call. */
		if (n > 0)
			n = recv(fd, line + used,
				end != NULL ? (size_t)(end - line) - used + 1 : (size_t)n, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n == 0 ? 0 : errno;

			free(line);
			errno = code;
			return NULL;
		}
		used += (size_t)n;
		if (line[used - 1] == '\n') {
			line[used - 1] = 0;
			return line;
		}
		if (used + 1 < room)
			continue;
		room *= 2;
		larger = realloc(line, room);
		if (larger == NULL)
			free(line);
		line = larger;
	}
	errno = ENOMEM;
	return NULL;
}

static json_t *
read_reply(int fd, bool *usage, char *error, size_t size)
{
	char *line = receive_line(fd);
	json_t *reply, *data;
	const char *refusal;

	*usage = false;
	if (line == NULL) {
		snprintf(error, size, "no reply: %s",
			errno == 0	  ? "the node hung up"
			: errno == EAGAIN ? "the node takes too long"
					  : strerror(errno));
		return NULL;
	}
	reply = json_loads(line, 0, NULL);
	free(line);
	if (json_is_true(json_object_get(reply, "ok"))) {
		data = json_incref(json_object_get(reply, "data"));
		json_decref(reply);
		if (data == NULL)
			snprintf(error, size, "the node's reply has no data");
		return data;
	}
	refusal = json_string_value(json_object_get(reply, "error"));
	*usage = json_is_true(json_object_get(reply, "usage"));
	snprintf(error, size, "%s", refusal != NULL ? refusal : "the node's reply is not one");
	json_decref(reply);
	return NULL;
}

json_t *
ctl_client_next(int fd, char *error, size_t size)
{
	const struct timeval never = {0};
	bool ignored;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never)) != 0) {
		snprintf(error, size, "cannot wait: %s", strerror(errno));
		return NULL;
	}
	return read_reply(fd, &ignored, error, size);
}

json_t *
ctl_client_ask(int fd, int argc, char *const *argv, bool *usage, char *error, size_t size)
{
	json_t *words = json_array(), *request = NULL;
	char *text = NULL;
	int ret = 0;

	*usage = false;
	for (int i = 0; i < argc && ret == 0; i++)
		ret = json_array_append_new(words, json_string(argv[i]));
	if (ret == 0)
		request = json_pack("{s:O}", "command", words);
	if (request != NULL)
		text = json_dumps(request, JSON_COMPACT);
	json_decref(words);
	json_decref(request);
	if (text == NULL) {
		snprintf(error, size, "the command's words must be UTF-8");
		return NULL;
	}
	ret = send_all(fd, text, strlen(text));
	if (ret == 0)
		ret = send_all(fd, "\n", 1);
	free(text);
	if (ret != 0) {
		snprintf(error, size, "cannot ask: %s", strerror(errno));
		return NULL;
	}
	return read_reply(fd, usage, error, size);
}
