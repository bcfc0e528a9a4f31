/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one lock of the slow path. The control thread holds it while it changes what other threads of
 * the slow path (DPDK's telemetry thread) read: links, sources, destinations, sessions' flows,
 * rates, and while it frees what workers no longer use (node_tick). Workers never take it.
 *
 * Taken where an event comes in (a timer, a request, a telemetry command), never by the functions
 * below; it is not recursive.
 */
#ifndef FERRY_CONTROL_LOCK_H
#define FERRY_CONTROL_LOCK_H

void control_lock(void);
void control_unlock(void);

#endif
