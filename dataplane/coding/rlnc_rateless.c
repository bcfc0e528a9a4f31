/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Repair without a rate: a generation gets as much as suffices half of the time at once, and more,
 * a little at a time, when it has not been said to be decoded in the time that this takes. How much
 * suffices is learnt: a bit more when it did not, a bit less when it did. It is given up at the
 * bound, or when no destination waits for it any more.
 */
#include "rlnc_encoder.h"
#include "worker.h"

#define STEP	    128			/* 2^-8 packets */
#define PATIENCE    UINT64_C(100000000) /* ns, while no time is known */
#define PATIENCE_1  UINT64_C(1000000)	/* at least */
#define IN_ROW	    3
#define BACKOFF_MAX 4  /* doublings */
#define MORE	    32 /* a share of the generation, then */

static uint64_t
patience(const struct rlnc_encoder *e)
{
	const struct rlnc_rateless *r = &e->rateless;

	if (r->srtt == 0)
		return PATIENCE << r->backoff;
	return RTE_MAX(r->srtt + 4 * r->rttvar, PATIENCE_1) << r->backoff;
}

/* RFC 6298, 2. */
static void
learn_time(struct rlnc_rateless *r, uint64_t took)
{
	uint64_t off = r->srtt > took ? r->srtt - took : took - r->srtt;

	if (r->srtt == 0) {
		r->srtt = took;
		r->rttvar = took / 2;
		return;
	}
	r->rttvar = (3 * r->rttvar + off) / 4;
	r->srtt = (7 * r->srtt + took) / 8;
}

/* A generation is decoded. Of a repeated repair it is not known which one it took (Karn). */
static void
learn(const struct worker *w, const struct rlnc_generation *g)
{
	struct rlnc_rateless *r = &g->encoder->rateless;
	uint64_t took = w->now - g->closed_at;

	if (g->again > 0)
		return;
	/* It would have been given up by then: this node stood still. */
	if (likely(took < g->encoder->params.deadline))
		learn_time(r, took);
	r->backoff = 0;
	r->in_row = 0;
	r->first -= RTE_MIN(r->first, (uint32_t)STEP);
}

static void
end_generation(struct worker *w, struct rlnc_generation *g)
{
	timer_stop(&w->wheel, &g->timer);
	rlnc_generation_release(w, g);
	g->closed = false;
}

/*
 * A generation that is not in use; if there is none, the oldest (RFC 1982; many may be closed at
 * one time), but not the current one, which just was closed, is given up.
 */
static struct rlnc_generation *
free_generation(struct worker *w, struct rlnc_encoder *e)
{
	struct rlnc_generation *oldest = NULL;

	for (uint16_t i = 0; i < e->nb_generations; i++) {
		struct rlnc_generation *g = &e->generations[i];

		if (!g->closed)
			return g;
		if (g != e->current && (oldest == NULL || (int32_t)(g->first - oldest->first) < 0))
			oldest = g;
	}
	e->counters.given_up++;
	end_generation(w, oldest);
	return oldest;
}

static uint32_t
most_repairs(const struct rlnc_generation *g)
{
	return (uint32_t)((uint64_t)g->n * g->encoder->params.bound / RLNC_SHARE_ONE);
}

/* Sends repair, no more than the bound allows. */
static void
send_repairs(struct worker *w, struct rlnc_generation *g, uint32_t count)
{
	uint32_t most = most_repairs(g);

	count = RTE_MIN(count, most > g->repairs ? most - g->repairs : 0);
	g->repairs += count;
	rlnc_send_repairs(w, g, true, count);
}

void
rlnc_rateless_close(struct worker *w, struct rlnc_generation *g)
{
	struct rlnc_encoder *e = g->encoder;
	uint64_t due = e->credit + (uint64_t)e->rateless.first * g->n / e->params.k;

	e->credit = due % 256;
	g->closed = true;
	g->closed_at = w->now;
	g->again = 0;
	g->nb_told = 0;
	g->repairs = 0;
	send_repairs(w, g, (uint32_t)(due / 256));
	timer_start(&w->wheel, &g->timer, w->now + patience(e));
	e->current = free_generation(w, e);
}

/* Packets that wait for the first links of the session's flows, where most do. */
static uint32_t
waiting(const struct rlnc_encoder *e)
{
	const struct flow_plan *plan = __atomic_load_n(&e->source->plan, __ATOMIC_ACQUIRE);
	uint32_t most = 0;

	for (uint16_t i = 0; i < plan->nb_flows; i++) {
		const struct flow *flow = &plan->flows[i];

		for (uint8_t k = 0; k < flow->nb_branches; k++) {
			const struct link *link = plan->branches[flow->first_branch + k].link;
			uint32_t here = __atomic_load_n(
				&link->feeder.drr.packets, __ATOMIC_RELAXED);

			most = RTE_MAX(most, here);
		}
	}
	return most;
}

void
rlnc_rateless_fire(struct worker *w, struct rlnc_generation *g)
{
	struct rlnc_encoder *e = g->encoder;

	if (g->repairs >= most_repairs(g) || w->now - g->closed_at >= e->params.deadline) {
		e->counters.given_up++;
		end_generation(w, g);
		return;
	}
	/* The answer is late because of what waits here: more would make it later. */
	if (waiting(e) > g->n / 4u) {
		timer_start(&w->wheel, &g->timer, w->now + patience(e));
		return;
	}
	if (g->again++ == 0) {
		e->rateless.first += STEP;
		/* Several in a row without an answer: it may well be the time that is too short. */
		if (e->rateless.in_row++ >= IN_ROW) {
			e->rateless.in_row = 0;
			e->rateless.backoff = RTE_MIN(e->rateless.backoff + 1, BACKOFF_MAX);
		}
	}
	send_repairs(w, g, 1 + g->n / MORE);
	timer_start(&w->wheel, &g->timer, w->now + patience(e));
}

/* All destinations have it if all that are behind one flow have: each flow reaches each of them. */
static bool
flow_has_told(
	const struct rlnc_generation *g, const struct flow_plan *plan, const struct flow *flow)
{
	for (uint8_t i = 0; i < flow->nb_branches; i++) {
		uint32_t node = plan->branches[flow->first_branch + i].link->node_id;
		bool told = false;

		for (uint8_t k = 0; k < g->nb_told; k++)
			told |= g->told[k] == node;
		if (!told)
			return false;
	}
	return true;
}

static void
note(struct rlnc_generation *g, uint32_t neighbour)
{
	for (uint8_t i = 0; i < g->nb_told; i++)
		if (g->told[i] == neighbour)
			return;
	if (g->nb_told < RLNC_TOLD_MAX)
		g->told[g->nb_told++] = neighbour;
}

void
rlnc_rateless_decoded(struct worker *w, struct rlnc_encoder *e, uint32_t first, uint32_t neighbour)
{
	const struct flow_plan *plan = __atomic_load_n(&e->source->plan, __ATOMIC_ACQUIRE);
	struct rlnc_generation *g = NULL;

	for (uint16_t i = 0; i < e->nb_generations; i++)
		if (e->generations[i].closed && e->generations[i].first == first)
			g = &e->generations[i];
	if (g == NULL)
		return;
	note(g, neighbour);
	for (uint16_t i = 0; i < plan->nb_flows; i++) {
		if (!flow_has_told(g, plan, &plan->flows[i]))
			continue;
		learn(w, g);
		e->counters.decoded++;
		end_generation(w, g);
		return;
	}
}
