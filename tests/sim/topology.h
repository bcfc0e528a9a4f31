/* SPDX-License-Identifier: BSD-3-Clause */
/* Random networks, and random paths through them in text form. */
#ifndef FERRY_SIM_TOPOLOGY_H
#define FERRY_SIM_TOPOLOGY_H

#include "sim.h"

/*
 * Nodes with random ids and 1 to max_workers workers, connected: a random tree of wires, and extra
 * wires beside it. Lines differ in rate, delay, family, VLAN, offloads and queues; each is
 * imperfect as impair says. Not built yet.
 */
void topology_make(struct sim *sim, uint32_t nodes, uint32_t extra, uint16_t max_workers,
	const struct impair_params *impair);

/*
 * A random session: source, destinations, one or more flows that each reach all destinations by
 * ways of their own: direct, over relays, several at once, redundant, over destinations.
 */
void topology_session(struct sim *sim, struct sim_session *session, uint32_t number);

#endif
