/* SPDX-License-Identifier: BSD-3-Clause */
/* A relay whose link to the destination is paced, and sessions that want more of it than there is.
 */
#ifndef FERRY_SIM_NARROW_H
#define FERRY_SIM_NARROW_H

#include "feeder.h"
#include "small.h"

#define RATE	UINT64_C(1000000) /* bytes/s of UDP payload */
#define HEADERS (24 + 6 + 24)	  /* of UDP payload, before a session's: link, Pathlet, session */
#define SIZE	946		  /* so that a packet has 1000 bytes */

/* Source 1, relay 3, destination 2: the relay's link to 2 is paced; then sim_build. */
static inline struct sim *
narrow_new(uint64_t rate, const struct sim_line *line)
{
	struct sim *sim = small_new(3);

	small_wire(sim, 1, 3);
	small_connect(sim, 3, 2, line);
	sim->link_rate = rate;
	sim->paced_node = sim_node_index(sim, 3);
	sim->paced_peer = 2;
	return sim;
}

static inline struct sim *
narrow(uint64_t rate)
{
	struct sim_line line = small_line();
	struct sim *sim = narrow_new(rate, &line);

	sim_build(sim);
	return sim;
}

static inline struct link *
narrow_link(const struct sim *sim)
{
	return node_find_link(sim->nodes[2].node, 2);
}

static inline struct worker *
narrow_worker(const struct sim *sim)
{
	return sim->nodes[2].node->workers[narrow_link(sim)->owner];
}

static inline uint32_t
start(struct sim *sim, uint32_t conference, bool delay_sensitive)
{
	struct sim_session s = small_session(sim, 1, (uint32_t[]){2, 0});

	s.conference = conference;
	s.delay_sensitive = delay_sensitive;
	sim_session_flow(&s, 1, 1, "3 > 2");
	return small_start(sim, NULL, &s);
}

static inline void
set_terms(const struct sim *sim, uint32_t conference, const struct feeder_terms *terms)
{
	assert_int_equal(node_set_conference(sim->nodes[2].node, conference, terms), 0);
}

static inline uint64_t
delivered(const struct sim *sim, uint32_t index)
{
	return destination_delivered(small_destination(sim, index, 2)).packets;
}

#endif
