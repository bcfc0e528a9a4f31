/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_input6.h"

struct link *
link_claimed_sender6(const struct id_table *peers, const struct rte_mbuf *m)
{
	const struct link_frame6 *frame = rte_pktmbuf_mtod(m, const struct link_frame6 *);
	struct link *link;

	if (m->data_len < LINK_INPUT6_LEAST ||
		frame->eth.ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return NULL;
	link = id_table_find(peers, rte_be_to_cpu_32(frame->link.node));
	if (likely(link != NULL)) {
		rte_prefetch0(link);
		link_rx_prefetch(&link->rx);
		rte_prefetch0(&link->rx.head6);
		rte_prefetch0(&link->rx.head6.sum);
	}
	return link;
}

/* Is the checksum right, of which head is all but the len bytes behind the link header? */
static inline bool
verify(struct rte_mbuf *m, uint16_t head, const uint8_t *body, uint32_t len)
{
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (known == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	/* Or NONE, which has that bit too and is right without a right checksum (frame.c). */
	if (unlikely(known & RTE_MBUF_F_RX_L4_CKSUM_BAD))
		return false;
	if (likely(checksum_add(head, checksum_bytes(body, len)) == 0xffff))
		return true;
	/* The general path drops it by name, and need not sum it again. */
	m->ol_flags = (m->ol_flags & ~RTE_MBUF_F_RX_L4_CKSUM_MASK) | RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return false;
}

bool
link_input6_next(struct worker *w, const struct port *port, struct link *link, struct rte_mbuf *m,
	uint32_t *len)
{
	const struct link_frame6 *frame = rte_pktmbuf_mtod(m, const struct link_frame6 *);
	const uint16_t cut = sizeof(*frame) - sizeof(struct link_frame);
	uint32_t bytes, body;
	struct link_rx *rx;
	uint16_t head;
	uint64_t seq;

	if (unlikely(link == NULL || link->port != port || !link_frame_is_plain(m) ||
		     __atomic_load_n(&link->rx_owner, __ATOMIC_ACQUIRE) != w->index))
		return false;
	rx = &link->rx;
	seq = rte_be_to_cpu_64(frame->link.seq);
	if (unlikely(!link_head6_matches(&rx->head6, frame, m->data_len) ||
		     !seq_window_is_next(&rx->window, seq)))
		return false;
	bytes = rte_be_to_cpu_16(frame->udp.dgram_len) - (uint32_t)sizeof(frame->udp);
	body = bytes - (uint32_t)sizeof(frame->link);
	head = link_head6_sum(&rx->head6, frame);
	if (unlikely(!verify(m, head, (const uint8_t *)(frame + 1), body)))
		return false;
	seq_window_next(&rx->window, seq);
	rx->packets++;
	rx->bytes += bytes;
	rx->heard_at = w->now;
	rx->rtt = frame->link.rtt;
	rx->stamp = frame->link.stamp;
	m->data_off += cut;
	m->data_len -= cut;
	m->pkt_len -= cut;
	m->ol_flags = 0;
	/* With the right checksum all sums to 0xffff. */
	packet_sum_set(m, (uint16_t)~head);
	*len = body;
	return true;
}
