/* SPDX-License-Identifier: BSD-3-Clause */
#include "recode.h"
#include "feeder.h"
#include "link_loss.h"
#include "packet.h"
#include "pathlet_merge.h"

#define MILLION 1000000u

/* A packet that came, its data from its coding header on. */
struct arrival {
	struct rte_mbuf *m;
	struct session_hdr session;
	struct rlnc_header h;
	const struct link *from; /* NULL: the link is gone */
	bool contradicts;	 /* its generation, which learns nothing of it */
};

/* The coding header of a packet; false: it is not sound, or not one that is combined here. */
static bool
read_header(const struct recode_store *store, const struct rte_mbuf *m, uint32_t off, uint8_t *room,
	struct rlnc_header *h)
{
	uint32_t len = RTE_MIN(m->pkt_len - off, (uint32_t)RLNC_HEADER_MAX);
	const uint8_t *data = rte_pktmbuf_read(m, off, len, room);

	if (data == NULL || rlnc_header_parse(data, len, h) != DROP_none)
		return false;
	return h->code == RLNC_BLOCK && h->n <= store->span &&
	       (h->kind == RLNC_SYSTEMATIC ||
		       m->pkt_len >= off + rlnc_header_bytes(h) + sizeof(struct rlnc_symbol_head));
}

const struct recode_session *
recode_takes(const struct worker *w, const struct rte_mbuf *m, const struct pathlet_view *view)
{
	const struct session_hdr *session = rte_pktmbuf_mtod_offset(
		m, const struct session_hdr *, view->length);
	uint8_t room[RLNC_HEADER_MAX];
	struct rlnc_header h;

	if (view->nb_branches == 0 || !(session->flags & SESSION_CODED) ||
		!read_header(w->recode, m, view->length + sizeof(*session), room, &h))
		return NULL;
	return id_map_find(&w->node->recoded, session_key(rte_be_to_cpu_32(session->conference),
						      rte_be_to_cpu_32(session->session)));
}

/* Loss on the way from a neighbour: units of 2^-16 to millionths. */
static uint32_t
loss_from(const struct link *link)
{
	return link != NULL ? (uint32_t)(((uint64_t)link->live.data_loss * MILLION) >> 16) : 0;
}

/* Which of the generation's branches a next hop is; RECODE_BRANCHES_MAX: none. */
static uint8_t
find_branch(const struct recode_generation *g, uint32_t node)
{
	for (uint8_t i = 0; i < g->nb_branches; i++)
		if (g->branches[i] == node)
			return i;
	return RECODE_BRANCHES_MAX;
}

/* The same, which is one from now on if there is room. */
static uint8_t
get_branch(struct recode_generation *g, uint32_t node)
{
	uint8_t i = find_branch(g, node);

	if (likely(i < RECODE_BRANCHES_MAX))
		return i;
	if (g->nb_branches == RECODE_BRANCHES_MAX) {
		g->more = true;
		return RECODE_BRANCHES_MAX;
	}
	g->branches[g->nb_branches] = node;
	return g->nb_branches++;
}

/* What a branch's Pathlet has become, grown by this one. NULL: no room, or it cannot be told. */
static struct recode_hop *
get_hop(struct recode_generation *g, uint8_t branch, const uint8_t *pathlet, uint16_t len)
{
	uint8_t merged[PATHLET_TREE_MAX_BYTES];
	struct recode_hop *hop;

	if (branch >= RECODE_HOPS_MAX)
		return NULL;
	hop = &g->hops[branch];
	if (likely(hop->pathlet_len == len && memcmp(hop->pathlet, pathlet, len) == 0))
		return hop;
	if (hop->pathlet_len == 0) {
		hop->pathlet_len = len;
		memcpy(hop->pathlet, pathlet, len);
		return hop;
	}
	len = pathlet_merge(hop->pathlet, pathlet, merged, sizeof(merged));
	if (len == 0)
		return NULL;
	memcpy(hop->pathlet, merged, len);
	hop->pathlet_len = len;
	return hop;
}

/* Puts Pathlet and session header before a packet. */
static void
put_headers(
	struct rte_mbuf *m, const uint8_t *pathlet, uint16_t len, const struct session_hdr *session)
{
	uint8_t *p = packet_prepend(m, (uint16_t)(len + sizeof(*session)));

	memcpy(p, pathlet, len);
	memcpy(p + len, session, sizeof(*session));
}

