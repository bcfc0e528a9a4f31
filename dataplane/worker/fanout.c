/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_memcpy.h>

#include "fanout.h"
#include "feeder.h"

/* What one branch carries before the payload. */
static inline uint16_t
head_len(const struct fanout_branch *branch)
{
	return (uint16_t)(branch->pathlet_len + sizeof(struct session_hdr));
}

/* Pathlet and session header may lie in the very bytes that are written, so in this order. */
static void
write_head(uint8_t *p, const struct fanout_branch *branch, const struct session_hdr *session)
{
	struct session_hdr copy = *session;

	memmove(p, branch->pathlet, branch->pathlet_len);
	memcpy(p + branch->pathlet_len, &copy, sizeof(copy));
}

static void
send_in_place(struct worker *w, struct rte_mbuf *m, const struct session_hdr *session,
	const struct fanout_branch *branch)
{
	uint16_t len = head_len(branch);
	uint8_t *p = packet_prepend(m, len);

	write_head(p, branch, session);
	packet_sum_grow(m, p, len);
	feeder_push(w, branch->link, m);
}

/* Into another buffer; at the end of a path the Pathlet is a header only. */
static void
copy_head(uint8_t *p, const struct fanout_branch *branch, const struct session_hdr *session)
{
	if (likely(branch->pathlet_len == sizeof(struct pathlet_hdr)))
		memcpy(p, branch->pathlet, sizeof(struct pathlet_hdr));
	else
		memcpy(p, branch->pathlet, branch->pathlet_len);
	memcpy(p + branch->pathlet_len, session, sizeof(*session));
}

static inline bool
is_small(const struct rte_mbuf *m)
{
	return m->pkt_len <= FANOUT_COPY_MAX && m->nb_segs == 1;
}

/*
 * What a copy begins with is summed, if its payload's sum is known or the link wants it: that is
 * then found once for all copies.
 */
static void
sum_copy(struct rte_mbuf *head, struct rte_mbuf *m, const struct link *link, uint16_t len)
{
	const struct frame_template *t = link_header(link);

	if (!packet_sum_known(m)) {
		if (t == NULL || !frame_needs_sum(t, link->port->offloads))
			return;
		packet_sum_set(m, checksum_mbuf(m, 0));
	}
	packet_sum_set(head, packet_sum(m));
	packet_sum_grow(head, rte_pktmbuf_mtod(head, const void *), len);
}

static void
send_copied(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m,
	const struct session_hdr *session, const struct fanout_branch *branch)
{
	uint16_t len = head_len(branch), all = (uint16_t)(len + m->data_len);
	uint8_t *p = rte_pktmbuf_mtod(head, uint8_t *);

	copy_head(p, branch, session);
	rte_memcpy(p + len, rte_pktmbuf_mtod(m, const void *), m->data_len);
	if (likely(feeder_copy(w, branch->link, head, all, NULL)))
		return;
	head->data_len = all;
	head->pkt_len = all;
	sum_copy(head, m, branch->link, len);
	feeder_push(w, branch->link, head);
}

static void
send_chained(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m,
	const struct session_hdr *session, const struct fanout_branch *branch)
{
	uint16_t len = head_len(branch);
	uint8_t *p = rte_pktmbuf_mtod(head, uint8_t *);

	copy_head(p, branch, session);
	if (likely(feeder_copy(w, branch->link, head, len, m)))
		return;
	head->data_len = len;
	packet_chain(head, m);
	sum_copy(head, m, branch->link, len);
	feeder_push(w, branch->link, head);
}

/* One more reference for each of n holders, on every segment. */
static void
add_references(struct rte_mbuf *m, int16_t n)
{
	for (; m != NULL; m = m->next)
		rte_mbuf_refcnt_update(m, n);
}

void
fanout_send(struct worker *w, struct rte_mbuf *m, const struct session_hdr *session,
	const struct fanout_branch *branches, uint16_t n, bool keep)
{
	struct rte_mbuf *heads[FANOUT_MAX];

	w->counters.copies += n - 1u + keep;
	if (n == 1 && !keep &&
		packet_can_prepend(m, (uint16_t)(head_len(branches) + FRAME_TEMPLATE_BYTES))) {
		send_in_place(w, m, session, branches);
		return;
	}
	if (unlikely(rte_pktmbuf_alloc_bulk(w->header_pool, heads, n) != 0)) {
		w->counters.drops[DROP_no_buffer] += n;
		if (!keep)
			rte_pktmbuf_free(m);
		return;
	}
	if (is_small(m)) {
		for (uint16_t i = 0; i < n; i++)
			send_copied(w, heads[i], m, session, &branches[i]);
		if (!keep)
			rte_pktmbuf_free(m);
		return;
	}
	/* Before the first leaves: from then on its holder may free it. */
	if (n > 1 || keep)
		add_references(m, (int16_t)(n - 1 + keep));
	for (uint16_t i = 0; i < n; i++)
		send_chained(w, heads[i], m, session, &branches[i]);
}
