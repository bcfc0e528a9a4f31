/* SPDX-License-Identifier: BSD-3-Clause */
#include "history.h"

#define BURST 32

static void
add(struct history *h, const struct node *node, const struct worker_event *event)
{
	struct history_entry *entry = &h->entries[h->count++ % HISTORY_MAX];

	*entry = (struct history_entry){
		.number = h->count,
		.utc_ns = utc_ns(&node->clock.map, event->now),
		.event = *event,
	};
	if (h->each != NULL)
		h->each(h->ctx, entry);
}

static void
poll_worker(struct history *h, struct node *node, uint16_t index)
{
	struct worker *w = node->workers[index];
	struct worker_event events[BURST];
	uint64_t lost = counter_read(&w->events_lost);
	uint32_t left = rte_ring_count(w->events), n;

	for (; left > 0; left -= n) {
		n = worker_event_take(w, events, RTE_MIN(left, (uint32_t)BURST));
		if (n == 0)
			break;
		for (uint32_t i = 0; i < n; i++)
			add(h, node, &events[i]);
		h->last[index] = events[n - 1].now;
	}
	/* The lost ones came after those that filled the ring. */
	if (lost != h->lost[index]) {
		struct worker_event event = {.now = h->last[index],
			.kind = EVENT_events_lost,
			.lost = lost - h->lost[index]};

		add(h, node, &event);
		h->lost[index] = lost;
	}
}

void
history_poll(struct history *h, struct node *node)
{
	for (uint16_t i = 0; i < node->nb_workers; i++)
		poll_worker(h, node, i);
}

const struct history_entry *
history_find(const struct history *h, uint64_t number)
{
	if (number == 0 || number > h->count || h->count - number >= HISTORY_MAX)
		return NULL;
	return &h->entries[(number - 1) % HISTORY_MAX];
}
