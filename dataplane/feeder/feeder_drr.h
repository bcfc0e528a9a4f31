/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose packet goes next on a link. Among the conferences of one priority: deficit round robin by
 * weight (M. Shreedhar and G. Varghese, "Efficient fair queueing using deficit round robin", 1995)
 * over those that have packets. A turn is worth weight times the port's MTU, which is at least a
 * packet, so that each visit sends something: a packet's cost does not grow with the number of
 * conferences. Among priorities: the highest first, but for a share in percent of the link that
 * lower ones together have while they wait; they take turns in it, packet by packet.
 *
 * Belongs to the link's owner.
 */
#ifndef FERRY_FEEDER_DRR_H
#define FERRY_FEEDER_DRR_H

#include "feeder_queue.h"

struct feeder_drr {
	uint32_t packets; /* waiting */
	uint32_t queues;  /* where they wait */
	uint64_t bytes;
	uint32_t quantum; /* bytes of a turn of weight 1 */
	uint8_t classes;  /* priorities with packets, one bit each */
	uint8_t turn;	  /* the lower priority that went last by the share */
	uint8_t share;	  /* percent of the link for lower priorities; 0 = none */
	int64_t credit;	  /* of lower priorities, hundredths of bytes */
	uint32_t current[FEEDER_PRIORITIES]; /* queue whose turn it is; in classes only */
};

/* quantum: the largest UDP payload, bytes; share: 0 to 50. */
void feeder_drr_init(struct feeder_drr *drr, uint32_t quantum, uint8_t share);

/*
 * How a queue is treated from now on: its weight from its next turn. One of another priority goes
 * last there, with all that waits in it.
 */
void feeder_drr_set_terms(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q,
	const struct feeder_terms *terms);

/*
 * Appends a packet to its queue, which has terms; false: no place is free, and m is still the
 * caller's.
 */
bool feeder_drr_push(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q,
	struct rte_mbuf *m, uint32_t bytes, bool urgent, uint64_t now);

struct feeder_next {
	struct rte_mbuf *m;
	uint32_t bytes;
	struct feeder_queue *queue; /* where it waited */
	bool expired; /* waited longer than its terms allow: not to be sent, and not charged */
};

/* Takes the packet that goes next; drr->packets is not 0. */
struct feeder_next feeder_drr_take(struct feeder_pool *pool, struct feeder_drr *drr, uint64_t now);

/* The queue of the lowest priority whose turn comes last; drr->packets is not 0. */
static inline struct feeder_queue *
feeder_drr_last(const struct feeder_pool *pool, const struct feeder_drr *drr)
{
	return &pool->queues[pool->queues[drr->current[__builtin_ctz(drr->classes)]].prev];
}

/*
 * Of the lowest priority, among the queues whose turn comes last, the one with the fewest packets;
 * so many are looked at. drr->packets is not 0.
 */
#define FEEDER_LAST_ONES 8
struct feeder_queue *feeder_drr_least(const struct feeder_pool *pool, const struct feeder_drr *drr);

/* Takes a packet of one queue, whoever's turn it is: for emptying it. The queue has one. */
struct rte_mbuf *
feeder_drr_empty_one(struct feeder_pool *pool, struct feeder_drr *drr, struct feeder_queue *q);

#endif
