/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "idle_wait.h"
#include "node.h"

/* Where nobody wakes us, and where the kernel does. */
#define LOOK_LEAST_NS	10000
#define LOOK_MOST_NS	400000
#define KERNEL_LEAST_NS 500000
#define KERNEL_MOST_NS	5000000

/* The kernel may be so late, to wake several at once; by default 50 us. */
#define SLACK_NS 5000

void
idle_wait_init(struct idle_wait *wait, const struct worker *w)
{
	*wait = (struct idle_wait){.by_kernel = w->node->nb_workers == 1};
	for (uint16_t i = 0; i < w->nb_rx && wait->by_kernel; i++) {
		const struct port *port = w->rx[i].port;
		int fd = port->ops->rx_fd != NULL ? port->ops->rx_fd(port, w->rx[i].queue) : -1;

		wait->fds[wait->nb_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
		wait->by_kernel = fd >= 0;
	}
	wait->least = wait->by_kernel ? KERNEL_LEAST_NS : LOOK_LEAST_NS;
	wait->most = wait->by_kernel ? KERNEL_MOST_NS : LOOK_MOST_NS;
	(void)prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
}

/* An interface that goes down is an error of its socket, told until somebody reads it. */
static void
clear_errors(const struct idle_wait *wait)
{
	for (nfds_t i = 0; i < wait->nb_fds; i++) {
		socklen_t len = sizeof(int);
		int error;

		if ((wait->fds[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
			(void)getsockopt(wait->fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

void
idle_wait(struct idle_wait *wait, uint64_t ns)
{
	struct timespec ts = {.tv_nsec = (long)ns};

	if (!wait->by_kernel)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	else if (ppoll(wait->fds, wait->nb_fds, &ts, NULL) > 0)
		clear_errors(wait);
}
