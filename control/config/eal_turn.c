/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "eal_args.h"

#define TRY_MS 20

int
eal_turn_take(const char *path, uint32_t wait_ms)
{
	const struct timespec pause = {.tv_nsec = TRY_MS * 1000000};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	for (uint32_t ms = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; ms += TRY_MS) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || ms >= wait_ms) {
			close(fd);
			return -1;
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
