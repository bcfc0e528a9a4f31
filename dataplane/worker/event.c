/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include <rte_malloc.h>
#include <rte_ring_elem.h>

#include "event.h"
#include "worker.h"

static_assert(sizeof(struct worker_event) % 4 == 0, "elements of rings are words of 32 bits");

#define WORKER_EVENT_NAME(kind, details, text) #kind,
#define WORKER_EVENT_TEXT(kind, details, text) text,
static const char *const names[] = {WORKER_EVENTS(WORKER_EVENT_NAME)};
static const char *const texts[] = {WORKER_EVENTS(WORKER_EVENT_TEXT)};

const char *
worker_event_name(uint32_t kind)
{
	return names[kind];
}

const char *
worker_event_text(uint32_t kind)
{
	return texts[kind];
}

void
worker_event_raise(struct worker *w, struct worker_event *event)
{
	event->now = w->now;
	if (unlikely(rte_ring_sp_enqueue_elem(w->events, event, sizeof(*event)) != 0))
		w->events_lost++;
}

void
worker_event_congestion(
	struct worker *w, uint32_t peer, const struct worker_event_congestion *congestion)
{
	struct worker_event event = {
		.peer = peer, .kind = EVENT_congestion, .congestion = *congestion};

	worker_event_raise(w, &event);
}

uint32_t
worker_event_take(struct worker *w, struct worker_event *events, uint32_t n)
{
	return rte_ring_sc_dequeue_burst_elem(w->events, events, sizeof(*events), n, NULL);
}

/* As node_ring, of records. */
struct rte_ring *
worker_event_ring(void)
{
	ssize_t bytes = rte_ring_get_memsize_elem(sizeof(struct worker_event), WORKER_EVENT_RING);
	struct rte_ring *ring = NULL;

	if (bytes > 0)
		ring = rte_zmalloc("events", (size_t)bytes, RTE_CACHE_LINE_SIZE);
	if (ring != NULL && rte_ring_init(ring, "ferry_events", WORKER_EVENT_RING,
				    RING_F_SP_ENQ | RING_F_SC_DEQ) < 0) {
		rte_free(ring);
		return NULL;
	}
	return ring;
}
