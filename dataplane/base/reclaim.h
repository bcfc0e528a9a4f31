/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frees what workers may still be reading, once each of them has passed a quiescent state (RCU,
 * rte_rcu_qsbr). The control thread publishes a new pointer, then gives the old one here. Nobody
 * waits: reclaim_poll frees what has become free.
 *
 * Control thread only.
 */
#ifndef FERRY_RECLAIM_H
#define FERRY_RECLAIM_H

#include <stdint.h>

#include <rte_rcu_qsbr.h>

struct reclaim_item;

struct reclaim {
	struct rte_rcu_qsbr *qsbr;
	struct reclaim_item *first, *last; /* in the order of their tokens */
};

void reclaim_init(struct reclaim *rc, struct rte_rcu_qsbr *qsbr);

/*
 * Calls fn(object) once no worker can hold a pointer to object any more. Never fails: out of memory
 * it waits for the workers itself, which is bounded by one turn of the slowest.
 */
void reclaim_defer(struct reclaim *rc, void (*fn)(void *object), void *object);

/* Frees what can be freed now; returns how many still wait. */
uint32_t reclaim_poll(struct reclaim *rc);

/* Frees everything without asking: the workers have ended. */
void reclaim_drain(struct reclaim *rc);

#endif
