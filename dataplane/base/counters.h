/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker did with packets. After every worker_poll
 *
 *   received + originated + copies + handed_in
 *     = sent + delivered + consumed + handed_out + queued + the sum of drops
 *
 * holds for each worker. Summed over the workers of a node, handed_out - handed_in is what lies in
 * the rings between them.
 *
 * Written by the worker that owns it, each counter a plain aligned 64-bit store; read by anyone
 * with counter_read, when a live reader sees some packets under way.
 */
#ifndef FERRY_COUNTERS_H
#define FERRY_COUNTERS_H

#include <stdint.h>

#include "drop.h"

/* X(name, side): the side of the equation on which it stands. */
#define WORKER_COUNTERS(X)                                                                         \
	X(received, in)	   /* taken from ports */                                                  \
	X(originated, in)  /* begun here: generator, file, the control thread */                   \
	X(copies, in)	   /* made beyond the one that came */                                     \
	X(handed_in, in)   /* taken over from other workers */                                     \
	X(sent, out)	   /* taken by ports */                                                    \
	X(delivered, out)  /* given to the destination's egress */                                 \
	X(consumed, out)   /* used up here: ARP, ICMP, feedback */                                 \
	X(handed_out, out) /* given to other workers */

#define COUNTER_FIELD(name, side) uint64_t name;
struct worker_counters {
	WORKER_COUNTERS(COUNTER_FIELD)
	uint64_t queued; /* a gauge: held for order or for their time */
	uint64_t drops[DROP_COUNT];
};
#undef COUNTER_FIELD

/* The two sides of the equation; of a live worker's counters read them from a copy. */
struct worker_sums {
	uint64_t in, out;
	uint64_t drops; /* of out */
};

static inline struct worker_sums
worker_sums(const struct worker_counters *c)
{
	struct worker_sums sums = {.out = c->queued};

#define COUNTER_SUM(name, side) sums.side += c->name;
	WORKER_COUNTERS(COUNTER_SUM)
#undef COUNTER_SUM
	for (uint32_t i = 0; i < DROP_COUNT; i++)
		sums.drops += c->drops[i];
	sums.out += sums.drops;
	return sums;
}

static inline uint64_t
counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
