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

#define WORKER_COUNTERS(X)                                                                         \
	X(received, "taken from ports")                                                            \
	X(originated, "begun here: generator, file, the control thread")                           \
	X(copies, "made beyond the one that came")                                                 \
	X(handed_in, "taken over from other workers")                                              \
	X(sent, "taken by ports")                                                                  \
	X(delivered, "given to the destination's egress")                                          \
	X(consumed, "used up here: ARP, ICMP, feedback")                                           \
	X(handed_out, "given to other workers")

#define COUNTER_FIELD(name, text) uint64_t name;
struct worker_counters {
	WORKER_COUNTERS(COUNTER_FIELD)
	uint64_t queued; /* a gauge: held for order or for their time */
	uint64_t drops[DROP_COUNT];
};
#undef COUNTER_FIELD

static inline uint64_t
counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
