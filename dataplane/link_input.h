/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link stage on receipt, as short as it can be: the next DATA datagram, in order, of the epoch
 * that the link is in. Everything else, and every refusal, is link_input's.
 */
#ifndef FERRY_LINK_INPUT_H
#define FERRY_LINK_INPUT_H

#include "link.h"
#include "node.h"
#include "packet.h"
#include "worker.h"

/* The configured peer with this NodeID and address on this port; NULL: unknown. */
static inline struct link *
link_find_sender(const struct worker *w, const struct port *port, rte_be32_t node,
	const struct address *source)
{
	struct link *link = id_map_find(&w->node->peers, rte_be_to_cpu_32(node));

	if (unlikely(link == NULL || link->port != port || !address_equal(&link->remote, source)))
		return NULL;
	return link;
}

/*
 * For a frame of which frame_is_link_data is true: returns the bytes that follow its link header,
 * which begin with a Pathlet, once the link has accepted and counted it; m stays as it came. -1:
 * nothing was counted.
 */
static inline int32_t
link_input_next(struct worker *w, const struct port *port, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct link_hdr *hdr = (const struct link_hdr *)(frame + FRAME_LINK_OFF);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)hdr - 1;
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)udp - 1;
	struct address source = address_ipv4(ip->src_addr);
	uint32_t bytes = rte_be_to_cpu_16(udp->dgram_len) - (uint32_t)sizeof(*udp);
	struct link *link = link_find_sender(w, port, hdr->node, &source);
	struct link_rx *rx;

	if (unlikely(
		    link == NULL || __atomic_load_n(&link->rx_owner, __ATOMIC_ACQUIRE) != w->index))
		return -1;
	rx = &link->rx;
	if (unlikely(rte_be_to_cpu_16(hdr->epoch) != rx->epoch || rx->window.received == 0 ||
		     rte_be_to_cpu_64(hdr->seq) != rx->window.highest + 1))
		return -1;
	seq_window_next(&rx->window);
	rx->packets++;
	rx->bytes += bytes;
	rx->heard_at = w->now;
	rx->rtt = rte_be_to_cpu_32(hdr->rtt);
	return (int32_t)(bytes - sizeof(*hdr));
}

#endif
