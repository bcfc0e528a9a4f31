/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Pathlet stage: what does the Pathlet of this DATA datagram ask of this node? Delivery here, a
 * copy for each inner Pathlet's next hop, or both.
 */
#ifndef FERRY_FORWARD_H
#define FERRY_FORWARD_H

#include "id_map.h"
#include "node.h"
#include "pathlet.h"
#include "worker.h"

/*
 * The common case, a relay's: the next hop of a Pathlet (len bytes begin with it) that has just one
 * inside; NULL: any other case, forward_input's.
 */
static inline struct link *
forward_transit_hop(const struct worker *w, const uint8_t *data, uint32_t len, rte_be32_t own)
{
	const struct pathlet_hdr *outer = (const struct pathlet_hdr *)data;

	if (unlikely(!pathlet_is_transit(data, len, own)))
		return NULL;
	return id_map_find(&w->node->peers, rte_be_to_cpu_32(outer[1].node) & NODE_ID_MAX);
}

/* A packet of that case, its data at the inner Pathlet, and its next hop. */
struct forward_transit {
	struct rte_mbuf *m;
	struct link *link;
};

/* Takes packets of that case. */
void forward_transit(struct worker *w, const struct forward_transit *packets, uint16_t n);

/* Takes DATA datagrams whose data begins at the Pathlet, accepted by their links. */
void forward_input(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/* Takes a packet for a destination here: data at the payload, the session header before it. */
void forward_deliver(struct worker *w, struct rte_mbuf *m);

#endif
