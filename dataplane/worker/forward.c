/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"
#include "deliver.h"
#include "fanout.h"
#include "feeder.h"
#include "node.h"
#include "pathlet.h"
#include "recode.h"

/* The next hops that are neighbours; the others' branches are dropped, each a copy not made. */
static uint16_t
find_branches(struct worker *w, const struct pathlet_view *view, const uint8_t *data,
	struct fanout_branch *branches)
{
	const struct id_table *peers = id_map_table(&w->node->peers);
	uint16_t n = 0;

	for (uint8_t i = 0; i < view->nb_branches; i++) {
		struct link *link = id_table_find(peers, view->branches[i].node);

		if (unlikely(link == NULL)) {
			w->counters.drops[DROP_pathlet_unknown_hop]++;
			continue;
		}
		branches[n++] = (struct fanout_branch){.link = link,
			.pathlet = data + view->branches[i].off,
			.pathlet_len = view->branches[i].len};
	}
	return n;
}

/* Several branches, or a destination that relays: all share the payload. */
static void
forward_copies(struct worker *w, struct rte_mbuf *m, const struct pathlet_view *view,
	struct deliver_burst *here)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct fanout_branch branches[FANOUT_MAX];
	uint16_t n = find_branches(w, view, data, branches);
	uint16_t lost = view->nb_branches - n;

	packet_trim(m, (uint16_t)(view->length + sizeof(struct session_hdr)));
	if (n > 0) {
		w->counters.copies += lost;
		fanout_send(w, m, packet_session(m), branches, n, view->destination);
	} else {
		/* Every branch was dropped; without a destination m was the last of them. */
		w->counters.copies += lost - !view->destination;
		if (!view->destination)
			rte_pktmbuf_free(m);
	}
	if (view->destination)
		deliver_add(here, m);
}

/* One next hop, whose Pathlet is followed by the session header already. */
static void
forward_one(struct worker *w, struct rte_mbuf *m, const struct pathlet_view *view)
{
	struct link *link = id_map_find(&w->node->peers, view->branches[0].node);

	if (unlikely(link == NULL)) {
		worker_drop(w, m, DROP_pathlet_unknown_hop);
		return;
	}
	packet_trim(m, view->branches[0].off);
	feeder_push(w, link, m);
}

/* A packet of a session that is recoded here, by the worker that keeps its generations. */
static void
forward_recoded(struct worker *w, const struct recode_session *session, struct rte_mbuf *m,
	const struct pathlet_view *view, struct deliver_burst *here)
{
	if (session->owner != w->index)
		worker_handover(w, session->owner, m, PACKET_RECODE, packet_meta(m)->index, 0);
	else if (recode_input(w, session, m, view))
		deliver_add(here, m);
}

/* The session of a packet whose Pathlet is not judged yet; if it is cut short, any. */
static uint64_t
session_behind(const struct rte_mbuf *m)
{
	const struct pathlet_hdr *outer = rte_pktmbuf_mtod(m, const struct pathlet_hdr *);
	uint32_t off;

	if (unlikely(m->data_len < sizeof(*outer)))
		return 0;
	off = rte_be_to_cpu_16(outer->length);
	if (unlikely(m->data_len < off + sizeof(struct session_hdr)))
		return 0;
	return session_wire_key((const uint8_t *)outer + off);
}

/* Where only sessions that the node knows are forwarded: which of a burst are of such? */
struct installed {
	const struct id_table *known; /* NULL: all may be */
	uint64_t keys[BURST_MAX];
};

/*
 * Neighbouring packets are often of one session: it is fetched and looked up once. Slots are
 * fetched for the whole burst before the first is looked at.
 */
static inline void
installed_fetch(const struct installed *all, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		if (i == 0 || all->keys[i] != all->keys[i - 1])
			id_table_prefetch(all->known, all->keys[i]);
}

