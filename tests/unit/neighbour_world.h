/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of neighbours alone, with no node around it, and a log of all that it does. Most tests
 * have one neighbour, 192.0.2.2 at port 0.
 */
#ifndef FERRY_TEST_NEIGHBOUR_WORLD_H
#define FERRY_TEST_NEIGHBOUR_WORLD_H

#include "underlay_harness.h"

#define WORLD_LOG_MAX 4096

/* Everything that the table does, as text: "time-in-ms what;" */
struct world {
	struct neighbour_table table;
	uint64_t now;
	char log[WORLD_LOG_MAX];
	unsigned int asked, changed;
	bool met[16][256]; /* who was asked, by the end of the address */
	bool alive;
};

extern const struct rte_ether_addr world_mac_a, world_mac_b, world_mac_c;

/* At time 0, nobody known; the caller ends it with neighbour_fini. */
void world_init(struct world *w, uint64_t seed);

/* The same with the one neighbour, which has just answered from world_mac_a. */
struct neighbour *world_begin(struct world *w, uint64_t seed);

/* Turns until a time (not included), each tick exactly when it was asked for. */
void world_turn(struct world *w, uint64_t until);

/* The log is this, and is forgotten. */
void world_expect_log(struct world *w, const char *expected);

/* Of the one neighbour: it answers; it is heard of; somebody needs it. */
enum neighbour_verdict world_answer(struct world *w, const struct rte_ether_addr *from);
enum neighbour_verdict world_hint(struct world *w, const struct rte_ether_addr *from);
struct neighbour *world_need(struct world *w);

#endif
