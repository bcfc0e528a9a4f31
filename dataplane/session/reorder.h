/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Order within a window: packets that came before their turn are held until the gap before them is
 * filled, their patience ends, or later packets need the room; then the gap is given up. A packet
 * whose turn has passed is dropped. The destination's owner only.
 */
#ifndef FERRY_REORDER_H
#define FERRY_REORDER_H

#include "destination.h"

/* A packet of extended sequence seq; m is taken. */
void reorder_input(struct worker *w, struct destination *dst, struct rte_mbuf *m, uint64_t seq);

/* Gives all held packets to the egress, in order: the source begins anew. */
void reorder_release(struct worker *w, struct destination *dst);

/* Drops all held packets: the session ends. */
void reorder_drop(struct worker *w, struct destination *dst);

/* For timer.fire: the patience of the first held packet ends. */
void reorder_fire(void *owner, struct timer *timer, uint64_t now);

#endif
