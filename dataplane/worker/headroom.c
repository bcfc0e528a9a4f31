/* SPDX-License-Identifier: BSD-3-Clause */
#include "headroom.h"

/* A copy in one piece, which keeps what is known of the packet; m is freed. */
static struct rte_mbuf *
flatten(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *copy;

	/* DPDK does not copy an empty packet. */
	copy = m->pkt_len > 0 ? rte_pktmbuf_copy(m, w->pool, 0, UINT32_MAX)
			      : rte_pktmbuf_alloc(w->pool);
	rte_pktmbuf_free(m);
	if (copy != NULL && copy->nb_segs > 1) {
		rte_pktmbuf_free(copy);
		return NULL;
	}
	return copy;
}

/* m behind a header buffer of its own; on failure m is freed. */
static struct rte_mbuf *
chain(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(w->header_pool);

	if (head == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	packet_chain(head, m);
	if (packet_sum_known(m))
		packet_sum_set(head, packet_meta(m)->sum);
	return head;
}

/* Headers may stand before data that a decoder still reads, if nobody else has a hold of it. */
static bool
held_can_prepend(const struct rte_mbuf *m)
{
	return (m->ol_flags & packet_held_flag) != 0 && rte_mbuf_refcnt_read(m) == 2 &&
	       RTE_MBUF_DIRECT(m) && m->data_off >= FRAME_TEMPLATE_BYTES;
}

struct rte_mbuf *
headroom_make_slow(struct worker *w, struct rte_mbuf *m, uint32_t offloads, uint64_t *flattened)
{
	if (!packet_can_prepend(m, FRAME_TEMPLATE_BYTES) && !held_can_prepend(m))
		m = chain(w, m);
	if (m != NULL && m->nb_segs > 1 && !(offloads & PORT_TX_CHAINS)) {
		m = flatten(w, m);
		*flattened += m != NULL;
	}
	if (m == NULL)
		w->counters.drops[DROP_no_buffer]++;
	return m;
}
