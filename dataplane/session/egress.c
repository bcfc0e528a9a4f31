/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a destination's packets leave: a UDP address, a file, or a counting sink. */
#include "egress.h"
#include "headroom.h"

static void
egress_udp(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct frame_template *t = egress_header(dst->line);
	struct port *port = dst->params.egress_port;
	struct destination_counters *c = &dst->counters;

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
	dst->delivered.packets++;
	dst->delivered.bytes += m->pkt_len;
	egress_send(w, dst->line, t, m);
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
	switch (dst->params.egress) {
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
