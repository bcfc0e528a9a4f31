/* SPDX-License-Identifier: BSD-3-Clause */
#include "feeder.h"
#include "node.h"

/*
 * Places of a ring that DATA leaves free, an eighth of it at most: a link that is overloaded still
 * answers probes and reports, or its neighbour would take it for lost.
 */
#define CONTROL_PLACES 16

static uint16_t
fitting(const struct rte_ring *ring, uint8_t type, uint16_t n)
{
	uint32_t keep, room;

	if (unlikely(type != LINK_DATA))
		return n;
	keep = RTE_MIN((uint32_t)CONTROL_PLACES, rte_ring_get_capacity(ring) / 8);
	room = rte_ring_free_count(ring);
	return room <= keep ? 0 : (uint16_t)RTE_MIN((uint32_t)n, room - keep);
}

/* By its ring: what fits is the owner's, the rest is dropped by name. */
static void
hand_to_owner(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t fit = fitting(link->ring, type, n);

	for (uint16_t i = 0; i < n; i++) {
		packet_meta(pkts[i])->kind = PACKET_LINK;
		packet_meta(pkts[i])->type = type;
	}
	fit = (uint16_t)rte_ring_enqueue_burst(link->ring, (void **)pkts, fit, NULL);
	w->counters.handed_out += fit;
	if (likely(fit > 0))
		doorbell_ring(&w->node->workers[link->owner]->bell, link->index);
	if (unlikely(fit < n)) {
		w->ring_drops[link->index] += n - fit;
		worker_drop_burst(w, pkts + fit, (uint16_t)(n - fit), DROP_hop_ring_full);
	}
}

void
feeder_flush(struct worker *w)
{
	struct outbox *out = &w->outbox;

	for (uint16_t i = 0; i < out->nb_links; i++) {
		struct link *link = out->links[i];
		uint16_t last = out->last_of[link->index], entry = last;
		struct rte_mbuf *pkts[BURST_MAX];
		uint16_t n = 0;

		do {
			entry = out->entries[entry].next;
			pkts[n++] = out->entries[entry].m;
			if (n == BURST_MAX || entry == last) {
				hand_to_owner(w, link, LINK_DATA, pkts, n);
				n = 0;
			}
		} while (entry != last);
		out->last_of[link->index] = OUTBOX_NONE;
	}
	out->n = 0;
	out->nb_links = 0;
}

void
feeder_push_control(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf *m)
{
	if (link->owner == w->index)
		link_output(w, link, type, &m, 1);
	else
		hand_to_owner(w, link, type, &m, 1);
}

/* A link of ours whose ring was filled: a burst of it; the rest waits for the next turn. */
static void
visit_link(void *arg, uint32_t index)
{
	struct worker *w = arg;
	struct link *link = __atomic_load_n(&w->node->links[index], __ATOMIC_ACQUIRE);
	struct rte_mbuf *pkts[BURST_MAX];
	unsigned int left;
	uint16_t n;

	/* The place may be another link's by now. */
	if (link == NULL || link->owner != w->index)
		return;
	n = (uint16_t)rte_ring_sc_dequeue_burst(link->ring, (void **)pkts, BURST_MAX, &left);
	w->counters.handed_in += n;
	w->progress += n;
	if (left > 0)
		doorbell_ring(&w->bell, index);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t type = packet_meta(pkts[i])->type;

		if (likely(type == LINK_DATA))
			feeder_push(w, link, pkts[i]);
		else
			link_output(w, link, type, &pkts[i], 1);
	}
}

void
feeder_collect(struct worker *w)
{
	doorbell_answer(&w->bell, w->node->max_links, visit_link, w);
}
