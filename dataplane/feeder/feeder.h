/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between those who decide that a packet goes to a next hop and the one worker that sends to it.
 * The owner hands it straight to the link. For another's links packets collect by next hop within a
 * turn (the outbox), then go through the next hop's ring to the owner, whose doorbell rings.
 *
 * A link that is paced has packets wait for their time, in a queue for each conference
 * (feeder_drr.h says whose turn it is, pacer.h when). While nothing waits and the time has come, a
 * packet goes straight on. A link that is not paced never has one wait.
 */
#ifndef FERRY_FEEDER_H
#define FERRY_FEEDER_H

#include "link_output.h"
#include "link_tfrc.h"
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

/* A packet for a link of ours that is paced: it goes, waits, or is dropped by name. m is taken. */
void feeder_offer(struct worker *w, struct link *link, struct rte_mbuf *m);

/* The link is ours, and nothing waits there or may have to. */
static inline bool
feeder_is_direct(const struct worker *w, const struct link *link)
{
	return __atomic_load_n(&link->direct, __ATOMIC_RELAXED) == w->index;
}

/* A packet (data begins with the next hop's Pathlet) for a link. m is taken. */
static inline void
feeder_push(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	if (likely(feeder_is_direct(w, link)))
		link_output_data(w, link, m);
	else if (link->owner == w->index)
		feeder_offer(w, link, m);
	else
		feeder_set_aside(w, link, m);
}

/* A link of ours: a packet that is pushed goes at once, and does not wait. */
static inline bool
feeder_goes(const struct worker *w, const struct link *link)
{
	return link->feeder.drr.packets == 0 && pacer_is_ready(&link->tx.pacer, w->now);
}

/*
 * A paced link of ours: may a packet go past the feeder? Nobody waits, the time has come, and the
 * nofeedback timer need not be told.
 */
static inline bool
feeder_is_open(const struct worker *w, const struct link *link)
{
	return link->owner == w->index && !link->tx.held && pacer_is_ready(&link->tx.pacer, w->now);
}

/* The same for a frame in transit, see link_output_transit. False: m is as it was. */
static inline bool
feeder_transit(struct worker *w, struct link *link, struct rte_mbuf *m, uint32_t len)
{
	if (likely(feeder_is_direct(w, link)))
		return link_output_transit(w, link, m, len);
	if (!feeder_is_open(w, link))
		return false;
	if (unlikely(!link_output_transit(w, link, m, len)))
		return false;
	pacer_spend(&link->tx.pacer, len + (uint32_t)sizeof(struct link_hdr), w->now, false);
	return true;
}

/* The same for one copy of several, see link_output_copy. False: nothing has changed. */
static inline bool
feeder_copy(struct worker *w, struct link *link, struct rte_mbuf *head, uint16_t len,
	struct rte_mbuf *payload)
{
	return likely(feeder_is_direct(w, link)) && link_output_copy(w, link, head, len, payload);
}

/*
 * A datagram of another type for a link (data is its body), past what queues there; in the ring of
 * another's link there is room for it that DATA leaves. m is taken.
 */
void feeder_push_control(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf *m);

/* Sends what other workers put into the rings of this worker's links. */
void feeder_collect(struct worker *w);

/*
 * What follows is the owner's.
 *
 * feeder_set_rate: from now on at most so many bytes of UDP payload leave in a second, DATA only;
 * 0 = as many as come, and what waits goes at once. feeder_set_rtt: the round-trip time that bounds
 * bursts, 0 = not known.
 */
void feeder_set_rate(struct worker *w, struct link *link, uint64_t rate);
void feeder_set_rtt(struct link *link, uint64_t rtt_ns);

/* Drops by name all that waits for a link, or of a conference for any link, and its queues end. */
void feeder_empty_link(struct worker *w, struct link *link);
void feeder_end_conference(struct worker *w, uint32_t conference);

/* Before a link is published; rate as above. */
void feeder_init(struct link *link, uint64_t rate, uint8_t share);

#endif
