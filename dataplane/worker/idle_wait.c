/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#include "idle_wait.h"
#include "node.h"
#include "poll_errors.h"

/* Where nobody wakes us, and where the kernel does. */
#define LOOK_LEAST_NS 10000
#define LOOK_MOST_NS  400000
#define KERNEL_NS     50000000

/* The kernel may be so late, to wake several at once; by default 50 us. */
#define SLACK_NS 5000

void
idle_wait_init(struct idle_wait *wait, const struct worker *w)
{
	*wait = (struct idle_wait){.by_kernel = w->node->nb_workers == 1 && w->wake_fd >= 0};
	wait->fds[wait->nb_fds++] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
	for (uint16_t i = 0; i < w->nb_rx && wait->by_kernel; i++) {
		const struct port *port = w->rx[i].port;
		int fd = port->ops->rx_fd != NULL ? port->ops->rx_fd(port, w->rx[i].queue) : -1;

		wait->fds[wait->nb_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
		wait->by_kernel = fd >= 0;
	}
	wait->least = wait->by_kernel ? KERNEL_NS : LOOK_LEAST_NS;
	wait->most = wait->by_kernel ? KERNEL_NS : LOOK_MOST_NS;
	(void)prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
}

static void
wait_by_kernel(struct idle_wait *wait, const struct timespec *ts)
{
	eventfd_t times;

	if (ppoll(wait->fds, wait->nb_fds, ts, NULL) <= 0)
		return;
	poll_errors_clear(wait->fds, wait->nb_fds);
	if (wait->fds[0].revents != 0)
		(void)eventfd_read(wait->fds[0].fd, &times);
}

static void
wake_control(struct worker *w)
{
	if (!w->answered && rte_ring_empty(w->punt) && rte_ring_empty(w->events))
		return;
	w->answered = false;
	if (w->node->control_fd >= 0)
		(void)eventfd_write(w->node->control_fd, 1);
}

static bool
is_asked(const struct worker *w)
{
	return __atomic_load_n(&w->stop, __ATOMIC_RELAXED) || !rte_ring_empty(w->mailbox) ||
	       !rte_ring_empty(w->inject);
}

/*
 * The worker says that it sleeps and then looks; who wakes it has left something and then looks.
 * With the fences at least one of them sees what the other did.
 */
void
idle_wait(struct idle_wait *wait, struct worker *w, uint64_t ns)
{
	struct timespec ts = {.tv_nsec = (long)ns};

	wake_control(w);
	__atomic_store_n(&w->asleep, true, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!is_asked(w)) {
		if (wait->by_kernel)
			wait_by_kernel(wait, &ts);
		else
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	}
	__atomic_store_n(&w->asleep, false, __ATOMIC_RELAXED);
}

void
idle_wake(struct worker *w)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (w->wake_fd >= 0 && idle_asleep(w))
		(void)eventfd_write(w->wake_fd, 1);
}

bool
idle_asleep(const struct worker *w)
{
	return __atomic_load_n(&w->asleep, __ATOMIC_RELAXED);
}
