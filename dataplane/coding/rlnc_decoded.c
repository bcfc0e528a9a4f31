/* SPDX-License-Identifier: BSD-3-Clause */
#include "rlnc_decoded.h"
#include "decoded_input.h"
#include "destination.h"
#include "feeder.h"
#include "node.h"

static uint64_t
patience(const struct link *link)
{
	uint64_t us = rte_be_to_cpu_32(__atomic_load_n(&link->tx.rtt, __ATOMIC_RELAXED));

	return us != 0 ? us * 1000 : RLNC_DECODED_NS;
}

void
rlnc_decoded_tell(struct worker *w, const struct destination *dst, struct rlnc_block *block,
	uint16_t neighbour)
{
	struct link *link = __atomic_load_n(&w->node->links[neighbour], __ATOMIC_ACQUIRE);
	struct decoded_body body = {.conference = rte_cpu_to_be_32(dst->params.conference),
		.session = rte_cpu_to_be_32(dst->params.session),
		.seq = rte_cpu_to_be_32(block->first),
		.epoch = rte_cpu_to_be_16(dst->epoch)};
	struct rte_mbuf *m;

	/* The link may have been taken away since the packet came. */
	if (unlikely(link == NULL || link_header(link) == NULL) ||
		(block->told_at != 0 && w->now - block->told_at < patience(link)))
		return;
	m = rte_pktmbuf_alloc(w->pool);
	if (unlikely(m == NULL))
		return;
	block->told_at = w->now;
	memcpy(rte_pktmbuf_append(m, sizeof(body)), &body, sizeof(body));
	w->counters.originated++;
	w->progress++;
	decoded_here(w, m, neighbour);
}
