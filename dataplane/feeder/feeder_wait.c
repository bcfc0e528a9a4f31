/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that wait for their time on a link: the owner's part of the feeder. */
#include "event.h"
#include "feeder.h"
#include "link_tfrc.h"
#include "node.h"
#include "recode.h"

/*
 * A queue tells of congestion at most once in so long. Conferences are what neighbours say that
 * they are: all queues of a link, and all links of a worker, tell no more often than so in a
 * second.
 */
#define EVENT_GAP_NS	 UINT64_C(1000000000)
#define EVENTS_OF_LINK	 32
#define EVENTS_OF_WORKER 128

/* UDP payload of a DATA packet, from its Pathlet on. */
static inline uint32_t
payload_bytes(const struct rte_mbuf *m)
{
	return m->pkt_len + (uint32_t)sizeof(struct link_hdr);
}

/* Its session header, behind the Pathlet; whoever pushed m has seen that both are there. */
static inline const struct session_hdr *
waiting_session(const struct rte_mbuf *m)
{
	const struct pathlet_hdr *pathlet = rte_pktmbuf_mtod(m, const struct pathlet_hdr *);

	return (const struct session_hdr *)((const uint8_t *)pathlet +
					    rte_be_to_cpu_16(pathlet->length));
}

static void
drop_at(struct worker *w, struct link *link, struct rte_mbuf *m, enum drop_reason reason)
{
	link->tx.drops++;
	worker_drop(w, m, reason);
}

/* A packet of the session is dropped: the control thread learns of it now and then. */
static void
congested(struct worker *w, struct link *link, struct feeder_queue *q,
	const struct session_hdr *session)
{
	struct worker_event_congestion event = {
		.conference = q->conference,
		.session = rte_be_to_cpu_32(session->session),
		.queue_packets = q->packets,
		.queue_bytes = (uint32_t)q->bytes,
		.drops = q->drops + q->expired - q->event_drops,
	};

	if (q->event_at != 0 && w->now < q->event_at + EVENT_GAP_NS)
		return;
	if (!event_limit_open(&link->feeder.events, w->now, EVENTS_OF_LINK) ||
		!event_limit_open(&w->congestion, w->now, EVENTS_OF_WORKER))
		return;
	event_limit_count(&link->feeder.events, w->now);
	event_limit_count(&w->congestion, w->now);
	q->event_at = w->now;
	q->event_drops += event.drops;
	worker_event_congestion(w, link->node_id, &event);
}

static void
send_one(struct worker *w, struct link *link, struct rte_mbuf *m, uint32_t bytes, bool waited)
{
	pacer_spend(&link->tx.pacer, bytes, w->now, waited);
	if (unlikely(link->tfrc.asleep))
		link_tfrc_wake(w, link);
	link_output_data(w, link, m);
}

/* What waited goes; for a place holder, a packet that is made now. */
static void
send_next(struct worker *w, struct link *link, struct feeder_next *next)
{
	if (unlikely(recode_is_place_holder(next->m))) {
		next->m = recode_offer(w, link, next->m);
		if (next->m == NULL)
			return;
		next->bytes = payload_bytes(next->m);
	}
	send_one(w, link, next->m, next->bytes, true);
}

/* Sends what may go now. */
static void
send_due(struct worker *w, struct link *link)
{
	const struct pacer *pacer = &link->tx.pacer;
	struct link_feeder *f = &link->feeder;

	while (f->drr.packets > 0 && pacer_is_ready(pacer, w->now)) {
		struct feeder_next next = feeder_drr_take(&w->feeders, &f->drr, w->now);

		w->counters.queued--;
		w->progress++;
		if (likely(!next.expired)) {
			send_next(w, link, &next);
			continue;
		}
		congested(w, link, next.queue, waiting_session(next.m));
		drop_at(w, link, next.m, DROP_queue_expired);
	}
	if (f->drr.packets > 0) {
		timer_start(&w->wheel, &f->timer, pacer_ready_at(pacer));
		link_tfrc_waiting(w, link);
	} else {
		timer_stop(&w->wheel, &f->timer);
		link_note_held(link);
	}
}

