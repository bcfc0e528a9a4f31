/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much repair it takes for a target: from the loss of the links that the session's flows begin
 * with. What is lost further on, relays that recode make up for.
 */
#include <math.h>

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
 * Share of source packets that stay lost, of n with r repairs, if each packet is lost with odds p,
 * each for itself: where more than r are lost, those that were.
 */
static double
residual(uint16_t n, uint32_t r, double p)
{
	double all = n + r, odds = pow(1 - p, all), sum = 0;

	for (uint32_t lost = 0; lost <= n + r; lost++) {
		if (lost > r)
			sum += odds * lost / all;
		odds *= (all - lost) / (lost + 1) * p / (1 - p);
	}
	return sum;
}

uint32_t
rlnc_adaptive_repairs(struct rlnc_encoder *e, uint16_t n)
{
	const struct flow_plan *plan = __atomic_load_n(&e->source->plan, __ATOMIC_ACQUIRE);
	struct rlnc_adaptive *a = &e->adaptive;
	uint32_t loss = plan_loss(plan),
		 most = (uint32_t)((uint64_t)n * e->params.bound / RLNC_SHARE_ONE);

	a->loss = a->loss == 0 ? loss : (a->loss * (SMOOTH - 1) + loss) / SMOOTH;
	/* To a thousandth: it is not computed anew for less. */
	loss = (a->loss + 999) / 1000;
	if (a->for_n == n && a->for_loss == loss)
		return a->repairs;
	a->for_n = n;
	a->for_loss = loss;
	a->repairs = 0;
	while (a->repairs < most &&
		residual(n, a->repairs, loss / 1e3) > e->params.residual / (double)RLNC_SHARE_ONE)
		a->repairs++;
	return a->repairs;
}