/* A new packet of the generation for a next hop; NULL: it cannot be made, or is too large. */
static struct rte_mbuf *
fresh(struct worker *w, struct recode_generation *g, const struct recode_hop *hop,
	const struct link *link, const struct session_hdr *like)
{
	const struct frame_template *t = link_header(link);
	struct session_hdr session = *like;
	uint16_t head = (uint16_t)(hop->pathlet_len + sizeof(session));
	uint32_t bytes = sizeof(struct link_hdr) + head + RLNC_HEADER_BYTES + g->n;
	struct rte_mbuf *m;

	if (g->kept == 0 ||
		(t != NULL && bytes + rlnc_longest(g->vectors, g->kept) > frame_payload_max(t)))
		return NULL;
	m = recode_combine(w, w->recode, g);
	if (m == NULL || m->data_off < head) {
		if (m != NULL) {
			w->counters.consumed++;
			rte_pktmbuf_free(m);
		}
		return NULL;
	}
	session.seq = rte_cpu_to_be_32(g->key.first);
	session.stamp = g->stamp;
	session.flags = g->flags | SESSION_CODED;
	put_headers(m, hop->pathlet, hop->pathlet_len, &session);
	return m;
}

/*
 * The packet that came, for one next hop: headers in a buffer of their own, and a reference to the
 * rest. NULL: no buffer.
 */
static struct rte_mbuf *
as_it_came(struct worker *w, const struct arrival *a, const uint8_t *pathlet, uint16_t len,
	bool shared)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(w->header_pool), *body = a->m;

	w->counters.copies++;
	/* Who delivers it here too may move where its data begins. */
	if (head != NULL && shared)
		body = rte_pktmbuf_clone(a->m, w->header_pool);
	if (head == NULL || body == NULL) {
		w->counters.drops[DROP_no_buffer]++;
		rte_pktmbuf_free(head);
		return NULL;
	}
	if (!shared)
		for (struct rte_mbuf *s = body; s != NULL; s = s->next)
			rte_mbuf_refcnt_update(s, 1);
	head->data_off = (uint16_t)(head->data_off + len + sizeof(a->session));
	put_headers(head, pathlet, len, &a->session);
	packet_chain(head, body);
	return head;
}

static void
send_as_it_came(struct worker *w, const struct arrival *a, struct link *link,
	const uint8_t *pathlet, uint16_t len, bool shared, uint64_t flag)
{
	struct rte_mbuf *m = as_it_came(w, a, pathlet, len, shared);

	if (m == NULL)
		return;
	m->ol_flags |= flag;
	w->recode->counters.as_is += flag == 0;
	feeder_push(w, link, m);
}

/* One transmission: at once if the link takes it, else when its turn comes. */
static void
transmit(struct worker *w, const struct arrival *a, struct recode_generation *g,
	struct recode_hop *hop, struct link *link, bool shared)
{
	struct rte_mbuf *m;

	if (link->owner == w->index && !feeder_goes(w, link)) {
		send_as_it_came(
			w, a, link, hop->pathlet, hop->pathlet_len, shared, packet_recode_flag);
		return;
	}
	m = fresh(w, g, hop, link, &a->session);
	if (likely(m != NULL))
		feeder_push(w, link, m);
	else
		send_as_it_came(w, a, link, hop->pathlet, hop->pathlet_len, shared, 0);
}

static void
send_branch(struct worker *w, const struct recode_session *session, const struct arrival *a,
	struct recode_generation *g, const struct pathlet_branch *branch, const uint8_t *pathlet,
	bool shared)
{
	struct link *link = id_map_find(&w->node->peers, branch->node);
	struct recode_hop *hop;
	uint32_t loss;
	uint8_t at;

	if (unlikely(link == NULL)) {
		w->counters.copies++;
		w->counters.drops[DROP_pathlet_unknown_hop]++;
		return;
	}
	at = a->contradicts ? RECODE_BRANCHES_MAX : get_branch(g, branch->node);
	/* Of what contradicts the generation the next hop has not said that it has it. */
	if (at < RECODE_BRANCHES_MAX && g->decoded[at] && !recode_in_doubt(g))
		return;
	hop = a->contradicts ? NULL : get_hop(g, at, pathlet, branch->len);
	loss = link_loss(link);
	if (hop == NULL || session->how == RECODE_NEVER || recode_in_doubt(g) ||
		(session->how == RECODE_LOSSY && loss >= loss_from(a->from))) {
		send_as_it_came(w, a, link, pathlet, branch->len, shared, 0);
		return;
	}
	/* As many as it takes for one to come through. */
	hop->credit += (uint32_t)((uint64_t)MILLION * MILLION / (MILLION - loss));
	while (hop->credit >= MILLION) {
		hop->credit -= MILLION;
		transmit(w, a, g, hop, link, shared);
	}
}

/*
 * What the generation learns of a packet's headers. False: it is final and has fewer source packets
 * than an earlier one spoke of, or an earlier one was and has fewer than it speaks of. Then nothing
 * is learned of it.
 */
