/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "feeder_queue.h"
#include "hash.h"

static_assert(sizeof(struct feeder_queue) == 128, "queue of a conference");

/* The least that a table with any queue has. */
#define BUCKETS_MIN 64

static uint32_t
buckets_for(uint32_t queues)
{
	return rte_align32pow2(RTE_MAX(queues * 2, (uint32_t)BUCKETS_MIN));
}

uint64_t
feeder_pool_bytes(uint32_t queues, uint32_t packets)
{
	return queues * (uint64_t)(sizeof(struct feeder_queue) + sizeof(struct feeder_sibling)) +
	       packets * (uint64_t)sizeof(struct feeder_entry) +
	       buckets_for(queues) * (uint64_t)sizeof(uint32_t);
}

static void
idle_append(struct feeder_pool *pool, uint32_t index)
{
	struct feeder_queue *q = &pool->queues[index];

	q->next = FEEDER_NONE;
	q->prev = pool->idle_last;
	if (pool->idle_last != FEEDER_NONE)
		pool->queues[pool->idle_last].next = index;
	else
		pool->idle_first = index;
	pool->idle_last = index;
}

static void
idle_prepend(struct feeder_pool *pool, uint32_t index)
{
	struct feeder_queue *q = &pool->queues[index];

	q->prev = FEEDER_NONE;
	q->next = pool->idle_first;
	if (pool->idle_first != FEEDER_NONE)
		pool->queues[pool->idle_first].prev = index;
	else
		pool->idle_last = index;
	pool->idle_first = index;
}

static void
idle_remove(struct feeder_pool *pool, const struct feeder_queue *q)
{
	if (q->prev != FEEDER_NONE)
		pool->queues[q->prev].next = q->next;
	else
		pool->idle_first = q->next;
	if (q->next != FEEDER_NONE)
		pool->queues[q->next].prev = q->prev;
	else
		pool->idle_last = q->prev;
}

static void
sibling_add(struct feeder_pool *pool, uint32_t index, uint16_t link)
{
	uint32_t head = pool->nb_queues + link, first = pool->siblings[head].next;

	pool->siblings[index] = (struct feeder_sibling){.next = first, .prev = head};
	pool->siblings[first].prev = index;
	pool->siblings[head].next = index;
}

static void
sibling_remove(struct feeder_pool *pool, uint32_t index)
{
	struct feeder_sibling self = pool->siblings[index];

	pool->siblings[self.prev].next = self.next;
	pool->siblings[self.next].prev = self.prev;
}

int
feeder_pool_init(struct feeder_pool *pool, uint16_t links, uint32_t queues, uint32_t packets,
	uint64_t random)
{
	uint32_t buckets = buckets_for(queues);

	*pool = (struct feeder_pool){.nb_queues = queues,
		.nb_entries = packets,
		.idle = queues,
		.shift = 64 - rte_log2_u32(buckets),
		.odd = random | 1,
		.idle_first = FEEDER_NONE,
		.idle_last = FEEDER_NONE,
		.free_entry = packets > 0 ? 0 : FEEDER_NONE};
	pool->queues = rte_zmalloc(
		"feeder_queues", (queues + 1) * sizeof(*pool->queues), sizeof(*pool->queues));
	pool->entries = rte_zmalloc(
		"feeder_entries", (packets + 1) * sizeof(*pool->entries), RTE_CACHE_LINE_SIZE);
	pool->siblings = rte_malloc("feeder_siblings",
		((size_t)queues + links + 1) * sizeof(*pool->siblings), RTE_CACHE_LINE_SIZE);
	pool->buckets = rte_malloc(
		"feeder_buckets", buckets * sizeof(*pool->buckets), RTE_CACHE_LINE_SIZE);
	if (pool->queues == NULL || pool->entries == NULL || pool->siblings == NULL ||
		pool->buckets == NULL)
		return -ENOMEM;
	for (uint32_t i = queues; i < queues + links; i++)
		pool->siblings[i] = (struct feeder_sibling){.next = i, .prev = i};
	for (uint32_t i = 0; i < buckets; i++)
		pool->buckets[i] = FEEDER_NONE;
	for (uint32_t i = 0; i < packets; i++)
		pool->entries[i].next = i + 1 < packets ? i + 1 : FEEDER_NONE;
	for (uint32_t i = 0; i < queues; i++)
		idle_append(pool, i);
	return 0;
}

