/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_output.h"
#include "headroom.h"
#include "node.h"

static void
write_datagram(struct worker *w, struct link *link, const struct frame_template *t, uint8_t type,
	uint64_t seq, struct rte_mbuf *m)
{
	uint32_t offloads = link->port->offloads;
	bool needs_sum;
	const struct link_hdr *hdr;
	uint16_t sum = 0;

	/* A sum that came with the packet tells of damage done here; the port's would not. */
	if (packet_sum_known(m))
		offloads &= ~(uint32_t)PORT_TX_UDP_CHECKSUM;
	needs_sum = frame_needs_sum(t, offloads);
	if (needs_sum)
		sum = packet_sum_known(m) ? packet_meta(m)->sum : checksum_mbuf(m, 0);
	hdr = link_write_headers(w, link, t, m, type, seq);
	if (needs_sum)
		sum = checksum_add(sum, checksum_bytes(hdr, sizeof(*hdr)));
	(void)packet_prepend(m, t->total);
	packet_clear_flags(m);
	frame_finish(t, m, offloads, sum);
	if (type != LINK_DATA)
		frame_clear_ecn(t, m);
}

static void
drop_all(struct worker *w, struct link *link, struct rte_mbuf **pkts, uint16_t n,
	enum drop_reason reason)
{
	link->tx.drops += n;
	worker_drop_burst(w, pkts, n, reason);
}

void
link_output_drop(struct worker *w, struct link *link, struct rte_mbuf *m, enum drop_reason reason)
{
	if (reason == DROP_mtu_exceeded) {
		link->tx.oversize++;
		link->tx.oversize_last = m->pkt_len + sizeof(struct link_hdr);
	}
	drop_all(w, link, &m, 1, reason);
}

void
link_output(struct worker *w, struct link *link, uint8_t type, struct rte_mbuf **pkts, uint16_t n)
{
	const struct frame_template *t = link_header(link);
	struct link_tx *state = &link->tx;
	uint64_t *seq = type == LINK_DATA ? &state->seq : &state->seq_control;
	const struct tx_account *account = type == LINK_DATA ? &link->data : &link->control;
	uint32_t room;

	if (unlikely(t == NULL)) {
		drop_all(w, link, pkts, n, DROP_hop_unresolved);
		return;
	}
	room = frame_payload_max(t) - sizeof(struct link_hdr);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (unlikely(m->pkt_len > room)) {
			link_output_drop(w, link, m, DROP_mtu_exceeded);
			continue;
		}
		m = headroom_make(w, m, link->port->offloads, &state->flattened);
		if (unlikely(m == NULL)) {
			state->drops++;
			continue;
		}
		write_datagram(w, link, t, type, (*seq)++, m);
		++*account->packets;
		if (account->bytes != NULL)
			*account->bytes += m->pkt_len - account->headers;
		tx_buffer_add(w, link->out, m, account);
	}
}
