/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much repair it takes for a target: from the loss of the links that the session's flows begin
 * with, as this node sees it, and from that of the whole way, where somebody tells of it. What
 * links lose that nobody tells of is not known here.
 */
#include "link_loss.h"
#include "rlnc_encoder.h"

#define SMOOTH 8 /* generations over which loss is smoothed */

/* Loss of the next hop that loses most, of all the flow's. */
static uint32_t
flow_loss(const struct flow_plan *plan, const struct flow *flow)
{
	uint32_t most = 0;

	for (uint8_t i = 0; i < flow->nb_branches; i++)
		most = RTE_MAX(most, link_loss(plan->branches[flow->first_branch + i].link));
	return most;
}

/* Of a packet that takes any flow, by weight; millionths. */
static uint32_t
plan_loss(const struct flow_plan *plan)
{
	uint64_t sum = 0, weights = 0;

	for (uint16_t i = 0; i < plan->nb_flows; i++) {
		sum += (uint64_t)plan->flows[i].weight * flow_loss(plan, &plan->flows[i]);
		weights += plan->flows[i].weight;
	}
	return (uint32_t)(sum / weights);
}

/*
 * The greater of what the own links need and what the way does: that is of the own links too, but
 * some seconds old.
 */
uint32_t
rlnc_adaptive_repairs(struct rlnc_encoder *e, uint16_t n)
{
	const struct flow_plan *plan = __atomic_load_n(&e->source->plan, __ATOMIC_ACQUIRE);
	struct rlnc_adaptive *a = &e->adaptive;
	struct rlnc_way way = rlnc_encoder_way(e);
	uint32_t loss = plan_loss(plan),
		 most = (uint32_t)((uint64_t)n * e->params.bound / RLNC_SHARE_ONE);
	bool whole = !e->params.systematic;

	a->loss = a->loss == 0 ? loss : (a->loss * (SMOOTH - 1) + loss) / SMOOTH;
	/* To a thousandth: it is not computed anew for less. */
	loss = (a->loss + 999) / 1000;
	if (a->for_n == n && a->for_loss == loss && a->for_way.loss == way.loss &&
		a->for_way.regained == way.regained)
		return a->repairs;
	a->for_n = n;
	a->for_loss = loss;
	a->for_way = way;
	a->repairs = (uint16_t)RTE_MAX(
		rlnc_redundancy(n, loss * 1000, whole, e->params.residual, most),
		rlnc_redundancy_way(n, way, whole, e->params.residual, most));
	return a->repairs;
}
