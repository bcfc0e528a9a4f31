/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for the next frame or the next due time, precisely and without burning a processor.
 *
 * DPDK's af_packet driver has no receive interrupt, but its sockets are files of this process:
 * where both devices are kernel interfaces, the kernel wakes us as a frame comes. For other devices
 * there is only looking again every few tens of microseconds.
 */
#ifndef FERRY_IMPAIR_WAIT_H
#define FERRY_IMPAIR_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <poll.h>

#define IMPAIR_WAIT_FDS 8

struct impair_wait {
	bool by_kernel; /* every device wakes us */
	unsigned int nb_fds;
	struct pollfd fds[IMPAIR_WAIT_FDS];
	uint64_t sleeps;
};

/* if_index: of the kernel interfaces below the two devices, 0 where there is none. */
void impair_wait_init(struct impair_wait *wait, const unsigned int if_index[2]);

/* Until a frame comes, ns have passed, or a signal comes; it may return earlier. */
void impair_wait(struct impair_wait *wait, uint64_t ns);

#endif
