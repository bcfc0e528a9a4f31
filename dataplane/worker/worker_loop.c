/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's turns: when each begins, by the clock, and when it may sleep (idle_wait.c). */
#include "idle_wait.h"
#include "node.h"
#include "tsc.h"
#include "worker.h"

/*
 * Adaptive idling: spin so long after the last packet, then sleep, where nobody wakes us twice as
 * long each time. Spinning that was of no use is halved, until packets come that it would have met.
 */
#define SPIN_LEAST_NS 1000
#define SPIN_MOST_NS  50000

/* The next timer, or packet that a port holds back. */
static uint64_t
next_due(const struct worker *w)
{
	uint64_t next = timer_wheel_next(&w->wheel), held;

	for (uint16_t i = 0; i < w->nb_rx; i++) {
		const struct port *port = w->rx[i].port;

		if (port->ops->rx_next == NULL)
			continue;
		held = port->ops->rx_next(port, w->rx[i].queue);
		next = RTE_MIN(next, held);
	}
	return next;
}

/* Sleeps at most ns, and not past what is due next. A sleeping worker holds no reference. */
static void
sleep_idle(struct worker *w, struct idle_wait *wait, uint64_t ns, uint64_t now)
{
	uint64_t next = next_due(w);

	if (next <= now)
		return;
	rte_rcu_qsbr_thread_offline(w->node->qsbr, w->index);
	idle_wait(wait, w, RTE_MIN(ns, next - now));
	rte_rcu_qsbr_thread_online(w->node->qsbr, w->index);
	w->load.sleeps++;
}

int
worker_loop(void *arg)
{
	struct worker *w = arg;
	const struct tsc_clock *tsc = &w->node->tsc;
	struct idle_wait wait;
	uint64_t now = tsc_clock_now(tsc), idle_since = now, spin_ns = SPIN_MOST_NS, sleep_ns;

	idle_wait_init(&wait, w);
	sleep_ns = wait.least;
	rte_rcu_qsbr_thread_online(w->node->qsbr, w->index);
	while (likely(!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))) {
		uint64_t began = now;
		uint32_t progress;

		observe_begin(&w->load);
		progress = worker_poll(w, now);
		now = tsc_clock_now(tsc);
		if (progress > 0) {
			w->load.polls_busy++;
			w->load.busy_ns += now - began;
			observe_turn(&w->load, now - began);
			observe_keep(&w->load);
			if (began - idle_since <= SPIN_MOST_NS)
				spin_ns = SPIN_MOST_NS;
			idle_since = now;
			sleep_ns = wait.least;
			continue;
		}
		if (w->may_sleep && now - idle_since > spin_ns) {
			sleep_idle(w, &wait, sleep_ns, now);
			spin_ns = RTE_MAX(spin_ns / 2, (uint64_t)SPIN_LEAST_NS);
			now = tsc_clock_now(tsc);
			sleep_ns = RTE_MIN(sleep_ns * 2, wait.most);
		}
		w->load.idle_ns += now - began;
	}
	rte_rcu_qsbr_thread_offline(w->node->qsbr, w->index);
	return 0;
}
