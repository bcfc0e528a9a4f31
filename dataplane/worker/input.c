/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_prefetch.h>

#include "feeder.h"
#include "forward.h"
#include "ingress.h"
#include "input.h"
#include "link_control.h"
#include "link_input6.h"
#include "node.h"

/*
 * ARP, neighbour discovery, other ICMP: the control thread answers them. Whoever may ping fills
 * half of its ring at most: without ARP no packet would leave any more.
 */
static void
punt(struct worker *w, struct port *port, struct rte_mbuf *m, uint32_t most)
{
	packet_meta(m)->kind = PACKET_FRAME;
	packet_meta(m)->index = port->index;
	if (unlikely(rte_ring_count(w->punt) >= most || rte_ring_sp_enqueue(w->punt, m) != 0)) {
		worker_drop(w, m, DROP_control_full);
		return;
	}
	w->counters.consumed++;
}

/*
 * The general path, for any frame. Returns the DATA datagram that it was, NULL when it was anything
 * else.
 */
static struct rte_mbuf *
input_any(struct worker *w, struct port *port, struct rte_mbuf *m, struct ingress_burst *ingress)
{
	enum drop_reason reason = DROP_none;
	struct link_datagram datagram;
	struct frame_view view;
	bool handed;

	switch (frame_parse(port, m, &view, &reason)) {
	case FRAME_CONTROL:
		punt(w, port, m, NODE_PUNT_RING);
		return NULL;
	case FRAME_ICMP:
		punt(w, port, m, NODE_PUNT_RING / 2);
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
	struct link *senders[BURST_MAX];  /* that they say they are from; NULL: none known */
	struct link *senders6[BURST_MAX]; /* of these, read as IPv6 */
	bool alike; /* all from the first one's: the others are not looked up. So it is in a tree */
};

static void
find_each(const struct id_table *peers, struct arrivals *a, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		a->senders[i] = link_claimed_sender(peers, a->pkts[i]);
		if (unlikely(a->senders[i] == NULL))
			a->senders6[i] = link_claimed_sender6(peers, a->pkts[i]);
	}
}

/*
 * Headers of a frame lie in its first two cache lines. They are fetched for all frames, then the
 * neighbours' state, before the first frame is judged.
 */
static inline void
find_senders(const struct id_table *peers, struct arrivals *a, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(a->pkts[i], const uint8_t *);

		rte_prefetch0(frame);
		rte_prefetch0(frame + RTE_CACHE_LINE_SIZE);
	}
	a->senders[0] = link_claimed_sender(peers, a->pkts[0]);
	a->alike = a->senders[0] != NULL && link_claimed_by_all(a->senders[0], a->pkts, n);
	if (unlikely(!a->alike))
		find_each(peers, a, n);
}

/* May a fast path take it? Not what clients send. */
static inline bool
has_sender(const struct arrivals *a, unsigned int i)
{
	return a->alike || a->senders[i] != NULL || a->senders6[i] != NULL;
}

/* What is to be forwarded of a burst: in transit as they came, and all others. */
struct departures {
	struct forward_transit transit[BURST_MAX], *end;
	struct deliver_burst here;
	struct rte_mbuf *others[BURST_MAX];
	uint16_t nb_others;
	bool judged; /* one of the others took the general path: no later frame may overtake it */
};

static inline void
departures_begin(const struct worker *w, struct departures *d)
{
	d->end = d->transit;
	deliver_begin(w, &d->here);
	d->nb_others = 0;
	d->judged = false;
}

static inline void
depart(struct worker *w, struct departures *d)
{
	forward_transit(w, d->transit, (uint16_t)(d->end - d->transit));
	forward_input(w, d->others, d->nb_others, &d->here);
	deliver_end(w, &d->here);
	departures_begin(w, d);
}

/* What frames are looked up in. */
struct tables {
	const struct id_table *peers;
	const struct id_table *recoded; /* NULL: nothing is */
	uint64_t own;			/* pathlet_transit_key of this node */
};

/*
 * A frame that its link accepted, but that is not in transit. What ends here is looked up at once,
 * unless it came after another. Apart: it would cost those in transit.
 */
