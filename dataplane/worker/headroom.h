/* SPDX-License-Identifier: BSD-3-Clause */
/* Room for prepared headers before a packet, whatever it is made of. */
#ifndef FERRY_HEADROOM_H
#define FERRY_HEADROOM_H

#include "frame.h"
#include "packet.h"
#include "worker.h"

/* The slow branch of headroom_make. */
struct rte_mbuf *
headroom_make_slow(struct worker *w, struct rte_mbuf *m, uint32_t offloads, uint64_t *flattened);

/*
 * m in a form before whose data FRAME_TEMPLATE_BYTES may be written, and which a port of these
 * offloads can send: as it is, with a header buffer chained before it, or copied into one piece
 * (then *flattened grows by one). NULL when no buffer was to be had; m is freed then and the drop
 * counted.
 */
static inline struct rte_mbuf *
headroom_make(struct worker *w, struct rte_mbuf *m, uint32_t offloads, uint64_t *flattened)
{
	if (likely(packet_can_prepend(m, FRAME_TEMPLATE_BYTES) &&
		    (m->nb_segs == 1 || (offloads & PORT_TX_CHAINS))))
		return m;
	return headroom_make_slow(w, m, offloads, flattened);
}

#endif
