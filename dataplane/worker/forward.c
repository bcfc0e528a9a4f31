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

/* Of a packet whose Pathlet was found right. */
static uint64_t
session_behind(const struct rte_mbuf *m, const struct pathlet_view *view)
{
	return session_wire_key(rte_pktmbuf_mtod_offset(m, const uint8_t *, view->length));
}

/* Where only sessions that the node knows are forwarded: these; else NULL. */
static inline const struct key_table *
installed_table(const struct worker *w)
{
	if (likely(!__atomic_load_n(&w->node->installed, __ATOMIC_ACQUIRE)))
		return NULL;
	return key_set_table(&w->node->known);
}

/* Any packet but one that only ends here (forward_end), its Pathlet not looked at yet. */
static void
forward_any(struct worker *w, const struct key_table *known, struct rte_mbuf *m,
	struct deliver_burst *here)
{
	const struct recode_session *session;
	struct pathlet_view view;
	enum drop_reason reason;

	/* The first segment holds Pathlet and session header, or they count as cut short. */
	reason = pathlet_parse(
		rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, w->node->id, &view);
	if (unlikely(known != NULL) && reason == DROP_none &&
		!key_table_has(known, session_behind(m, &view)))
		reason = DROP_forward_not_installed;
	if (unlikely(reason != DROP_none)) {
		worker_drop(w, m, reason);
	} else if (unlikely(w->recode != NULL) && (session = recode_takes(w, m, &view)) != NULL) {
		forward_recoded(w, session, m, &view, here);
	} else if (view.nb_branches == 1 && !view.destination) {
		forward_one(w, m, &view);
	} else {
		forward_copies(w, m, &view, here);
	}
}

void
forward_input(struct worker *w, struct rte_mbuf **pkts, uint16_t n, struct deliver_burst *here)
{
	const uint64_t own = pathlet_transit_key(w->node->id);
	const struct key_table *known;

	if (n == 0)
		return;
	known = installed_table(w);
	for (uint16_t i = 0; i < n; i++)
		if (!forward_end(pkts[i], own, here))
			forward_any(w, known, pkts[i], here);
}

static inline uint64_t
transit_session_key(const struct forward_transit *t)
{
	const struct link_frame *frame = rte_pktmbuf_mtod(t->m, const struct link_frame *);

	return session_wire_key((const uint8_t *)forward_transit_session(frame));
}

/* Drops those of sessions that are not known; returns how many stay, in their order. */
static uint16_t
keep_each(struct worker *w, const struct key_table *known, struct forward_transit *packets,
	uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (likely(key_table_has(known, transit_session_key(&packets[i]))))
			packets[kept++] = packets[i];
		else
			worker_drop(w, packets[i].m, DROP_forward_not_installed);
	}
	return kept;
}

/* What sending will touch is fetched first: with thousands of neighbours it lies far away. */
static inline void
fetch_template(const struct forward_transit *packet)
{
	frame_template_prefetch(link_header(packet->link));
}

static inline void
fetch_templates(const struct forward_transit *packets, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		fetch_template(&packets[i]);
}

/*
 * Where only known sessions are forwarded: the same, and how many stay. Of a burst of one session,
 * which is frequent, one packet is looked up. That all of a burst are known is seen without a
 * branch a packet: then the look-ups overlap, and fetching their buckets first was measured to cost
 * more.
 */
static uint16_t
keep_installed(struct worker *w, const struct key_table *known, struct forward_transit *packets,
	uint16_t n)
{
	key_pair all = {UINT64_MAX, UINT64_MAX};
	uint64_t keys[BURST_MAX], differs = 0;

	for (uint16_t i = 0; i < n; i++) {
		keys[i] = transit_session_key(&packets[i]);
		differs |= keys[i] ^ keys[0];
	}
	if (n == 0 || (differs == 0 && key_table_has(known, keys[0]))) {
		fetch_templates(packets, n);
		return n;
	}
	for (uint16_t i = 0; i < n; i++) {
		all &= key_bucket_match(key_table_bucket(known, keys[i]), keys[i]);
		fetch_template(&packets[i]);
	}
	return likely(all[0] != 0) ? n : keep_each(w, known, packets, n);
}

void
forward_transit(struct worker *w, struct forward_transit *packets, uint16_t n)
{
	const struct key_table *known = installed_table(w);
	const struct forward_transit *t, *end;

	if (likely(known == NULL))
		fetch_templates(packets, n);
	else
		n = keep_installed(w, known, packets, n);
	end = packets + n;
	for (t = packets; t < end; t++) {
		uint32_t len = t->len - (uint32_t)sizeof(struct pathlet_hdr);

		if (likely(feeder_transit(w, t->link, t->m, len)))
			continue;
		forward_cut(t->m, t->len);
		packet_trim(t->m, sizeof(struct pathlet_hdr));
		feeder_push(w, t->link, t->m);
	}
}
