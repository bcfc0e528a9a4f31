/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link stage on receipt: its fast path for the next DATA datagram, in order, of the epoch that
 * the link is in; link_input, the general path, for everything else and for every refusal. The
 * worker on whose queue the datagram came.
 */
#ifndef FERRY_LINK_INPUT_H
#define FERRY_LINK_INPUT_H

#include "link.h"
#include "node.h"
#include "packet.h"
#include "worker.h"

/* A datagram from a neighbour that its link accepted. */
struct link_datagram {
	struct rte_mbuf *m; /* data begins after the link header, ends with the datagram */
	struct link *link;
	uint8_t type; /* enum link_type */
};

/*
 * Judges the link header of a UDP datagram to the node's own port and does the link's accounting.
 * DROP_none: *out is set, m begins after the link header and is cut to the UDP length; or *handed
 * is, and m went to the worker that owns the receiving side. Otherwise m is as it came, the
 * caller's to drop.
 */
enum drop_reason link_input(struct worker *w, struct port *port, struct rte_mbuf *m,
	const struct frame_view *view, struct link_datagram *out, bool *handed);

/* Makes a frame's UDP payload the packet: cut on both sides, its checksum's sum kept. */
void packet_from_frame(struct rte_mbuf *m, const struct frame_view *view);

/* The configured peer with this NodeID and address on this port; NULL: unknown. */
static inline struct link *
link_find_sender(const struct worker *w, const struct port *port, rte_be32_t node,
	const struct address *source)
{
	struct link *link = id_map_find(&w->node->peers, rte_be_to_cpu_32(node));

	if (unlikely(link == NULL || link->port != port || !address_equal(&link->remote, source)))
		return NULL;
	return link;
}

/* Room that the fast path wants: a link header, two Pathlets, a session header. */
#define LINK_INPUT_LEAST                                                                           \
	(sizeof(struct link_frame) + 2 * sizeof(struct pathlet_hdr) + sizeof(struct session_hdr))

/* A frame that holds so much. */
static inline const struct link_frame *
link_frame_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct link_frame *);
}

/*
 * The neighbour that a frame says it is from, if it is a Ferry frame, its state on the way to the
 * cache; NULL: none.
 */
static inline struct link *
link_claimed_sender(const struct id_table *peers, const struct rte_mbuf *m)
{
	struct link *link;

	if (unlikely(m->data_len < LINK_INPUT_LEAST))
		return NULL;
	link = id_table_find(peers, rte_be_to_cpu_32(link_frame_of(m)->link.node));
	if (likely(link != NULL)) {
		rte_prefetch0(link);
		rte_prefetch0(&link->rx.head);
		link_rx_prefetch(&link->rx);
	}
	return link;
}

/* Do all of n frames say that they are from this neighbour? */
static inline bool
link_claimed_by_all(const struct link *link, struct rte_mbuf *const *pkts, unsigned int n)
{
	const rte_be32_t node = rte_cpu_to_be_32(link->node_id);

	for (unsigned int i = 0; i < n; i++)
		if (pkts[i]->data_len < LINK_INPUT_LEAST ||
			link_frame_of(pkts[i])->link.node != node)
			return false;
	return true;
}

/* A frame whose flags say anything of these takes the general path. */
#define LINK_FRAME_FLAGS                                                                           \
	(RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_INDIRECT |          \
		RTE_MBUF_F_EXTERNAL)

/* In one piece, nobody else's, and nothing to be said of it. */
static inline bool
link_frame_is_plain(const struct rte_mbuf *m)
{
	uint16_t counts[2] = {1, 1};

	static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, refcnt) + 2,
		"compared as one");
	return memcmp(&m->refcnt, counts, sizeof(counts)) == 0 &&
	       (m->ol_flags & LINK_FRAME_FLAGS) == 0;
}

/*
 * Frames of one neighbour, one after the other: what each asks and leaves behind lies here
 * meanwhile, in registers, and is written to the link at the end of the run.
 */
struct link_run {
	struct link *link;
	struct link_head head;
	uint64_t next;	/* sequence */
	uint64_t bytes; /* behind the link headers */
	const struct link_frame *last;
};

/*
 * Frames that say they are link's (NULL: no neighbour's), on this port. False: none of them can go
 * this way.
 */
static inline bool
link_run_begin(
	struct link_run *run, const struct worker *w, const struct port *port, struct link *link)
{
	if (unlikely(link == NULL || link->port != port ||
		     __atomic_load_n(&link->rx_owner, __ATOMIC_ACQUIRE) != w->index))
		return false;
	*run = (struct link_run){
		.link = link, .head = link->rx.head, .next = link->rx.window.highest + 1};
	return true;
}

/*
 * Judges the next one. True: the link accepts it, *len bytes follow its link header and begin with
 * a Pathlet; m stays as it came. False: the run ends before it.
 */
static inline bool
link_run_take(struct link_run *run, const struct rte_mbuf *m, uint32_t *len)
{
	const struct link_frame *frame = link_frame_of(m);

	if (unlikely(!link_frame_is_plain(m) ||
		     !link_head_matches(&run->head, frame, m->data_len) ||
		     rte_be_to_cpu_64(frame->link.seq) != run->next))
		return false;
	*len = rte_be_to_cpu_16(frame->udp.dgram_len) -
	       (uint32_t)(sizeof(frame->udp) + sizeof(frame->link));
	run->next++;
	run->bytes += *len;
	run->last = frame;
	return true;
}

/* Counts what the run took. */
static inline void
link_run_end(const struct link_run *run, uint64_t now)
{
	struct link_rx *rx = &run->link->rx;
	uint64_t packets = run->next - 1 - rx->window.highest;

	if (packets == 0)
		return;
	seq_window_next(&rx->window, run->next - 1);
	rx->packets += packets;
	rx->bytes += run->bytes + packets * sizeof(struct link_hdr);
	rx->heard_at = now;
	rx->rtt = run->last->link.rtt;
	rx->stamp = run->last->link.stamp;
}

#endif
