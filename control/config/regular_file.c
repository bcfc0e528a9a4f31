/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "regular_file.h"

static bool
is_right(int fd, int flags)
{
	struct stat status;

	return fstat(fd, &status) == 0 &&
	       (S_ISREG(status.st_mode) ||
		       (S_ISCHR(status.st_mode) && (flags & O_ACCMODE) == O_WRONLY));
}

int
regular_file_open(const char *path, int flags, mode_t mode, const char **why)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);

	if (fd < 0) {
		/* A FIFO that nobody reads, or a socket; a link that is not to be followed. */
		*why = errno == ENXIO || (errno == ELOOP && (flags & O_NOFOLLOW))
			       ? REGULAR_FILE_FAULT
			       : strerror(errno);
		return -1;
	}
	if (is_right(fd, flags))
		return fd;
	*why = REGULAR_FILE_FAULT;
	close(fd);
	return -1;
}

static FILE *
open_stream(const char *path, int flags, const char *mode, const char **why)
{
	int fd = regular_file_open(path, flags, 0666, why);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, mode);
	if (file == NULL) {
		*why = strerror(errno);
		close(fd);
	}
	return file;
}

FILE *
regular_file_read(const char *path, const char **why)
{
	return open_stream(path, O_RDONLY, "r", why);
}

FILE *
regular_file_write(const char *path, const char **why)
{
	return open_stream(path, O_WRONLY | O_CREAT | O_TRUNC, "w", why);
}

FILE *
regular_file_append(const char *path, const char **why)
{
	return open_stream(path, O_WRONLY | O_CREAT | O_APPEND, "a", why);
}

static bool running;

void
regular_file_running(void)
{
	running = true;
}

FILE *
regular_file_config(const char *path, const char **why)
{
	FILE *file;

	if (running)
		return regular_file_read(path, why);
	file = fopen(path, "re");
	if (file == NULL)
		*why = strerror(errno);
	return file;
}
