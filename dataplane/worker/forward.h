/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Pathlet stage: what does the Pathlet of this DATA datagram ask of this node? Delivery here, a
 * copy for each inner Pathlet's next hop, or both.
 */
#ifndef FERRY_FORWARD_H
#define FERRY_FORWARD_H

#include "deliver.h"
#include "id_map.h"
#include "node.h"
#include "pathlet.h"
#include "worker.h"

/*
 * The common case, a relay's: a frame whose Pathlet has just one inside, and that one's next hop.
 */
struct forward_transit {
	struct rte_mbuf *m; /* as it came, in one piece, nobody else's */
	uint32_t len;	    /* bytes behind the link header */
	struct link *link;
};

/*
 * The next hop of such a frame, len bytes behind its link header, the link's state on the way to
 * the cache; NULL: it is not of that case.
 */
static inline struct link *
forward_transit_hop(
	const struct id_table *peers, const struct link_frame *frame, uint32_t len, uint64_t own)
{
	const struct pathlet_hdr *outer = (const struct pathlet_hdr *)(frame + 1);
	struct link *link;

	if (unlikely(!pathlet_is_transit(outer, len, own)))
		return NULL;
	link = id_table_find(peers, rte_be_to_cpu_32(outer[1].node) & NODE_ID_MAX);
	if (likely(link != NULL)) {
		rte_prefetch0(link);
		rte_prefetch0(&link->tx);
	}
	return link;
}

/* Its session header; what pathlet_is_transit has accepted holds one. */
static inline const struct session_hdr *
forward_transit_session(const struct link_frame *frame)
{
	const struct pathlet_hdr *inner = (const struct pathlet_hdr *)(frame + 1) + 1;

	return (const struct session_hdr *)((const uint8_t *)inner +
					    rte_be_to_cpu_16(inner->length));
}

/* Is it of a session that is recoded here (none: NULL)? Then it is for forward_input. */
static inline bool
forward_transit_recoded(const struct id_table *recoded, const struct link_frame *frame)
{
	const struct session_hdr *session;

	if (likely(recoded == NULL))
		return false;
	session = forward_transit_session(frame);
	return (session->flags & SESSION_CODED) != 0 &&
	       id_table_find(recoded, session_wire_key((const uint8_t *)session)) != NULL;
}

/*
 * Makes what follows the link header of such a frame the packet: len bytes, whose sum may be known.
 */
static inline void
forward_cut(struct rte_mbuf *m, uint32_t len)
{
	m->data_off += (uint16_t)sizeof(struct link_frame);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	m->ol_flags &= packet_sum_flag;
}

/* Takes packets of that case, t->link set; packets is overwritten. */
void forward_transit(struct worker *w, struct forward_transit *packets, uint16_t n);

/*
 * A DATA datagram whose data begins at the Pathlet: if its path ends at the node with this key, it
 * joins those to be delivered here. False: m is as it was.
 */
static inline bool
forward_end(struct rte_mbuf *m, uint64_t own, struct deliver_burst *here)
{
	if (!pathlet_is_end(rte_pktmbuf_mtod(m, const struct pathlet_hdr *), m->data_len, own))
		return false;
	packet_trim(m, sizeof(struct pathlet_hdr) + sizeof(struct session_hdr));
	deliver_add(here, m);
	return true;
}

/*
 * Takes DATA datagrams whose data begins at the Pathlet, accepted by their links; the link that
 * each came by is in its meta's index. What is to be delivered here joins the burst.
 */
void
forward_input(struct worker *w, struct rte_mbuf **pkts, uint16_t n, struct deliver_burst *here);

#endif
