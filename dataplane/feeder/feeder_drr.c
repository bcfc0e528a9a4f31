/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>
#include <rte_prefetch.h>

#include "feeder_drr.h"

#define PERCENT 100

void
feeder_drr_init(struct feeder_drr *drr, uint32_t quantum, uint8_t share)
{
	*drr = (struct feeder_drr){.quantum = quantum, .share = share};
}

static inline uint8_t
highest(uint32_t classes)
{
	return (uint8_t)(31 - __builtin_clz(classes));
}

/*
 * With many conferences what comes next lies far away: the third queue from here is fetched, the
 * entry of the second (whose turn before fetched the queue), and the packet of the next.
 */
static inline void
prefetch_round(const struct feeder_pool *pool, const struct feeder_queue *q)
{
	const struct feeder_queue *second = &pool->queues[q->next];
	const struct feeder_queue *third = &pool->queues[second->next];
	const struct rte_mbuf *m = feeder_queue_head(pool, second)->m;

	rte_prefetch0(&pool->queues[third->next]);
	rte_prefetch0(&pool->queues[third->next].terms);
	rte_prefetch0(feeder_queue_head(pool, third));
	rte_prefetch0(m);
	rte_prefetch0((const uint8_t *)m + RTE_CACHE_LINE_SIZE);
}

/* Its turn begins. */
static inline void
begin_turn(const struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q)
{
	q->deficit += drr->quantum * q->terms.weight;
	prefetch_round(pool, q);
}

/* A queue with packets goes last in the round of its class. */
static void
join(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q)
{
	uint8_t class = q->terms.priority;
	uint32_t index = feeder_queue_index(pool, q);
	struct feeder_queue *current;

	q->deficit = 0;
	if (!(drr->classes & 1u << class)) {
		drr->classes |= (uint8_t)(1u << class);
		drr->current[class] = index;
		q->next = index;
		q->prev = index;
		begin_turn(pool, drr, q);
		return;
	}
	current = &pool->queues[drr->current[class]];
	q->next = drr->current[class];
	q->prev = current->prev;
	pool->queues[current->prev].next = index;
	current->prev = index;
}

/* Out of the round of its class; it forgets what it might have sent. */
static void
leave(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q)
{
	uint8_t class = q->terms.priority;
	uint32_t index = feeder_queue_index(pool, q);

	if (q->next == index) {
		drr->classes &= (uint8_t) ~(1u << class);
	} else {
		pool->queues[q->next].prev = q->prev;
		pool->queues[q->prev].next = q->next;
		if (drr->current[class] == index) {
			drr->current[class] = q->next;
			begin_turn(pool, drr, &pool->queues[q->next]);
		}
	}
	q->deficit = 0;
}

void
feeder_drr_set_terms(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q,
	const struct feeder_terms *terms)
{
	bool moves = q->packets > 0 && terms->priority != q->terms.priority;

	if (moves)
		leave(pool, drr, q);
	q->terms = *terms;
	if (moves)
		join(pool, drr, q);
}

bool
feeder_drr_push(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q,
	struct rte_mbuf *m, uint32_t bytes, bool urgent, uint64_t now)
{
	bool first = q->packets == 0;

	if (!feeder_queue_push(pool, q, m, bytes, urgent, now))
		return false;
	if (first) {
		join(pool, drr, q);
		drr->queues++;
	}
	drr->packets++;
	drr->bytes += bytes;
	return true;
}

struct feeder_queue *
feeder_drr_least(const struct feeder_pool *pool, const struct feeder_drr *drr)
{
	struct feeder_queue *last = feeder_drr_last(pool, drr), *least = last, *q = last;

	for (uint32_t i = 1; i < FEEDER_LAST_ONES; i++) {
		q = &pool->queues[q->prev];
		if (q == last)
			break;
		if (q->packets < least->packets)
			least = q;
	}
	return least;
}

struct rte_mbuf *
feeder_drr_empty_one(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q)
{
	uint32_t bytes = feeder_queue_head(pool, q)->bytes;
	struct rte_mbuf *m = feeder_queue_pop(pool, q);

	drr->packets--;
	drr->bytes -= bytes;
	if (q->packets > 0)
		return m;
	leave(pool, drr, q);
	drr->queues--;
	feeder_queue_rest(pool, q);
	if (drr->classes == 0)
		drr->credit = 0;
	return m;
}

/* The priority that goes now. */
static uint8_t
choose_class(struct feeder_drr *drr)
{
	uint8_t top = highest(drr->classes);
	uint32_t lower = drr->classes & ~(1u << top), below;

	if (likely(lower == 0 || drr->credit <= 0))
		return top;
	below = lower & ((1u << drr->turn) - 1);
	return highest(below != 0 ? below : lower);
}

/*
 * What was sent counts for the share of lower priorities, or against it. While none of them waits
 * they earn nothing, but what they had too early is made up for.
 */
static void
charge_class(struct feeder_drr *drr, uint8_t class, uint8_t top, uint32_t bytes)
{
	if (class == top) {
		drr->credit += (int64_t)bytes * drr->share;
		if ((drr->classes & ~(1u << top)) == 0)
			drr->credit = RTE_MIN(drr->credit, 0);
	} else {
		drr->credit -= (int64_t)bytes * (PERCENT - drr->share);
		drr->turn = class;
	}
}

struct feeder_next
feeder_drr_take(struct feeder_pool *pool, struct feeder_drr *drr, uint64_t now)
{
	uint8_t class = choose_class(drr), top = highest(drr->classes);
	struct feeder_queue *q = &pool->queues[drr->current[class]];
	const struct feeder_entry *head = feeder_queue_head(pool, q);
	struct feeder_next next = {
		.bytes = head->bytes, .expired = now - head->since > q->terms.age};

	/* Once at most for packets that fit the port: a turn is worth one. */
	while (!next.expired && q->deficit < next.bytes) {
		drr->current[class] = q->next;
		q = &pool->queues[q->next];
		begin_turn(pool, drr, q);
		head = feeder_queue_head(pool, q);
		next.bytes = head->bytes;
		next.expired = now - head->since > q->terms.age;
	}
	if (next.expired) {
		q->expired++;
	} else {
		q->deficit -= next.bytes;
		q->sent++;
		charge_class(drr, class, top, next.bytes);
	}
	next.queue = q;
	next.m = feeder_drr_empty_one(pool, drr, q);
	return next;
}
