/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_prefetch.h>

#include "feeder.h"
#include "forward.h"
#include "input.h"
#include "link_input.h"
#include "node.h"
#include "source.h"

/* ARP, ICMP, neighbour discovery: the control thread answers them. */
static void
punt(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	packet_meta(m)->kind = PACKET_FRAME;
	packet_meta(m)->index = port->index;
	if (unlikely(rte_ring_sp_enqueue(w->punt, m) != 0)) {
		worker_drop(w, m, DROP_control_full);
		return;
	}
	w->counters.consumed++;
}

/* A datagram to one of the port's addresses, not to the port of links: a session's ingress? */
static void
ingress(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame_view *view)
{
	uint64_t key = source_ingress_key(port->index, view->local, view->udp_port);
	struct source *source = id_map_find(&w->node->ingress, key);

	if (unlikely(source == NULL)) {
		worker_drop(w, m, DROP_udp_port);
		return;
	}
	packet_from_frame(m, view);
	if (unlikely(source->owner != w->index))
		worker_handover(w, source->owner, m, PACKET_INGRESS, 0, key);
	else
		source_ingress(w, source, &m, 1);
}

/* Any frame. Returns the DATA datagram that it was, NULL when it was anything else. */
static struct rte_mbuf *
input_any(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	enum drop_reason reason = DROP_none;
	struct link_datagram datagram;
	struct frame_view view;
	bool handed;

	switch (frame_parse(port, m, &view, &reason)) {
	case FRAME_CONTROL:
		punt(w, port, m);
		return NULL;
	case FRAME_DROP:
		worker_drop(w, m, reason);
		return NULL;
	case FRAME_UDP:
		break;
	}
	if (unlikely(view.udp_port != port->udp_port)) {
		ingress(w, port, m, &view);
		return NULL;
	}
	reason = link_input(w, port, m, &view, &datagram, &handed);
	if (unlikely(reason != DROP_none))
		worker_drop(w, m, reason);
	if (unlikely(reason != DROP_none || handed))
		return NULL;
	if (likely(datagram.type == LINK_DATA))
		return datagram.m;
	link_control_input(w, &datagram);
	return NULL;
}

/* Headers of a frame lie in its first two cache lines. */
static inline void
prefetch_headers(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	rte_prefetch0(frame);
	rte_prefetch0(frame + RTE_CACHE_LINE_SIZE);
}

/* Makes what follows off bytes of a frame the packet: len bytes. */
static inline void
cut_frame(struct rte_mbuf *m, uint16_t off, uint32_t len)
{
	m->data_off += off;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	packet_clear_flags(m);
}

/*
 * The short way of a frame that is of the common shape and the next of its link. Its next hop if it
 * is in transit, m then beginning at the inner Pathlet; NULL with *taken set: m begins at its
 * Pathlet; NULL without: m is as it came.
 */
static inline struct link *
input_next(
	struct worker *w, const struct port *port, struct rte_mbuf *m, rte_be32_t own, bool *taken)
{
	const uint16_t off = FRAME_LINK_OFF + sizeof(struct link_hdr);
	struct link *link;
	int32_t len;

	*taken = false;
	if (unlikely(!frame_is_link_data(port, m)))
		return NULL;
	len = link_input_next(w, port, m);
	if (unlikely(len < 0))
		return NULL;
	*taken = true;
	link = forward_transit_hop(
		w, rte_pktmbuf_mtod_offset(m, const uint8_t *, off), (uint32_t)len, own);
	if (unlikely(link == NULL)) {
		cut_frame(m, off, (uint32_t)len);
		return NULL;
	}
	rte_prefetch0(link);
	rte_prefetch0(&link->tx);
	cut_frame(m, off + sizeof(struct pathlet_hdr), (uint32_t)len - sizeof(struct pathlet_hdr));
	return link;
}

void
input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	rte_be32_t own = rte_cpu_to_be_32(w->node->id);
	struct forward_transit transit[BURST_MAX];
	struct rte_mbuf *others[BURST_MAX];
	uint16_t nb_transit = 0, nb_others = 0;

	for (uint16_t i = 0; i < n; i++)
		prefetch_headers(pkts[i]);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		bool taken;
		struct link *link = input_next(w, port, m, own, &taken);

		if (likely(link != NULL)) {
			transit[nb_transit++] = (struct forward_transit){m, link};
			continue;
		}
		if (!taken)
			m = input_any(w, port, m);
		others[nb_others] = m;
		nb_others += m != NULL;
	}
	observe_stage(&w->load, STAGE_input, n);
	forward_transit(w, transit, nb_transit);
	forward_input(w, others, nb_others);
	observe_stage(&w->load, STAGE_forward, nb_transit + nb_others);
}
