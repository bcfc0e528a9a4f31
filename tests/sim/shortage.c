/* SPDX-License-Identifier: BSD-3-Clause */
#include "shortage.h"

static void
leave(struct shortage_pool *p, uint32_t keep)
{
	uint32_t there = rte_mempool_avail_count(p->pool);

	for (; there > keep; there--) {
		assert_true(p->n < SHORTAGE_MAX);
		p->taken[p->n] = rte_pktmbuf_alloc(p->pool);
		assert_non_null(p->taken[p->n++]);
	}
	for (; there < keep && p->n > 0; there++)
		rte_pktmbuf_free(p->taken[--p->n]);
}

static void
turn(void *arg, struct sim *sim)
{
	struct shortage *s = arg;

	(void)sim;
	for (uint32_t i = 0; i < s->nb_pools; i++)
		leave(&s->pools[i],
			s->random ? rng_below(&s->rng, s->pools[i].keep + 1) : s->pools[i].keep);
}

void
shortage_begin(struct shortage *s, struct sim *sim)
{
	s->nb_pools = 0;
	s->random = false;
	rng_seed(&s->rng, sim->seed);
	sim->hooks.turn = turn;
	sim->hooks.turn_arg = s;
}

void
shortage_add(struct shortage *s, struct rte_mempool *pool, uint32_t keep)
{
	struct shortage_pool *p = &s->pools[s->nb_pools++];

	assert_true(s->nb_pools <= SHORTAGE_POOLS);
	p->pool = pool;
	p->keep = keep;
	p->n = 0;
	leave(p, keep);
}

void
shortage_end(struct shortage *s, struct sim *sim)
{
	for (uint32_t i = 0; i < s->nb_pools; i++)
		leave(&s->pools[i], UINT32_MAX);
	s->nb_pools = 0;
	sim->hooks.turn = NULL;
}
