/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames between workers and the underlay: ARP, neighbour discovery, ping. */
#include "ferryd.h"
#include "packet.h"

#define PUNTS_A_TURN 64

static void
serve_frame(struct ferryd *f, struct rte_mbuf *m, uint64_t now)
{
	uint8_t copy[UNDERLAY_FRAME_MAX];
	uint32_t len = RTE_MIN(m->pkt_len, (uint32_t)sizeof(copy));
	const uint8_t *frame = rte_pktmbuf_read(m, 0, len, copy);

	underlay_input(&f->underlay, now, packet_meta(m)->index, frame, len);
	rte_pktmbuf_free(m);
}

bool
punts_serve(struct ferryd *f, uint64_t now)
{
	struct rte_mbuf *pkts[PUNTS_A_TURN];
	bool any = false;

	for (uint16_t i = 0; i < f->node->nb_workers; i++) {
		unsigned int n = rte_ring_sc_dequeue_burst(
			f->node->workers[i]->punt, (void **)pkts, PUNTS_A_TURN, NULL);

		for (unsigned int k = 0; k < n; k++)
			serve_frame(f, pkts[k], now);
		any |= n > 0;
	}
	return any;
}

/* What finds no buffer or no room is lost, as on any network: whoever asked asks again. */
void
punts_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len)
{
	struct ferryd *f = ctx;
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->node->pool);
	char *data = m != NULL ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (data != NULL)
		memcpy(data, frame, len);
	if (data == NULL || node_inject(f->node, &f->ports[port].port, m) < 0) {
		f->frames_lost++;
		rte_pktmbuf_free(m);
	}
}
