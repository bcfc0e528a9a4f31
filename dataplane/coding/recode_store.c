/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "hash.h"
#include "recode_store.h"
#include "worker.h"

static void fire(void *owner, struct timer *timer, uint64_t now);

static uint64_t
generation_bytes(uint16_t span)
{
	return span * (uint64_t)sizeof(struct rlnc_held) + 2u * span * (uint64_t)span;
}

uint64_t
recode_store_bytes(uint32_t generations, uint16_t span)
{
	return generations * (sizeof(struct recode_generation) + generation_bytes(span) + 16);
}

struct recode_store *
recode_store_new(
	uint32_t generations, uint32_t packets, uint16_t span, uint64_t hold, uint64_t random)
{
	uint32_t buckets = rte_align32pow2(generations * 2);
	size_t head = sizeof(struct recode_store) + buckets * sizeof(uint32_t);
	struct recode_store *store;
	uint8_t *p;

	head = RTE_ALIGN(head, RTE_CACHE_LINE_SIZE);
	store = rte_zmalloc("recode",
		head + generations * (sizeof(struct recode_generation) + generation_bytes(span)),
		RTE_CACHE_LINE_SIZE);
	if (store == NULL)
		return NULL;
	*store = (struct recode_store){.nb_generations = generations,
		.packets_max = packets,
		.span = span,
		.hold = hold,
		.newest = RECODE_NONE,
		.oldest = RECODE_NONE,
		.shift = 64 - rte_log2_u32(buckets),
		.odd = random | 1,
		.buckets = (uint32_t *)(store + 1),
		.timer = {.fire = fire, .arg = store}};
	store->generations = (struct recode_generation *)((uint8_t *)store + head);
	memset(store->buckets, 0xff, buckets * sizeof(uint32_t));
	p = (uint8_t *)(store->generations + generations);
	for (uint32_t i = 0; i < generations; i++) {
		struct recode_generation *g = &store->generations[i];

		g->vectors = (struct rlnc_held *)p;
		g->coeffs = p + span * sizeof(struct rlnc_held);
		g->reduced = g->coeffs + (size_t)span * span;
		g->chain = i + 1 < generations ? i + 1 : RECODE_NONE;
		p += generation_bytes(span);
	}
	return store;
}

void
recode_store_free(struct recode_store *store)
{
	for (uint32_t i = 0; store != NULL && i < store->nb_generations; i++) {
		const struct recode_generation *g = &store->generations[i];

		for (uint16_t k = 0; g->used && k < g->kept; k++)
			rte_pktmbuf_free(g->vectors[k].m);
	}
	rte_free(store);
}

static inline uint32_t
index_of(const struct recode_store *store, const struct recode_generation *g)
{
	return (uint32_t)(g - store->generations);
}

static inline uint32_t *
bucket_of(const struct recode_store *store, const struct recode_key *key)
{
	uint64_t mix = (uint64_t)key->conference << 32 | key->session;

	mix = hash_id(mix) ^ ((uint64_t)key->first << 16 | key->epoch);
	return &store->buckets[hash_own(mix, store->odd) >> store->shift];
}

static inline bool
same_key(const struct recode_key *a, const struct recode_key *b)
{
	return a->first == b->first && a->session == b->session && a->conference == b->conference &&
	       a->epoch == b->epoch;
}

struct recode_generation *
recode_find(const struct recode_store *store, const struct recode_key *key)
{
	uint32_t i = *bucket_of(store, key);

	while (i != RECODE_NONE && !same_key(&store->generations[i].key, key))
		i = store->generations[i].chain;
	return i != RECODE_NONE ? &store->generations[i] : NULL;
}

static void
leave_order(struct recode_store *store, const struct recode_generation *g)
{
	if (g->newer != RECODE_NONE)
		store->generations[g->newer].older = g->older;
	else
		store->newest = g->older;
	if (g->older != RECODE_NONE)
		store->generations[g->older].newer = g->newer;
	else
		store->oldest = g->newer;
}

static void
join_newest(struct recode_store *store, struct recode_generation *g)
{
	uint32_t i = index_of(store, g);

	g->newer = RECODE_NONE;
	g->older = store->newest;
	if (store->newest != RECODE_NONE)
		store->generations[store->newest].newer = i;
	else
		store->oldest = i;
	store->newest = i;
}

void
recode_forget(struct worker *w, struct recode_store *store, struct recode_generation *g)
{
	uint32_t *at = bucket_of(store, &g->key), i = index_of(store, g);

	for (uint16_t k = 0; k < g->kept; k++)
		rte_pktmbuf_free(g->vectors[k].m);
	w->counters.queued -= g->kept;
	w->counters.consumed += g->kept;
	store->packets -= g->kept;
	while (*at != i)
		at = &store->generations[*at].chain;
	*at = g->chain;
	leave_order(store, g);
	g->used = false;
	g->kept = 0;
	g->chain = store->free_one;
	store->free_one = i;
	if (store->oldest == RECODE_NONE)
		timer_stop(&w->wheel, &store->timer);
}

static void
fire(void *owner, struct timer *timer, uint64_t now)
{
	struct recode_store *store = timer->arg;
	struct worker *w = owner;

	while (store->oldest != RECODE_NONE) {
		struct recode_generation *g = &store->generations[store->oldest];

		if (g->last_at + store->hold > now) {
			timer_start(&w->wheel, timer, g->last_at + store->hold);
			return;
		}
		recode_forget(w, store, g);
	}
}

struct recode_generation *
recode_get(struct worker *w, struct recode_store *store, const struct recode_key *key)
{
	struct recode_generation *g = recode_find(store, key);
	uint32_t *bucket;

	if (likely(g != NULL)) {
		leave_order(store, g);
	} else {
		if (store->free_one == RECODE_NONE) {
			store->counters.forgotten++;
			recode_forget(w, store, &store->generations[store->oldest]);
		}
		g = &store->generations[store->free_one];
		store->free_one = g->chain;
		bucket = bucket_of(store, key);
		*g = (struct recode_generation){.key = *key,
			.used = true,
			.chain = *bucket,
			.vectors = g->vectors,
			.coeffs = g->coeffs,
			.reduced = g->reduced};
		memset(g->reduced, 0, (size_t)store->span * store->span);
		*bucket = index_of(store, g);
	}
	g->last_at = w->now;
	join_newest(store, g);
	if (!store->timer.armed)
		timer_start(&w->wheel, &store->timer, w->now + store->hold);
	return g;
}
