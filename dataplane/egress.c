/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a destination's packets leave: a UDP address, a file, or a counting sink. */
#include "destination.h"
#include "headroom.h"
#include "node.h"
#include "tx_buffer.h"

/* A plain UDP datagram. The owner of a destination sends on its egress port. */
static void
egress_udp(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct frame_template *t = __atomic_load_n(&dst->header, __ATOMIC_ACQUIRE);
	struct port *port = w->node->ports[dst->egress_port];
	struct destination_counters *c = &dst->counters;
	struct tx_buffer *tx;
	uint16_t sum = 0;
	uint8_t *p;

	if (unlikely(t == NULL)) {
		c->egress_drops++;
		worker_drop(w, m, DROP_hop_unresolved);
		return;
	}
	if (unlikely(m->pkt_len > frame_payload_max(t))) {
		c->egress_drops++;
		c->oversize++;
		c->oversize_last = m->pkt_len;
		worker_drop(w, m, DROP_mtu_exceeded);
		return;
	}
	m = headroom_make(w, m, port->offloads, &c->flattened);
	if (unlikely(m == NULL)) {
		c->egress_drops++;
		return;
	}
	if (frame_needs_sum(t, port->offloads))
		sum = packet_sum_known(m) ? packet_meta(m)->sum : checksum_mbuf(m, 0);
	p = packet_prepend(m, t->total);
	/* Constant sizes; what they write too much is the packet's own headroom. */
	if (likely(t->total <= EGRESS_SHORT_HEADER))
		memcpy(p + t->total - EGRESS_SHORT_HEADER,
			t->bytes + FRAME_TEMPLATE_BYTES - EGRESS_SHORT_HEADER, EGRESS_SHORT_HEADER);
	else
		memcpy(p + t->total - FRAME_TEMPLATE_BYTES, t->bytes, FRAME_TEMPLATE_BYTES);
	packet_clear_flags(m);
	frame_finish(t, m, port->offloads, sum);
	dst->delivered.packets++;
	dst->delivered.bytes += m->pkt_len - t->total;
	tx = worker_tx(w, port);
	tx->delivered++;
	tx_buffer_add(w, tx, m, &dst->account);
}

/* The control thread writes files; what it cannot follow is dropped by name. */
static void
egress_file(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	uint32_t size = m->pkt_len;

	if (unlikely(rte_ring_sp_enqueue(dst->file, m) != 0)) {
		dst->counters.egress_drops++;
		worker_drop(w, m, DROP_egress_behind);
		return;
	}
	w->counters.delivered++;
	dst->delivered.packets++;
	dst->delivered.bytes += size;
}

void
egress_output(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	switch (dst->egress) {
	case EGRESS_UDP:
		egress_udp(w, dst, m);
		return;
	case EGRESS_FILE:
		egress_file(w, dst, m);
		return;
	default:
		w->counters.delivered++;
		dst->delivered.packets++;
		dst->delivered.bytes += m->pkt_len;
		rte_pktmbuf_free(m);
	}
}
