/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_memcpy.h>

#include "headroom.h"
#include "link.h"
#include "node.h"
#include "tx_buffer.h"

static inline void
write_headers(struct worker *w, struct link *link, const struct frame_template *t, uint8_t type,
	uint64_t seq, struct rte_mbuf *m)
{
	uint32_t offloads = link->port->offloads;
	bool needs_sum = frame_needs_sum(t, offloads);
	struct link_hdr *hdr;
	uint16_t sum = 0;
	uint8_t *p;

	if (unlikely(needs_sum))
		sum = packet_sum_known(m) ? packet_meta(m)->sum : checksum_mbuf(m, 0);
	p = packet_prepend(m, t->total);
	/* A constant size; what it writes before the frame is this packet's own headroom. */
	rte_memcpy(p + t->total - FRAME_TEMPLATE_BYTES, t->bytes, FRAME_TEMPLATE_BYTES);
	hdr = (struct link_hdr *)(p + t->total - sizeof(*hdr));
	hdr->version_type = LINK_VERSION << 4 | type;
	hdr->seq = rte_cpu_to_be_64(seq);
	hdr->stamp = w->stamp;
	hdr->rtt = rte_cpu_to_be_32(link->tx.rtt);
	packet_clear_flags(m);
	if (unlikely(needs_sum))
		sum = checksum_add(sum, checksum_bytes(hdr, sizeof(*hdr)));
	frame_finish(t, m, offloads, sum);
}

static void
drop_all(struct worker *w, struct link *link, struct rte_mbuf **pkts, uint16_t n,
	enum drop_reason reason)
{
	link->tx.drops += n;
	worker_drop_burst(w, pkts, n, reason);
}

void
link_output(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf **pkts, uint16_t n)
{
	const struct frame_template *t = link_header(link);
	struct tx_buffer *tx = worker_tx(w, link->port);
	struct link_tx *state = &link->tx;
	uint64_t *packets = type == LINK_DATA ? &state->packets : &state->control;
	uint64_t *bytes = type == LINK_DATA ? &state->bytes : NULL;
	uint64_t *seq = type == LINK_DATA ? &state->seq : &state->seq_control;
	uint32_t room;

	if (unlikely(t == NULL)) {
		drop_all(w, link, pkts, n, DROP_hop_unresolved);
		return;
	}
	if (unlikely(!port_is_up(link->port))) {
		drop_all(w, link, pkts, n, DROP_port_down);
		return;
	}
	room = frame_payload_max(t) - sizeof(struct link_hdr);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		uint16_t size;

		if (unlikely(m->pkt_len > room)) {
			state->oversize++;
			state->oversize_last = m->pkt_len + sizeof(struct link_hdr);
			drop_all(w, link, &m, 1, DROP_mtu_exceeded);
			continue;
		}
		m = headroom_make(w, m, link->port->offloads, &state->flattened);
		if (unlikely(m == NULL)) {
			state->drops++;
			continue;
		}
		size = (uint16_t)(m->pkt_len + sizeof(struct link_hdr));
		write_headers(w, link, t, type, (*seq)++, m);
		tx_buffer_add(w, tx, m, packets, bytes, &state->drops, size, false);
	}
}