/* In ascending order of i. */
static inline bool
installed_is(const struct installed *all, uint16_t i, bool before)
{
	if (i > 0 && all->keys[i] == all->keys[i - 1])
		return before;
	return id_table_find(all->known, all->keys[i]) != NULL;
}

static inline const struct id_table *
installed_table(const struct worker *w)
{
	if (likely(!__atomic_load_n(&w->node->installed, __ATOMIC_ACQUIRE)))
		return NULL;
	return id_map_table(&w->node->known);
}

void
forward_input(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct installed all;
	const struct recode_session *session;
	struct deliver_burst here;
	bool known = true;

	if (n == 0)
		return;
	all.known = installed_table(w);
	if (unlikely(all.known != NULL)) {
		for (uint16_t i = 0; i < n; i++)
			all.keys[i] = session_behind(pkts[i]);
		installed_fetch(&all, n);
	}
	deliver_begin(w, &here);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		struct pathlet_view view;
		enum drop_reason reason;

		/* The first segment holds Pathlet and session header, or they count as cut short.
		 */
		reason = pathlet_parse(
			rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, w->node->id, &view);
		if (unlikely(all.known != NULL)) {
			known = installed_is(&all, i, known);
			/* What ends here is the destination's to judge. */
			if (reason == DROP_none && !known && view.nb_branches > 0)
				reason = DROP_forward_not_installed;
		}
		if (unlikely(reason != DROP_none)) {
			worker_drop(w, m, reason);
		} else if (unlikely(w->recode != NULL) &&
			   (session = recode_takes(w, m, &view)) != NULL) {
			forward_recoded(w, session, m, &view, &here);
		} else if (view.nb_branches == 1 && !view.destination) {
			forward_one(w, m, &view);
		} else if (view.nb_branches == 0) {
			packet_trim(m, (uint16_t)(view.length + sizeof(struct session_hdr)));
			deliver_add(&here, m);
		} else {
			forward_copies(w, m, &view, &here);
		}
	}
	deliver_end(w, &here);
}

/* Drops those of sessions that are not known; returns how many stay, in their order. */
static uint16_t
keep_each(
	struct worker *w, const struct installed *all, struct forward_transit *packets, uint16_t n)
{
	bool known = true;
	uint16_t kept = 0;

	installed_fetch(all, n);
	for (uint16_t i = 0; i < n; i++) {
		known = installed_is(all, i, known);
		if (likely(known))
			packets[kept++] = packets[i];
		else
			worker_drop(w, packets[i].m, DROP_forward_not_installed);
	}
	return kept;
}

/* The same, where a burst of one session, which is frequent, is looked up once. */
static uint16_t
keep_installed(
	struct worker *w, const struct id_table *table, struct forward_transit *packets, uint16_t n)
{
	struct installed all;
	uint64_t differs = 0;

	all.known = table;
	for (uint16_t i = 0; i < n; i++) {
		all.keys[i] = forward_transit_session(&packets[i]);
		differs |= all.keys[i] ^ all.keys[0];
	}
	if (likely(differs == 0) && (n == 0 || id_table_find(table, all.keys[0]) != NULL))
		return n;
	return keep_each(w, &all, packets, n);
}

/* What sending will touch is fetched first: with thousands of neighbours it lies far away. */
void
forward_transit(struct worker *w, struct forward_transit *packets, uint16_t n)
{
	const struct id_table *known = installed_table(w);
	const struct forward_transit *t, *end;

	if (unlikely(known != NULL))
		n = keep_installed(w, known, packets, n);
	end = packets + n;
	for (t = packets; t < end; t++)
		frame_template_prefetch(link_header(t->link));
	for (t = packets; t < end; t++) {
		uint32_t len = t->len - (uint32_t)sizeof(struct pathlet_hdr);

		if (likely(feeder_transit(w, t->link, t->m, t->frame, len)))
			continue;
		forward_cut(t->m, t->len);
		packet_trim(t->m, sizeof(struct pathlet_hdr));
		feeder_push(w, t->link, t->m);
	}
}
