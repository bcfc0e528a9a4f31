/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for what is measured: few of them stay in the cache, many do not. */
#include <stdlib.h>

#include "coding.h"

#define BUFFER (CODING_AT + CODING_K_MAX + sizeof(struct rlnc_symbol_head) + CODING_PAYLOAD)

static struct rte_mbuf *
packet(struct rte_mempool *pool, struct rng *rng)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *p;

	if (m == NULL)
		bench_die("a pool has fewer packets than it was made with");
	m->data_off = CODING_AT;
	p = (uint8_t *)rte_pktmbuf_append(m, CODING_PAYLOAD);
	for (uint32_t i = 0; i < CODING_PAYLOAD; i++)
		p[i] = (uint8_t)rng_next(rng);
	return m;
}

void
coding_pool_init(struct coding_pool *pool, const char *name, uint32_t n)
{
	struct rng rng;

	rng_seed(&rng, 1);
	*pool = (struct coding_pool){
		.pool = rte_pktmbuf_pool_create(name, n, 0, 0, BUFFER, (int)rte_socket_id()),
		.packets = calloc(n, sizeof(struct rte_mbuf *)),
		.n = n,
	};
	if (pool->pool == NULL || pool->packets == NULL)
		bench_die("there is no memory for %u packets", n);
	for (uint32_t i = 0; i < n; i++)
		pool->packets[i] = packet(pool->pool, &rng);
	/* As in a pool that was in use for a while. */
	for (uint32_t i = n; i > 1; i--) {
		uint32_t other = rng_below(&rng, i);
		struct rte_mbuf *m = pool->packets[other];

		pool->packets[other] = pool->packets[i - 1];
		pool->packets[i - 1] = m;
	}
}

void
coding_pool_free(struct coding_pool *pool)
{
	for (uint32_t i = 0; i < pool->n; i++)
		rte_pktmbuf_free(pool->packets[i]);
	rte_mempool_free(pool->pool);
	free(pool->packets);
}

struct rte_mbuf **
coding_pool_next(struct coding_pool *pool, uint32_t n)
{
	struct rte_mbuf **packets;

	if (pool->next + n > pool->n)
		pool->next = 0;
	packets = pool->packets + pool->next;
	pool->next += n;
	return packets;
}
