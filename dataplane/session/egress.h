/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a destination delivers: the general path to any egress, and the fast path of a plain UDP
 * datagram on its egress port. The destination's owner only.
 */
#ifndef FERRY_EGRESS_H
#define FERRY_EGRESS_H

#include "destination.h"
#include "egress_header.h"
#include "node.h"
#include "packet.h"
#include "tx_buffer.h"

/* Gives a payload (data begins at it) to the egress, or drops it by name; m is taken. */
void egress_output(struct worker *w, struct destination *dst, struct rte_mbuf *m);

static inline const struct frame_template *
egress_header(const struct destination_line *line)
{
	return __atomic_load_n(&line->header, __ATOMIC_ACQUIRE);
}

/* Fetches what egress_send will touch besides the line: short headers and all that is read. */
static inline void
egress_prefetch(const struct destination_line *line)
{
	const struct frame_template *t = egress_header(line);

	if (likely(t != NULL))
		rte_prefetch0(t->bytes + FRAME_TEMPLATE_BYTES - EGRESS_SHORT_HEADER);
}

/* Goes out without further ado? */
static inline bool
egress_is_easy(const struct frame_template *t, const struct rte_mbuf *m)
{
	return t != NULL && m->nb_segs == 1 && m->pkt_len <= frame_payload_max(t) &&
	       packet_can_prepend(m, FRAME_TEMPLATE_BYTES);
}

/* Sends a payload that has room for headers; it is counted as delivered by the caller. */
static inline void
egress_send(struct worker *w, const struct destination_line *line, const struct frame_template *t,
	struct rte_mbuf *m)
{
	struct port *port = w->node->ports[line->egress_port];
	struct tx_buffer *tx = worker_tx(w, port);
	uint16_t sum = 0;
	uint8_t *p;

	if (unlikely(frame_needs_sum(t, port->offloads))) {
		sum = packet_sum_known(m) ? packet_meta(m)->sum : checksum_mbuf(m, 0);
	}
	p = packet_prepend(m, t->total);
	/* Constant sizes; what they write too much is the packet's own headroom. */
	if (likely(t->total <= EGRESS_SHORT_HEADER))
		memcpy(p + t->total - EGRESS_SHORT_HEADER,
			t->bytes + FRAME_TEMPLATE_BYTES - EGRESS_SHORT_HEADER, EGRESS_SHORT_HEADER);
	else
		memcpy(p + t->total - FRAME_TEMPLATE_BYTES, t->bytes, FRAME_TEMPLATE_BYTES);
	memcpy(p + t->total - sizeof(struct rte_udp_hdr), line->ports, sizeof(line->ports));
	packet_clear_flags(m);
	frame_finish(t, m, port->offloads, sum);
	tx->delivered++;
	tx_buffer_add(w, tx, m, tx_account_later(line));
}

#endif