static void
fire(void *owner, struct timer *timer, uint64_t now)
{
	(void)now; /* the turn's */
	send_due(owner, timer->arg);
}

/* A queue gives up the packet that goes next there, for one of another. */
static void
push_one_out(struct worker *w, struct link *link, struct feeder_queue *victim)
{
	struct rte_mbuf *m = feeder_drr_empty_one(&w->feeders, &link->feeder.drr, victim);

	w->counters.queued--;
	victim->drops++;
	congested(w, link, victim, waiting_session(m));
	drop_at(w, link, m, DROP_feeder_full);
}

/* Has the link packets of a lower priority? */
static bool
has_lower(const struct link *link, uint8_t priority)
{
	return (link->feeder.drr.classes & ((1u << priority) - 1)) != 0;
}

/*
 * The places of all queues are nearly used up: the lowest priority of the link, if it is lower than
 * this one, gives up a packet in the queue whose turn comes last.
 */
static bool
push_out(struct worker *w, struct link *link, uint8_t priority)
{
	if (!has_lower(link, priority))
		return false;
	push_one_out(w, link, feeder_drr_last(&w->feeders, &link->feeder.drr));
	return true;
}

static struct feeder_terms
terms_of(const struct node *node, uint32_t conference)
{
	const struct feeder_terms *terms = id_map_find(&node->conferences, conference);

	return terms != NULL ? *terms : feeder_terms_default();
}

/*
 * May a conference of which nothing waits on the link begin to? No link has more queues with
 * packets than there are without, so that one cannot take all (as wait_in has it for places). One
 * of a higher priority than others there may all the same: where it is one that the node knows it
 * takes what is left, for of these a neighbour cannot make up any; else, or if nothing is left, the
 * queue of one of the lowest, which is emptied.
 */
static bool
may_begin(struct worker *w, struct link *link, uint32_t conference)
{
	struct feeder_drr *drr = &link->feeder.drr;
	struct feeder_queue *victim;

	if (likely(drr->queues < w->feeders.idle))
		return true;
	if (!has_lower(link, terms_of(w->node, conference).priority))
		return false;
	if (w->feeders.idle > 0 && id_map_find(&w->node->conferences, conference) != NULL)
		return true;
	victim = feeder_drr_least(&w->feeders, drr);
	while (victim->packets > 0)
		push_one_out(w, link, victim);
	return true;
}

/* The queue of a packet's conference, made if there is none, with the terms that now hold. */
static struct feeder_queue *
queue_of(struct worker *w, struct link *link, struct feeder_queue *q, uint32_t conference)
{
	uint32_t version = __atomic_load_n(&w->node->terms_version, __ATOMIC_ACQUIRE);
	struct feeder_terms terms;

	if (unlikely(q == NULL))
		q = feeder_queue_get(&w->feeders, link->index, conference);
	if (likely(q->terms_version == version))
		return q;
	terms = terms_of(w->node, conference);
	feeder_drr_set_terms(&w->feeders, &link->feeder.drr, q, &terms);
	q->terms_version = version;
	return q;
}

static enum drop_reason
wait_in(struct worker *w, struct link *link, struct feeder_queue *q, struct rte_mbuf *m,
	uint32_t bytes, bool urgent)
{
	if (unlikely(q->packets >= q->terms.packets || q->bytes + bytes > q->terms.bytes))
		return DROP_queue_full;
	/*
	 * No queue has more places than are left free, so that a few cannot take all (A. Choudhury
	 * and E. Hahne, "Dynamic queue length thresholds", 1998); one of a higher priority takes a
	 * lower one's.
	 */
	if (unlikely(q->packets >= feeder_pool_free_places(&w->feeders) &&
		     !push_out(w, link, q->terms.priority)))
		return DROP_feeder_full;
	if (unlikely(!feeder_drr_push(&w->feeders, &link->feeder.drr, q, m, bytes, urgent, w->now)))
		return DROP_feeder_full;
	return DROP_none;
}