void
feeder_pool_free(struct feeder_pool *pool)
{
	/* A free place holds none. */
	for (uint32_t i = 0; pool->entries != NULL && i < pool->nb_entries; i++)
		rte_pktmbuf_free(pool->entries[i].m);
	rte_free(pool->queues);
	rte_free(pool->entries);
	rte_free(pool->siblings);
	rte_free(pool->buckets);
	*pool = (struct feeder_pool){0};
}

static inline uint32_t *
bucket_of(const struct feeder_pool *pool, uint16_t link, uint32_t conference)
{
	uint64_t key = (uint64_t)link << 32 | conference;

	return &pool->buckets[hash_own(key, pool->odd) >> pool->shift];
}

struct feeder_queue *
feeder_queue_of_link(const struct feeder_pool *pool, uint16_t link)
{
	uint32_t first = pool->siblings[pool->nb_queues + link].next;

	return first < pool->nb_queues ? &pool->queues[first] : NULL;
}

struct feeder_queue *
feeder_queue_find(const struct feeder_pool *pool, uint16_t link, uint32_t conference)
{
	uint32_t i = *bucket_of(pool, link, conference);

	while (i != FEEDER_NONE) {
		struct feeder_queue *q = &pool->queues[i];

		if (q->conference == conference && q->link == link)
			return q;
		i = q->chain;
	}
	return NULL;
}

/* It is nobody's any more. */
static void
give_up(struct feeder_pool *pool, struct feeder_queue *q)
{
	uint32_t *at = bucket_of(pool, q->link, q->conference);
	uint32_t index = feeder_queue_index(pool, q);

	while (*at != index)
		at = &pool->queues[*at].chain;
	*at = q->chain;
	sibling_remove(pool, index);
	__atomic_store_n(&q->used, false, __ATOMIC_RELEASE);
}

struct feeder_queue *
feeder_queue_get(struct feeder_pool *pool, uint16_t link, uint32_t conference)
{
	struct feeder_queue *q = feeder_queue_find(pool, link, conference);
	uint32_t index = pool->idle_first, *bucket, next, prev;

	if (likely(q != NULL) || index == FEEDER_NONE)
		return q;
	q = &pool->queues[index];
	if (q->used)
		give_up(pool, q);
	bucket = bucket_of(pool, link, conference);
	next = q->next;
	prev = q->prev;
	*q = (struct feeder_queue){.conference = conference,
		.link = link,
		.chain = *bucket,
		.next = next,
		.prev = prev,
		.fifos = {{FEEDER_NONE, FEEDER_NONE}, {FEEDER_NONE, FEEDER_NONE}}};
	*bucket = index;
	sibling_add(pool, index, link);
	__atomic_store_n(&q->used, true, __ATOMIC_RELEASE);
	return q;
}

bool
feeder_queue_push(struct feeder_pool *pool, struct feeder_queue *q, struct rte_mbuf *m,
	uint32_t bytes, bool urgent, uint64_t now)
{
	struct feeder_fifo *fifo = &q->fifos[!urgent];
	uint32_t index = pool->free_entry;
	struct feeder_entry *entry;

	if (unlikely(index == FEEDER_NONE))
		return false;
	entry = &pool->entries[index];
	pool->free_entry = entry->next;
	*entry = (struct feeder_entry){.m = m, .since = now, .bytes = bytes, .next = FEEDER_NONE};
	if (fifo->first == FEEDER_NONE)
		fifo->first = index;
	else
		pool->entries[fifo->last].next = index;
	fifo->last = index;
	if (q->packets == 0) {
		idle_remove(pool, q);
		pool->idle--;
	}
	q->packets++;
	q->bytes += bytes;
	q->taken++;
	pool->packets++;
	return true;
}

struct rte_mbuf *
feeder_queue_pop(struct feeder_pool *pool, struct feeder_queue *q)
{
	struct feeder_fifo *fifo = &q->fifos[q->fifos[0].first == FEEDER_NONE];
	uint32_t index = fifo->first;
	struct feeder_entry *entry = &pool->entries[index];
	struct rte_mbuf *m = entry->m;

	fifo->first = entry->next;
	q->packets--;
	q->bytes -= entry->bytes;
	pool->packets--;
	entry->m = NULL;
	entry->next = pool->free_entry;
	pool->free_entry = index;
	return m;
}

void
feeder_queue_rest(struct feeder_pool *pool, struct feeder_queue *q)
{
	idle_append(pool, feeder_queue_index(pool, q));
	pool->idle++;
}

void
feeder_queue_forget(struct feeder_pool *pool, struct feeder_queue *q)
{
	idle_remove(pool, q);
	give_up(pool, q);
	idle_prepend(pool, feeder_queue_index(pool, q));
}
