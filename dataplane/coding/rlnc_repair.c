/* SPDX-License-Identifier: BSD-3-Clause */
/* Repair packets, and how any packet of a coded session leaves its source. */
#include "fanout.h"
#include "packet.h"
#include "rlnc_encoder.h"
#include "worker.h"

/* Room before a repair for all headers, if the buffer has it. */
#define HEADERS_MAX 640

/*
 * Flows in turn by weight, not at random: a generation has its share of each way, so that none has
 * more to make up for than it must. The flow goes that is most behind its share.
 */
static const struct flow *
next_flow(struct rlnc_encoder *e, const struct flow_plan *plan)
{
	const struct flow *flow = plan->flows;
	uint64_t all = 0;

	if (likely(plan->nb_flows == 1))
		return flow;
	for (uint16_t i = 0; i < plan->nb_flows; i++) {
		const struct flow *f = &plan->flows[i];

		e->flow_credit[f->id] += f->weight;
		all += f->weight;
		if (e->flow_credit[f->id] > e->flow_credit[flow->id])
			flow = f;
	}
	/* Weights may have changed: what is owed is never more than one round. */
	e->flow_credit[flow->id] -= RTE_MIN(e->flow_credit[flow->id], all);
	return flow;
}

void
rlnc_send(struct worker *w, struct rlnc_encoder *e, struct rte_mbuf *m, struct session_hdr *session,
	bool source_packet)
{
	struct source *source = e->source;
	const struct flow_plan *plan = __atomic_load_n(&source->plan, __ATOMIC_ACQUIRE);
	const struct flow *flow = next_flow(e, plan);
	struct fanout_branch branches[FANOUT_MAX];
	uint32_t bytes = m->pkt_len - RLNC_HEADER_BYTES;

	session->conference = rte_cpu_to_be_32(source->conference);
	session->session = rte_cpu_to_be_32(source->session);
	session->epoch = rte_cpu_to_be_16(source->epoch);
	session->flow_seq = rte_cpu_to_be_16(e->flow_seq[flow->id]++);
	session->flow = flow->id;
	source_branches(plan, flow, branches);
	fanout_send(w, m, session, branches, flow->nb_branches, source_packet);
	if (source_packet)
		source_count_sent(source, flow->state, bytes);
}

/* An empty packet with so many bytes of data. */
static void
make_room(struct rte_mbuf *m, uint16_t size)
{
	m->data_off = RTE_MIN((uint16_t)HEADERS_MAX, (uint16_t)(m->buf_len - size)) & ~1u;
	m->data_len = size;
	m->pkt_len = size;
}

/* Up to RLNC_OUTPUTS_MAX of them: false if there are no buffers. */
static bool
send_some(struct worker *w, struct rlnc_generation *g, bool final, uint16_t outs)
{
	const struct rlnc_held *vectors = g->vectors + g->start;
	uint16_t size = (uint16_t)(RLNC_HEADER_BYTES + rlnc_longest(vectors, g->n));
	struct rlnc_encoder *e = g->encoder;
	uint8_t coeffs[RLNC_OUTPUTS_MAX * RLNC_SPAN_MAX], *dst[RLNC_OUTPUTS_MAX];
	struct rlnc_header h = {
		.kind = RLNC_SEEDED, .code = e->params.code, .final = final, .n = (uint8_t)g->n};
	struct rte_mbuf *pkts[RLNC_OUTPUTS_MAX];

	if (unlikely(rte_pktmbuf_alloc_bulk(w->pool, pkts, outs) != 0))
		return false;
	for (uint16_t i = 0; i < outs; i++) {
		uint8_t *p;

		make_room(pkts[i], size);
		p = rte_pktmbuf_mtod(pkts[i], uint8_t *);
		h.seed = g->seed++;
		rlnc_header_write(&h, p);
		rlnc_seeds_coeffs(&e->seeds, h.seed, coeffs + i * g->n, h.n);
		dst[i] = p + RLNC_HEADER_BYTES;
	}
	rlnc_combine(vectors, g->n, coeffs, g->n, dst, outs);
	w->counters.originated += outs;
	e->counters.repairs += outs;
	for (uint16_t i = 0; i < outs; i++) {
		struct session_hdr session = {
			.seq = rte_cpu_to_be_32(g->first),
			.stamp = vectors[0].head.stamp,
			.flags = e->source->line->flags | SESSION_CODED,
		};

		rlnc_send(w, e, pkts[i], &session, false);
	}
	return true;
}

void
rlnc_send_repairs(struct worker *w, struct rlnc_generation *g, bool final, uint32_t count)
{
	while (count > 0 && g->n > 0) {
		uint16_t outs = (uint16_t)RTE_MIN(count, (uint32_t)RLNC_OUTPUTS_MAX);

		if (unlikely(!send_some(w, g, final, outs)))
			g->encoder->counters.starved += outs;
		count -= outs;
	}
}
