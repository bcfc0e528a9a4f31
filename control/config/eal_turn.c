/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eal_args.h"

#define TRY_MS 20

/* Whoever can open a file can lock it: none but ours will do. */
static int
open_turn(const char *path)
{
	char directory[PATH_MAX];
	struct stat st;
	int fd;

	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = 0;
	(void)mkdir(directory, 0755);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		(st.st_mode & 077) == 0)
		return fd;
	close(fd);
	return -EPERM;
}

int
eal_turn_take(const char *path, uint32_t wait_ms)
{
	const struct timespec pause = {.tv_nsec = TRY_MS * 1000000};
	int fd = open_turn(path);

	for (uint32_t ms = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; ms += TRY_MS) {
		int code = errno;

		if ((code != EWOULDBLOCK && code != EINTR) || ms >= wait_ms) {
			close(fd);
			return code == EWOULDBLOCK ? -EBUSY : -code;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

void
eal_turn_give(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
