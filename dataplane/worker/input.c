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

/* What is to be forwarded of a burst: in transit as they came, and all others. */
struct departures {
	struct forward_transit transit[BURST_MAX], *end;
	struct rte_mbuf *others[BURST_MAX];
	uint16_t nb_others;
	bool judged; /* of the others, one went the general way: any of its link's may be after it
		      */
};

static inline void
depart(struct worker *w, struct departures *d)
{
	forward_transit(w, d->transit, (uint16_t)(d->end - d->transit));
	forward_input(w, d->others, d->nb_others);
	d->end = d->transit;
	d->nb_others = 0;
	d->judged = false;
}

/* A frame in transit must not overtake one of its session that had to go the general way. */
static void
depart_before(struct worker *w, struct departures *d, struct forward_transit next)
{
	depart(w, d);
	*d->end = next;
}

void
input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	const struct id_table *peers = id_map_table(&w->node->peers);
	const struct id_table *recoded = likely(w->recode == NULL)
						 ? NULL
						 : id_map_table(&w->node->recoded);
	const uint64_t own = pathlet_transit_key(w->node->id);
	struct arrivals arrivals = {.pkts = pkts};
	struct ingress_burst ingress;
	struct departures d;

	d.end = d.transit;
	d.nb_others = 0;
	d.judged = false;
	ingress_begin(w, &ingress);
	find_senders(peers, &arrivals, n);
	for (unsigned int i = 0; i < n; i++) {
		struct forward_transit *t = d.end;
		struct rte_mbuf *m = pkts[i];

		t->m = m;
		t->frame = arrivals.frames[i];
		if (likely(link_input_next(
			    w, port, arrivals.senders[i], m, arrivals.frames[i], &t->len))) {
			t->link = forward_transit_hop(peers, t, own);
			if (likely(t->link != NULL && !forward_transit_recoded(recoded, t))) {
				if (unlikely(d.judged))
					depart_before(w, &d, *t);
				d.end++;
				continue;
			}
			forward_cut(m, t->len);
			packet_meta(m)->index = arrivals.senders[i]->index;
		} else {
			m = input_any(w, port, m, &ingress);
			d.judged |= m != NULL;
		}
		d.others[d.nb_others] = m;
		d.nb_others += m != NULL;
	}
	ingress_end(w, &ingress);
	observe_stage(&w->load, STAGE_input, n);
	depart(w, &d);
	observe_stage(&w->load, STAGE_forward, n);
}