static __rte_noinline void
take_other(struct departures *d, const struct link *link, struct rte_mbuf *m, uint32_t len,
	uint64_t own)
{
	forward_cut(m, len);
	packet_meta(m)->index = link->index;
	if (unlikely(d->nb_others > 0) || !forward_end(m, own, &d->here))
		d->others[d->nb_others++] = m;
}

/*
 * The fast path: frames from i to end, which say they are of one neighbour, up to the first that
 * needs the general path. Returns where it stopped.
 */
static inline unsigned int
take_run(struct worker *w, const struct port *port, const struct tables tables,
	const struct arrivals *a, unsigned int i, unsigned int end, struct departures *d)
{
	struct link *link = a->senders[a->alike ? 0 : i];
	struct forward_transit *next = d->end;
	struct link_run run;
	uint32_t len;

	if (unlikely(!link_run_begin(&run, w, port, link)))
		return i;
	for (; i < end && link_run_take(&run, a->pkts[i], &len); i++) {
		struct rte_mbuf *m = a->pkts[i];
		const struct link_frame *frame = link_frame_of(m);
		struct link *hop = forward_transit_hop(tables.peers, frame, len, tables.own);

		if (unlikely(hop == NULL || forward_transit_recoded(tables.recoded, frame))) {
			take_other(d, link, m, len, tables.own);
			continue;
		}
		/* It must not overtake one of its session that had to take the general path. */
		if (unlikely(d->judged)) {
			d->end = next;
			depart(w, d);
			next = d->end;
		}
		*next++ = (struct forward_transit){.m = m, .link = hop, .len = len};
	}
	d->end = next;
	link_run_end(&run, w->now);
	return i;
}

/*
 * The same of one frame, over IPv6. Where IPv4 has a NodeID a part of this node's address lies,
 * which may look like a neighbour's. False: it needs the general path.
 */
static bool
take_ipv6(struct worker *w, const struct port *port, const struct tables tables,
	const struct arrivals *a, unsigned int i, struct departures *d)
{
	struct link *link, *hop;
	struct rte_mbuf *m = a->pkts[i];
	const struct link_frame *frame;
	uint32_t len;

	if (likely(!a->alike && a->senders[i] == NULL))
		link = a->senders6[i];
	else
		link = link_claimed_sender6(tables.peers, m);
	if (!link_input6_next(w, port, link, m, &len))
		return false;
	frame = link_frame_of(m);
	hop = forward_transit_hop(tables.peers, frame, len, tables.own);
	if (unlikely(hop == NULL || forward_transit_recoded(tables.recoded, frame))) {
		take_other(d, link, m, len, tables.own);
		return true;
	}
	if (unlikely(d->judged))
		depart(w, d);
	*d->end++ = (struct forward_transit){.m = m, .link = hop, .len = len};
	return true;
}

void
input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	const struct tables tables = {
		.peers = id_map_table(&w->node->peers),
		.recoded = likely(w->recode == NULL) ? NULL : id_map_table(&w->node->recoded),
		.own = pathlet_transit_key(w->node->id),
	};
	struct ingress_burst ingress;
	struct arrivals arrivals;
	struct departures d;
	unsigned int i = 0;

	if (n == 0)
		return;
	departures_begin(w, &d);
	arrivals.pkts = pkts;
	ingress_begin(w, &ingress);
	find_senders(tables.peers, &arrivals, n);
	while (i < n) {
		unsigned int end = arrivals.alike ? n : i + 1;
		struct rte_mbuf *m;

		if (likely(has_sender(&arrivals, i))) {
			i = take_run(w, port, tables, &arrivals, i, end, &d);
			if (likely(i == end))
				continue;
			if (take_ipv6(w, port, tables, &arrivals, i, &d)) {
				i++;
				continue;
			}
		}
		m = input_any(w, port, pkts[i++], &ingress);
		if (m == NULL)
			continue;
		d.others[d.nb_others++] = m;
		d.judged = true;
	}
	ingress_end(w, &ingress);
	observe_stage(&w->load, STAGE_input, n);
	depart(w, &d);
	observe_stage(&w->load, STAGE_forward, n);
}
