/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of nodes that have few buffers left, or none. */
#ifndef FERRY_SIM_SHORTAGE_H
#define FERRY_SIM_SHORTAGE_H

#include "small.h"

#define SHORTAGE_POOLS 16
#define SHORTAGE_MAX   65536

struct shortage {
	uint32_t nb_pools;
	bool random; /* each turn another number of buffers, up to keep, is left in each pool */
	struct rng rng;
	struct shortage_pool {
		struct rte_mempool *pool;
		uint32_t keep, n;
		struct rte_mbuf *taken[SHORTAGE_MAX];
	} pools[SHORTAGE_POOLS];
};

/* From now on; after each turn so many buffers are left in the pools that are added. */
void shortage_begin(struct shortage *s, struct sim *sim);
void shortage_add(struct shortage *s, struct rte_mempool *pool, uint32_t keep);
/* Gives all back. */
void shortage_end(struct shortage *s, struct sim *sim);

#endif
