/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link stage on departure over untagged IPv6. A UDP checksum follows from the sum of what is
 * sent on (RFC 1624), known from the checksum that it came with: damage done here stays visible.
 */
#include "link_output.h"

/*
 * Writes the headers of the next DATA frame, of total bytes in all, and counts it; body is the sum
 * of what follows its link header, not folded.
 */
static inline void
write_frame(const struct worker *w, struct link *link, const struct frame_template *t,
	struct link_frame6 *f, uint32_t total, uint64_t body)
{
	memcpy(f, t->bytes + FRAME_TEMPLATE_BYTES - sizeof(*f),
		offsetof(struct link_frame6, link.seq));
	f->link.seq = rte_cpu_to_be_64(link->tx.seq++);
	f->link.stamp = w->stamp;
	f->link.rtt = link->tx.rtt;
	link_frame6_finish(f, t->ipv6_sum, total, body);
	link->tx.bytes += total - offsetof(struct link_frame6, link);
	link->tx.packets++;
}

/* Without a sum of it the port may find one. */
static inline bool
wants_sum(const struct link *link, const struct rte_mbuf *m)
{
	return packet_sum_known(m) || !(link->port->offloads & PORT_TX_UDP_CHECKSUM);
}

bool
link_output6_transit(struct worker *w, struct link *link, struct rte_mbuf *m, uint32_t len)
{
	const struct link_frame *old = rte_pktmbuf_mtod(m, const struct link_frame *);
	const struct pathlet_hdr *own = (const struct pathlet_hdr *)(old + 1);
	const uint16_t longer = sizeof(struct link_frame6) - sizeof(*old) - sizeof(*own);
	const struct frame_template *t = link_header(link);
	uint32_t total = len + (uint32_t)sizeof(struct link_frame6);
	uint64_t body;

	if (unlikely(
		    t == NULL || len > t->ipv6_room || m->data_off < longer || !wants_sum(link, m)))
		return false;
	if (likely(packet_sum_known(m)))
		body = packet_sum(m) + link_frame6_without(own);
	else
		body = checksum_bytes(own + 1, len);
	write_frame(w, link, t, (struct link_frame6 *)((uintptr_t)(own + 1)) - 1, total, body);
	m->data_off -= longer;
	m->data_len = (uint16_t)total;
	m->pkt_len = total;
	m->ol_flags = 0;
	tx_buffer_add(w, link->out, m, &link->data);
	return true;
}

void
link_output6_data(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	const struct frame_template *t = link_header(link);
	struct link_frame6 *frame = rte_pktmbuf_mtod(m, struct link_frame6 *) - 1;
	uint32_t total = m->pkt_len + (uint32_t)sizeof(*frame);

	if (unlikely(t == NULL || m->pkt_len > t->ipv6_room ||
		     !packet_can_prepend(m, FRAME_TEMPLATE_BYTES) ||
		     (m->nb_segs > 1 && !(link->port->offloads & PORT_TX_CHAINS)) ||
		     !wants_sum(link, m))) {
		link_output(w, link, LINK_DATA, &m, 1);
		return;
	}
	write_frame(w, link, t, frame, total,
		packet_sum_known(m) ? packet_sum(m) : checksum_mbuf(m, 0));
	(void)packet_prepend(m, sizeof(*frame));
	packet_clear_flags(m);
	tx_buffer_add(w, link->out, m, &link->data);
}
