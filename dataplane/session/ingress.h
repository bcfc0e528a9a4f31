/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams to sessions' ingress addresses, a burst at a time: a node may have a hundred thousand
 * sources, and what each packet needs of its own lies in no cache. So all look-ups of a burst are
 * under way at once: the table's slot is fetched as a packet is added, its source's line some
 * packets later, its next hop before the first packet is sent. One worker.
 */
#ifndef FERRY_INGRESS_H
#define FERRY_INGRESS_H

#include "node.h"
#include "packet.h"
#include "source.h"
#include "worker.h"

struct ingress_burst {
	const struct line_table *table;
	uint16_t n;
	uint16_t found; /* so many lines are looked up */
	struct rte_mbuf *pkts[BURST_MAX];
	uint64_t keys[BURST_MAX];
	struct source_line *lines[BURST_MAX]; /* most likely; NULL: nobody listens */
};

/* A burst is good for one turn. */
static inline void
ingress_begin(const struct worker *w, struct ingress_burst *burst)
{
	burst->table = line_map_table(&w->node->ingress);
	burst->n = 0;
	burst->found = 0;
}

/* A payload (data begins at it) to an ingress address; m is taken. At most BURST_MAX. */
void ingress_add(struct ingress_burst *burst, struct rte_mbuf *m, uint64_t key);

/* Gives all packets to their sources, in the order in which they came, and empties the burst. */
void ingress_end(struct worker *w, struct ingress_burst *burst);

#endif
