/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A listener that cannot take a connection (no descriptors, no memory) is asked again by libevent
 * at every turn, and complains at every turn. A guarded one rests for LISTENER_GUARD_MS, and says
 * so once: not again until a minute went by without a failure.
 *
 * Control thread (all guards of a process, and their event loops, are one thread's).
 */
#ifndef FERRY_LISTENER_GUARD_H
#define FERRY_LISTENER_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/listener.h>

#define LISTENER_GUARD_MS 1000

struct listener_guard {
	LIST_ENTRY(listener_guard) chain;
	struct evconnlistener *listener; /* NULL = none is guarded */
	struct event *again;
	const char *what;
	uint64_t failed; /* ms, CLOCK_MONOTONIC; 0 = never */
	bool resting, held;
};

/* The listener and the name (for the log) outlive the guard. 0, or -1: memory is short. */
int listener_guard_begin(
	struct listener_guard *guard, struct evconnlistener *listener, const char *what);

/* As many are connected as may be: it takes no more until held is false. */
void listener_guard_hold(struct listener_guard *guard, bool held);

/* Before the listener is freed. One that did not begin (all 0): nothing. */
void listener_guard_end(struct listener_guard *guard);

#endif
