/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of one worker: a hashed timing wheel with unsorted lists (Varghese and Lauck, "Hashed and
 * hierarchical timing wheels", 1987, scheme 6). Start and stop are O(1). A timer never fires before
 * its deadline, and fires in the first run at or after it; a deadline more than one turn away waits
 * its rounds out. Times in nanoseconds.
 *
 * The wheel and its timers belong to one worker. A timer's memory is its owner's.
 */
#ifndef FERRY_TIMER_WHEEL_H
#define FERRY_TIMER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_SLOTS 1024
#define WHEEL_SHIFT 15 /* a slot is 32.8 microseconds, a turn 33.6 ms */

struct timer {
	LIST_ENTRY(timer) entry;
	uint64_t deadline;
	void (*fire)(void *owner, struct timer *timer, uint64_t now); /* owner: the wheel's */
	void *arg; /* the timer's own, for fire */
	bool armed;
};

LIST_HEAD(timer_list, timer);

struct timer_wheel {
	void *owner;	    /* the worker, passed to fire */
	uint64_t turned_to; /* absolute slot number up to which all was looked at */
	uint32_t armed;
	uint64_t filled[WHEEL_SLOTS / 64];
	struct timer_list slots[WHEEL_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, void *owner, uint64_t now);

/* Starts a timer, or moves one that runs. A deadline in the past fires in the next run. */
void timer_start(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline);

/* Stops a timer; one that does not run may be stopped too. */
void timer_stop(struct timer_wheel *wheel, struct timer *timer);

/*
 * Fires what is due. A timer is stopped before its function is called; a function may start any
 * timer, its own too, which then waits for the next run even if it is due at once.
 */
void timer_wheel_run(struct timer_wheel *wheel, uint64_t now);

/* A time not later than the earliest deadline; UINT64_MAX when no timer runs. */
uint64_t timer_wheel_next(const struct timer_wheel *wheel);

#endif
