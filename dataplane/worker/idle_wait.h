/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a worker that has nothing to do waits, and how it and the control thread wake each other.
 *
 * Where it is the node's only worker and each of its ports has a descriptor that tells of frames
 * (port.h, rx_fd), the kernel wakes it as one comes, and the control thread as it leaves something
 * for it. Otherwise it looks again within half a millisecond. In both cases it wakes the control
 * thread before it waits, if it has left something for that one: no system call is made for this
 * while there are packets to be dealt with.
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
	struct pollfd fds[WORKER_QUEUES_MAX + 1]; /* of the receive queues, and the worker's own */
};

/* The worker's ports have been started. */
void idle_wait_init(struct idle_wait *wait, const struct worker *w);

/*
 * Until a frame comes, the control thread wakes the worker, or ns (below a second) have passed; it
 * may return earlier.
 */
void idle_wait(struct idle_wait *wait, struct worker *w, uint64_t ns);

/* The control thread's, after it has left something for the worker in its rings or set its stop. */
void idle_wake(struct worker *w);

/* The control thread's: does the worker sleep now? Then it is told as soon as there is anything. */
bool idle_asleep(const struct worker *w);

#endif
