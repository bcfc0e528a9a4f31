/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a session is while only some of its nodes are in its conference: the routes without the
 * branches that reach nobody who is in it. Pure; any thread.
 */
#ifndef FERRY_ROOT_PLAN_H
#define FERRY_ROOT_PLAN_H

#include "root_book.h"

struct root_plan {
	struct config_flow *flows; /* with their ids and weights */
	uint32_t flow_count;
	uint32_t destinations[CONFIG_DESTINATIONS_MAX];
	uint32_t destination_count;
	/* All nodes on the routes, the source first. */
	uint32_t *nodes;
	uint32_t node_count;
};

/*
 * False: there is nothing to do, as its source or all its destinations are out, or it waits or has
 * ended; then the plan is empty. Lack of memory ends the program. For root_plan_free in each case.
 */
bool root_plan_make(const struct root_session *session, struct root_plan *plan);
void root_plan_free(struct root_plan *plan);

/* The same, for root_plan_free too. Lack of memory ends the program. */
void root_plan_copy(const struct root_plan *from, struct root_plan *to);

bool root_plan_has(const struct root_plan *plan, uint32_t node);
/* Is it a destination? */
bool root_plan_delivers(const struct root_plan *plan, uint32_t node);
/* Do others have it from there? */
bool root_plan_relays(const struct root_plan *plan, uint32_t node);

#endif
