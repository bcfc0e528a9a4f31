/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_prefetch.h>

#include "feeder.h"
#include "forward.h"
#include "ingress.h"
#include "input.h"
#include "link_input.h"
#include "node.h"

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

/* Any frame. Returns the DATA datagram that it was, NULL when it was anything else. */
static struct rte_mbuf *
input_any(struct worker *w, struct port *port, struct rte_mbuf *m, struct ingress_burst *ingress)
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
		/* To one of the port's addresses, not to the port of links: a session's ingress? */
		packet_from_frame(m, &view);
		ingress_add(ingress, m, source_ingress_key(port->index, view.local, view.udp_port));
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

/* What is found out about a burst's frames, stage by stage. */
struct arrivals {
	struct rte_mbuf **pkts;
	const struct link_frame *frames[BURST_MAX];
	struct link *senders[BURST_MAX]; /* that they say they are from; NULL: none known */
};

/*
 * Headers of a frame lie in its first two cache lines. They are fetched for all frames, then the
 * neighbours' state, before the first frame is judged.
 */
static inline void
find_senders(const struct id_table *peers, struct arrivals *a, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(a->pkts[i], const uint8_t *);

		a->frames[i] = (const struct link_frame *)frame;
		rte_prefetch0(frame);
		rte_prefetch0(frame + RTE_CACHE_LINE_SIZE);
	}
	for (unsigned int i = 0; i < n; i++)
		a->senders[i] = link_claimed_sender(peers, a->pkts[i], a->frames[i]);
}

void
input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	const struct id_table *peers = id_map_table(&w->node->peers);
	const uint64_t own = pathlet_transit_key(w->node->id);
	struct forward_transit transit[BURST_MAX], *t = transit;
	struct rte_mbuf *others[BURST_MAX];
	struct arrivals arrivals = {.pkts = pkts};
	struct ingress_burst ingress;
	unsigned int nb_others = 0;

	ingress_begin(w, &ingress);
	find_senders(peers, &arrivals, n);
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		t->m = m;
		t->frame = arrivals.frames[i];
		if (likely(link_input_next(
			    w, port, arrivals.senders[i], m, arrivals.frames[i], &t->len))) {
			t->link = forward_transit_hop(peers, t, own);
			if (likely(t->link != NULL)) {
				t++;
				continue;
			}
			forward_cut(m, t->len);
		} else {
			m = input_any(w, port, m, &ingress);
		}
		others[nb_others] = m;
		nb_others += m != NULL;
	}
	ingress_end(w, &ingress);
	observe_stage(&w->load, STAGE_input, n);
	forward_transit(w, transit, (uint16_t)(t - transit));
	forward_input(w, others, (uint16_t)nb_others);
	observe_stage(&w->load, STAGE_forward, n);
}
