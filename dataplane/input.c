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

void
input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *data[BURST_MAX];
	uint16_t nb_data = 0;

	for (uint16_t i = 0; i < n; i++)
		prefetch_headers(pkts[i]);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (unlikely(!frame_is_link_data(port, m) || !link_input_next(w, port, m)))
			m = input_any(w, port, m);
		data[nb_data] = m;
		nb_data += m != NULL;
	}
	observe_stage(&w->load, STAGE_input, n);
	forward_input(w, data, nb_data);
	observe_stage(&w->load, STAGE_forward, nb_data);
}