void
feeder_offer(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	struct link_feeder *f = &link->feeder;
	uint32_t bytes = payload_bytes(m);
	enum drop_reason reason = link_output_refuses(link, m);
	const struct session_hdr *session;
	struct feeder_queue *q;
	uint32_t conference;

	/* It costs the link no time. */
	if (unlikely(reason != DROP_none)) {
		link_output_drop(w, link, m, reason);
		return;
	}
	if (likely(feeder_goes(w, link))) {
		send_one(w, link, m, bytes, false);
		return;
	}
	session = waiting_session(m);
	conference = rte_be_to_cpu_32(session->conference);
	q = feeder_queue_find(&w->feeders, link->index, conference);
	if (likely((q != NULL && q->packets > 0) || may_begin(w, link, conference))) {
		q = queue_of(w, link, q, conference);
		reason = wait_in(w, link, q, m, bytes, session->flags & SESSION_DELAY_SENSITIVE);
	} else {
		reason = DROP_feeder_full;
	}
	if (unlikely(reason != DROP_none)) {
		if (q != NULL) {
			q->drops++;
			congested(w, link, q, session);
		}
		drop_at(w, link, m, reason);
		return;
	}
	w->counters.queued++;
	link->tx.held = true;
	link_tfrc_waiting(w, link);
	if (!f->timer.armed)
		timer_start(&w->wheel, &f->timer, pacer_ready_at(&link->tx.pacer));
}

void
feeder_init(struct link *link, uint64_t rate, uint8_t share)
{
	struct link_feeder *f = &link->feeder;

	feeder_drr_init(&f->drr, link->port->mtu, share);
	pacer_init(&link->tx.pacer, rate);
	f->timer = (struct timer){.fire = fire, .arg = link};
	link->direct = rate == 0 ? link->owner : LINK_NO_OWNER;
}

void
feeder_set_rate(struct worker *w, struct link *link, uint64_t rate)
{
	pacer_set_rate(&link->tx.pacer, rate, w->now);
	send_due(w, link);
	__atomic_store_n(&link->direct, rate == 0 ? link->owner : LINK_NO_OWNER, __ATOMIC_RELAXED);
}

void
feeder_set_rtt(struct link *link, uint64_t rtt_ns)
{
	pacer_set_rtt(&link->tx.pacer, rtt_ns);
}

/* Packets of the link were dropped: perhaps none waits any more. */
static void
note_empty(struct worker *w, struct link *link)
{
	if (link->feeder.drr.packets == 0)
		timer_stop(&w->wheel, &link->feeder.timer);
	link_note_held(link);
}

/* Drops what waits in a queue, and forgets it. */
static void
end_queue(struct worker *w, struct feeder_queue *q, enum drop_reason reason)
{
	struct link *link = w->node->links[q->link];

	while (q->packets > 0) {
		struct rte_mbuf *m = feeder_drr_empty_one(&w->feeders, &link->feeder.drr, q);

		w->counters.queued--;
		drop_at(w, link, m, reason);
	}
	note_empty(w, link);
	feeder_queue_forget(&w->feeders, q);
}

void
feeder_empty_link(struct worker *w, struct link *link)
{
	struct feeder_queue *q;

	while ((q = feeder_queue_of_link(&w->feeders, link->index)) != NULL)
		end_queue(w, q, DROP_hop_removed);
	/* It may have no queue, and its timer run: what waited last was pushed out. */
	note_empty(w, link);
}

/* Looked up on each link that has queues: of these there may be very many. */
void
feeder_end_conference(struct worker *w, uint32_t conference)
{
	for (uint16_t i = 0; i < w->node->max_links; i++) {
		struct feeder_queue *q = feeder_queue_of_link(&w->feeders, i);

		if (q != NULL)
			q = feeder_queue_find(&w->feeders, i, conference);
		if (q != NULL)
			end_queue(w, q, DROP_conference_ended);
	}
}
