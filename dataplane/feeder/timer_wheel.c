/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer_wheel.h"

static inline uint32_t
slot_of(uint64_t absolute)
{
	return (uint32_t)(absolute % WHEEL_SLOTS);
}

void
timer_wheel_init(struct timer_wheel *wheel, void *owner, uint64_t now)
{
	*wheel = (struct timer_wheel){.owner = owner, .turned_to = now >> WHEEL_SHIFT};
}

void
timer_stop(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer->armed)
		return;
	LIST_REMOVE(timer, entry);
	timer->armed = false;
	wheel->armed--;
}

void
timer_start(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline)
{
	uint64_t absolute = deadline >> WHEEL_SHIFT;
	uint32_t slot;

	timer_stop(wheel, timer);
	if (absolute < wheel->turned_to)
		absolute = wheel->turned_to;
	slot = slot_of(absolute);
	timer->deadline = deadline;
	timer->armed = true;
	LIST_INSERT_HEAD(&wheel->slots[slot], timer, entry);
	wheel->filled[slot / 64] |= UINT64_C(1) << (slot % 64);
	wheel->armed++;
}

/*
 * Takes the due timers out of one slot to the end of a list, whose last is *last; those of later
 * rounds stay.
 */
static void
collect_slot(struct timer_wheel *wheel, uint32_t slot, uint64_t now, struct timer_list *due,
	struct timer **last)
{
	struct timer *timer, *next;

	for (timer = LIST_FIRST(&wheel->slots[slot]); timer != NULL; timer = next) {
		next = LIST_NEXT(timer, entry);
		if (timer->deadline > now)
			continue;
		LIST_REMOVE(timer, entry);
		if (*last == NULL)
			LIST_INSERT_HEAD(due, timer, entry);
		else
			LIST_INSERT_AFTER(*last, timer, entry);
		*last = timer;
	}
	if (LIST_EMPTY(&wheel->slots[slot]))
		wheel->filled[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

void
timer_wheel_run(struct timer_wheel *wheel, uint64_t now)
{
	uint64_t last = now >> WHEEL_SHIFT, first = wheel->turned_to;
	struct timer_list due;
	struct timer *timer, *last_due = NULL;

	if (wheel->armed == 0) {
		wheel->turned_to = last > first ? last : first;
		return;
	}
	if (last < first)
		return;
	/* A whole turn looks at each slot once; more would look again at the same ones. */
	if (last - first >= WHEEL_SLOTS)
		first = last - (WHEEL_SLOTS - 1);
	LIST_INIT(&due);
	for (uint64_t absolute = first; absolute <= last; absolute++) {
		uint32_t slot = slot_of(absolute);

		if (wheel->filled[slot / 64] & (UINT64_C(1) << (slot % 64)))
			collect_slot(wheel, slot, now, &due, &last_due);
	}
	/*
	 * Nothing fires before all is collected, so that what a function starts waits for the next
	 * run. Each is taken from the list before it fires: a function may stop or start others.
	 */
	wheel->turned_to = last;
	while ((timer = LIST_FIRST(&due)) != NULL) {
		timer_stop(wheel, timer);
		timer->fire(wheel->owner, timer, now);
	}
}

/*
 * A slot may hold timers of later rounds only. So many are looked at; behind them the slot's own
 * time is told, which is never too late.
 */
#define LOOK_MOST 64

uint64_t
timer_wheel_next(const struct timer_wheel *wheel)
{
	uint64_t first = UINT64_MAX;
	const struct timer *timer;
	uint32_t looked = 0;

	if (wheel->armed == 0)
		return UINT64_MAX;
	for (uint32_t i = 0; i < WHEEL_SLOTS; i++) {
		uint64_t absolute = wheel->turned_to + i;
		uint32_t slot = slot_of(absolute);

		if ((wheel->filled[slot / 64] & (UINT64_C(1) << (slot % 64))) == 0)
			continue;
		LIST_FOREACH (timer, &wheel->slots[slot], entry) {
			if (looked++ == LOOK_MOST)
				return absolute << WHEEL_SHIFT;
			if (timer->deadline < first)
				first = timer->deadline;
		}
		if (first >> WHEEL_SHIFT <= absolute)
			break;
	}
	return first;
}
