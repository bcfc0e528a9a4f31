/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link stage on departure: its fast path for a DATA packet in one piece whose headroom may be
 * written, over IPv4; link_output, the general path, for everything else. The link's owner.
 */
#ifndef FERRY_LINK_OUTPUT_H
#define FERRY_LINK_OUTPUT_H

#include "link.h"
#include "packet.h"
#include "tx_buffer.h"
#include "worker.h"

/*
 * Sends packets: DATA whose first bytes are the next hop's Pathlet, or one of the other types (enum
 * link_type) whose data is its body. All packets are taken; what cannot be sent is dropped by name.
 */
void
link_output(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf **pkts, uint16_t n);

/* Why a packet cannot leave by the link, whenever its time comes; DROP_none: it can. */
static inline enum drop_reason
link_output_refuses(const struct link *link, const struct rte_mbuf *m)
{
	const struct frame_template *t = link_header(link);

	if (unlikely(t == NULL))
		return DROP_hop_unresolved;
	return m->pkt_len + sizeof(struct link_hdr) > frame_payload_max(t) ? DROP_mtu_exceeded
									   : DROP_none;
}

/* Drops such a packet, for that reason. */
void
link_output_drop(struct worker *w, struct link *link, struct rte_mbuf *m, enum drop_reason reason);

/* Not shared, in one segment, with the headroom that the prepared headers need. */
static inline bool
link_output_is_plain(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) == 1 && m->nb_segs == 1 &&
	       m->data_off >= FRAME_TEMPLATE_BYTES && RTE_MBUF_DIRECT(m);
}

/* Writes the prepared headers before the packet, all but what frame_finish fills. */
static inline struct link_hdr *
link_write_headers(struct worker *w, struct link *link, const struct frame_template *t,
	struct rte_mbuf *m, uint8_t type, uint64_t seq)
{
	uint8_t *body = rte_pktmbuf_mtod(m, uint8_t *);
	struct link_hdr *hdr = (struct link_hdr *)body - 1;
	rte_be32_t stamp = w->stamp, rtt = link->tx.rtt;

	/* A constant size; what it writes before the frame is this packet's own headroom. */
	memcpy(body - FRAME_TEMPLATE_BYTES, t->bytes, FRAME_TEMPLATE_BYTES);
	hdr->version_type = (uint8_t)(LINK_VERSION << 4 | type);
	hdr->seq = rte_cpu_to_be_64(seq);
	hdr->stamp = stamp;
	hdr->rtt = rtt;
	return hdr;
}

/*
 * Writes the headers of the next DATA frame, of total bytes in all, over untagged IPv4 (len bytes
 * behind them fit t->transit_room), and counts it.
 */
static inline void
link_write_frame(const struct worker *w, struct link *link, const struct frame_template *t,
	struct link_frame *f, uint32_t total)
{
	uint32_t ip_len = total - (uint32_t)sizeof(f->eth);

	memcpy(f, t->bytes + FRAME_TEMPLATE_BYTES - sizeof(*f),
		offsetof(struct link_frame, link.seq));
	f->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(ip_len - sizeof(f->ip)));
	f->ip.total_length = rte_cpu_to_be_16((uint16_t)ip_len);
	f->ip.hdr_checksum = (uint16_t)~checksum_add(t->ip_sum, f->ip.total_length);
	f->link.seq = rte_cpu_to_be_64(link->tx.seq++);
	f->link.stamp = w->stamp;
	f->link.rtt = link->tx.rtt;
	link->tx.bytes += total - offsetof(struct link_frame, link);
	link->tx.packets++;
}

/* link_output_transit and link_output_data, for links of which those know nothing: over IPv6. */
bool link_output6_transit(struct worker *w, struct link *link, struct rte_mbuf *m, uint32_t len);
void link_output6_data(struct worker *w, struct link *link, struct rte_mbuf *m);

/*
 * Sends a DATA frame in transit: m as it came, in one piece and nobody else's, is a struct
 * link_frame, this node's Pathlet, and len bytes that go on. New headers of the same size (untagged
 * IPv4) take the place of the old, one Pathlet further on. False: not on this link, or not so many
 * bytes; m is as it was.
 */
static inline bool
link_output_transit(struct worker *w, struct link *link, struct rte_mbuf *m, uint32_t len)
{
	const struct frame_template *t = link_header(link);
	uint32_t total = len + (uint32_t)sizeof(struct link_frame);
	uint16_t off = m->data_off + (uint16_t)sizeof(struct pathlet_hdr);

	if (unlikely(t == NULL || len > t->transit_room))
		return link_output6_transit(w, link, m, len);
	link_write_frame(w, link, t, RTE_PTR_ADD(m->buf_addr, off), total);
	m->data_off = off;
	m->data_len = (uint16_t)total;
	m->pkt_len = total;
	m->ol_flags = 0;
	tx_buffer_add(w, link->out, m, &link->data);
	return true;
}

/*
 * Sends one copy of several: head, a fresh header buffer that begins with what goes before the
 * payload, len bytes, and a reference of the payload (NULL: it is among them). False: not on this
 * link, or not so many bytes; nothing has changed.
 */
static inline bool
link_output_copy(struct worker *w, struct link *link, struct rte_mbuf *head, uint16_t len,
	struct rte_mbuf *payload)
{
	const struct frame_template *t = link_header(link);
	uint32_t rest = len + (payload != NULL ? payload->pkt_len : 0);
	struct link_frame *frame;

	if (unlikely(t == NULL || rest > t->transit_room ||
		     (payload != NULL && !(link->port->offloads & PORT_TX_CHAINS))))
		return false;
	frame = rte_pktmbuf_mtod(head, struct link_frame *) - 1;
	link_write_frame(w, link, t, frame, (uint32_t)sizeof(*frame) + rest);
	head->data_off -= (uint16_t)sizeof(*frame);
	head->data_len = (uint16_t)(sizeof(*frame) + len);
	head->pkt_len = (uint32_t)sizeof(*frame) + rest;
	if (payload != NULL) {
		head->nb_segs = (uint16_t)(payload->nb_segs + 1);
		head->next = payload;
	}
	tx_buffer_add(w, link->out, head, &link->data);
	return true;
}

/* Sends a DATA packet on a link that this worker owns; m is taken. */
static inline void
link_output_data(struct worker *w, struct link *link, struct rte_mbuf *m)
{
	const struct frame_template *t = link_header(link);
	uint32_t total;

	if (unlikely(t == NULL || !link_output_is_plain(m) || m->pkt_len > t->plain_room)) {
		link_output6_data(w, link, m);
		return;
	}
	total = t->total;
	link->tx.packets++;
	link->tx.bytes += m->pkt_len + sizeof(struct link_hdr);
	(void)link_write_headers(w, link, t, m, LINK_DATA, link->tx.seq++);
	(void)packet_prepend(m, (uint16_t)total);
	packet_clear_flags(m);
	frame_finish(t, m, 0, 0);
	tx_buffer_add(w, link->out, m, &link->data);
}

#endif