static bool
learn(struct recode_generation *g, const struct arrival *a)
{
	uint32_t upstream = a->from != NULL ? a->from->node_id : 0;
	uint16_t n = a->h.kind == RLNC_SYSTEMATIC && !a->h.final ? (uint16_t)(a->h.index + 1)
								 : a->h.n;
	uint32_t stamp = rte_be_to_cpu_32(a->session.stamp);

	if (n > g->n ? g->final : a->h.final && n < g->n)
		return false;
	if (g->n == 0 || (int32_t)(stamp - rte_be_to_cpu_32(g->stamp)) < 0)
		g->stamp = a->session.stamp;
	g->n = RTE_MAX(g->n, n);
	g->final |= a->h.final;
	g->flags = a->session.flags & SESSION_DELAY_SENSITIVE;
	for (uint8_t i = 0; i < g->nb_upstreams; i++)
		if (g->upstreams[i] == upstream)
			return true;
	if (upstream != 0 && g->nb_upstreams < RECODE_UPSTREAMS_MAX)
		g->upstreams[g->nb_upstreams++] = upstream;
	return true;
}

/* Keeps the packet if it says anything new. True: a reference to it is the store's. */
static bool
keep(struct worker *w, struct recode_generation *g, const struct arrival *a)
{
	uint16_t skip = rlnc_header_bytes(&a->h);
	struct rlnc_symbol_head head;
	const struct rlnc_symbol_head *there;

	if (a->h.kind == RLNC_SYSTEMATIC) {
		head = rlnc_symbol_head(&a->session, (uint16_t)(a->m->pkt_len - skip));
	} else {
		there = rte_pktmbuf_read(a->m, skip, sizeof(head), &head);
		memcpy(&head, there, sizeof(head));
		skip += (uint16_t)sizeof(head);
	}
	return recode_keep(w, w->recode, g, &a->h, head, a->m, skip);
}

static void
add_reference(struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next)
		rte_mbuf_refcnt_update(m, 1);
}

bool
recode_input(struct worker *w, const struct recode_session *session, struct rte_mbuf *m,
	const struct pathlet_view *view)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct link *from = w->node->links[packet_meta(m)->index];
	struct arrival a = {.m = m, .from = from};
	uint8_t room[RLNC_HEADER_MAX];
	struct recode_generation *g;
	struct recode_key key;
	bool kept;

	packet_trim(m, (uint16_t)(view->length + sizeof(struct session_hdr)));
	m->ol_flags &= ~packet_sum_flag;
	a.session = *packet_session(m);
	(void)rlnc_header_read(m, room, &a.h);
	key = (struct recode_key){.conference = session->conference,
		.session = session->session,
		.first = rte_be_to_cpu_32(a.session.seq),
		.epoch = rte_be_to_cpu_16(a.session.epoch)};
	g = recode_get(w, w->recode, &key);
	a.contradicts = !learn(g, &a);
	g->against += a.contradicts ? 1 : -1;
	g->here |= view->destination && !a.contradicts;
	kept = session->how != RECODE_NEVER && !a.contradicts && keep(w, g, &a);
	if (kept && view->destination) {
		w->counters.copies++;
		add_reference(m);
	}
	for (uint8_t i = 0; i < view->nb_branches; i++)
		send_branch(w, session, &a, g, &view->branches[i], data + view->branches[i].off,
			view->destination);
	recode_tell_again(w, g);
	if (view->destination)
		return true;
	if (!kept) {
		w->counters.consumed++;
		rte_pktmbuf_free(m);
	}
	return false;
}

struct rte_mbuf *
recode_offer(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	const struct pathlet_hdr *pathlet = rte_pktmbuf_mtod(m, const struct pathlet_hdr *);
	const struct session_hdr *session = (const struct session_hdr *)((const uint8_t *)pathlet +
									 rte_be_to_cpu_16(
										 pathlet->length));
	struct recode_key key = {.conference = rte_be_to_cpu_32(session->conference),
		.session = rte_be_to_cpu_32(session->session),
		.first = rte_be_to_cpu_32(session->seq),
		.epoch = rte_be_to_cpu_16(session->epoch)};
	struct recode_generation *g = recode_find(w->recode, &key);
	uint8_t at = g != NULL ? find_branch(g, link->node_id) : RECODE_BRANCHES_MAX;
	struct rte_mbuf *instead = NULL;

	m->ol_flags &= ~packet_recode_flag;
	if (at >= RECODE_HOPS_MAX || recode_in_doubt(g))
		return m;
	if (!g->decoded[at]) {
		instead = fresh(w, g, &g->hops[at], link, session);
		if (instead == NULL)
			return m;
	}
	w->counters.consumed++;
	rte_pktmbuf_free(m);
	return instead;
}
