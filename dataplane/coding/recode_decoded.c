/* SPDX-License-Identifier: BSD-3-Clause */
/* DECODED at a relay: kept for each branch, passed on when all have said it. */
#include "feeder.h"
#include "node.h"
#include "recode.h"

/* What was said is said again no sooner. */
#define AGAIN_NS UINT64_C(1000000)

static bool
is_done(const struct recode_generation *g)
{
	for (uint8_t i = 0; i < g->nb_branches; i++)
		if (!g->decoded[i])
			return false;
	return g->nb_branches > 0 && !g->more && (!g->here || g->here_decoded) &&
	       !recode_in_doubt(g);
}

static void
tell(struct worker *w, const struct recode_generation *g, struct link *link)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->header_pool);
	struct decoded_body body = {.conference = rte_cpu_to_be_32(g->key.conference),
		.session = rte_cpu_to_be_32(g->key.session),
		.seq = rte_cpu_to_be_32(g->key.first),
		.epoch = rte_cpu_to_be_16(g->key.epoch)};

	if (m == NULL)
		return;
	memcpy(rte_pktmbuf_append(m, sizeof(body)), &body, sizeof(body));
	w->counters.originated++;
	w->progress++;
	feeder_push_control(w, link, LINK_DECODED, m);
}

static void
tell_all(struct worker *w, struct recode_generation *g)
{
	g->told_at = w->now;
	for (uint8_t i = 0; i < g->nb_upstreams; i++) {
		struct link *link = id_map_find(&w->node->peers, g->upstreams[i]);

		if (link != NULL && link_header(link) != NULL)
			tell(w, g, link);
	}
}

bool
recode_decoded(struct worker *w, const struct recode_key *key, uint32_t node)
{
	struct recode_generation *g = w->recode != NULL ? recode_find(w->recode, key) : NULL;

	if (g == NULL || g->nb_branches == 0)
		return false;
	g->here_decoded |= node == 0;
	for (uint8_t i = 0; i < g->nb_branches; i++)
		g->decoded[i] |= g->branches[i] == node;
	if (is_done(g) && g->told_at == 0)
		tell_all(w, g);
	return true;
}

void
recode_tell_again(struct worker *w, struct recode_generation *g)
{
	if (g->told_at != 0 && w->now - g->told_at >= AGAIN_NS && is_done(g))
		tell_all(w, g);
}
