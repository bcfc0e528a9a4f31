/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between those who decide that a packet goes to a next hop and the one worker that sends to it.
 * The owner takes the short way, straight to the link. For another's links packets collect by next
 * hop within a turn (the outbox), then go through the next hop's ring to the owner, whose doorbell
 * rings.
 */
#ifndef FERRY_FEEDER_H
#define FERRY_FEEDER_H

#include "link_output.h"
#include "worker.h"

/* Hands everything collected on to its owners. */
void feeder_flush(struct worker *w);

/* Sorts a packet under its next hop. */
static inline void
feeder_set_aside(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	struct outbox *out = &w->outbox;
	uint16_t entry, last;

	if (unlikely(out->n == OUTBOX_MAX))
		feeder_flush(w);
	entry = out->n++;
	last = out->last_of[link->index];
	out->entries[entry].m = m;
	if (last == OUTBOX_NONE) {
		out->links[out->nb_links++] = link;
		out->entries[entry].next = entry;
	} else {
		out->entries[entry].next = out->entries[last].next;
		out->entries[last].next = entry;
	}
	out->last_of[link->index] = entry;
}

/* A packet (data begins with the next hop's Pathlet) for a link. m is taken. */
static inline void
feeder_push(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	if (likely(link->owner == w->index))
		link_output_data(w, link, m);
	else
		feeder_set_aside(w, link, m);
}

/* A datagram of another type for a link (data is its body), past what queues there. m is taken. */
void feeder_push_control(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf *m);

/* Sends what other workers put into the rings of this worker's links. */
void feeder_collect(struct worker *w);

#endif
