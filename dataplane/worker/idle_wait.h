/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a worker that has nothing to do waits. Where it is the node's only one and each of its ports
 * has a descriptor that tells of frames (port.h, rx_fd), the kernel wakes it as one comes, and it
 * looks after what else there may be (requests, the control thread's frames) every few
 * milliseconds. Otherwise it looks again within half a millisecond.
 *
 * The one place of the dataplane, beside the loop that calls it, that makes system calls.
 */
#ifndef FERRY_IDLE_WAIT_H
#define FERRY_IDLE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <poll.h>

#include "worker.h"

struct idle_wait {
	bool by_kernel;
	uint64_t least, most; /* ns of one wait: the first after work, and the longest */
	nfds_t nb_fds;
	struct pollfd fds[WORKER_QUEUES_MAX];
};

/* The worker's ports have been started. */
void idle_wait_init(struct idle_wait *wait, const struct worker *w);

/* Until a frame comes or ns (below a second) have passed; it may return earlier. */
void idle_wait(struct idle_wait *wait, uint64_t ns);

#endif
