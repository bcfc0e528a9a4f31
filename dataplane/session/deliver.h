/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for destinations here, a burst at a time; why and how is ingress.h's. One worker.
 */
#ifndef FERRY_DELIVER_H
#define FERRY_DELIVER_H

#include "destination.h"
#include "node.h"
#include "packet.h"
#include "worker.h"

struct deliver_burst {
	const struct line_table *table;
	uint16_t n;
	uint16_t found; /* so many lines are looked up */
	uint16_t dues;
	struct rte_mbuf *pkts[BURST_MAX];
	uint64_t keys[BURST_MAX];
	struct destination_line *lines[BURST_MAX]; /* most likely; NULL: none here */
	struct {
		struct destination_line *line;
		uint32_t next; /* of the line, if the packet is the one that it expects */
	} due[BURST_MAX];      /* to move or settle after it, if so */
};

/* A burst is good for one turn. */
static inline void
deliver_begin(const struct worker *w, struct deliver_burst *burst)
{
	burst->table = line_map_table(&w->node->destinations);
	burst->n = 0;
	burst->found = 0;
	burst->dues = 0;
}

/*
 * A packet whose data begins at the payload, the session header before it; m is taken. At most
 * BURST_MAX.
 */
void deliver_add(struct deliver_burst *burst, struct rte_mbuf *m);

/* Gives all packets to their destinations, in the order in which they came; empties the burst. */
void deliver_end(struct worker *w, struct deliver_burst *burst);

#endif
