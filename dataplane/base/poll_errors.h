/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * After poll(): an interface that went down is an error of its socket, and wakes us until somebody
 * reads it.
 */
#ifndef FERRY_POLL_ERRORS_H
#define FERRY_POLL_ERRORS_H

#include <sys/socket.h>

#include <poll.h>

static inline void
poll_errors_clear(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++) {
		socklen_t len = sizeof(int);
		int error;

		if ((fds[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
			(void)getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

#endif
