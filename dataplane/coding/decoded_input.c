/* SPDX-License-Identifier: BSD-3-Clause */
#include "decoded_input.h"
#include "feeder.h"
#include "node.h"
#include "packet.h"
#include "recode.h"
#include "rlnc_encoder.h"

static void
consume(struct worker *w, struct rte_mbuf *m)
{
	w->counters.consumed++;
	rte_pktmbuf_free(m);
}

static uint64_t
key_of(const struct decoded_body *body)
{
	return session_key(rte_be_to_cpu_32(body->conference), rte_be_to_cpu_32(body->session));
}

static struct decoded_body
body_of(const struct rte_mbuf *m)
{
	struct decoded_body body;
	const void *there = rte_pktmbuf_read(m, 0, sizeof(body), &body);

	memmove(&body, there, sizeof(body));
	return body;
}

/* Whose DECODED it is: that of the session's encoder or generations; LINK_NO_OWNER: nobody's. */
static uint16_t
owner_of(const struct node *node, uint64_t key)
{
	const struct source *source = id_map_find(&node->sources, key);
	const struct recode_session *recode;

	if (source != NULL)
		return source->encoder != NULL ? source->owner : LINK_NO_OWNER;
	recode = id_map_find(&node->recoded, key);
	return recode != NULL ? recode->owner : LINK_NO_OWNER;
}

bool
decoded_input(struct worker *w, const struct link *link, struct rte_mbuf *m)
{
	const struct decoded_body body = body_of(m);
	uint64_t key = key_of(&body);
	uint16_t owner = owner_of(w->node, key);

	if (owner == LINK_NO_OWNER && !key_set_has(&w->node->known, key)) {
		worker_drop(w, m, DROP_decoded_unknown);
		return false;
	}
	if (owner == w->index)
		decoded_owned(w, m, link->index, 0);
	else if (owner != LINK_NO_OWNER)
		worker_handover(w, owner, m, PACKET_DECODED, link->index, 0);
	else
		consume(w, m); /* a relay that sends on what comes has no use for it */
	return true;
}

static struct link *
link_at(const struct worker *w, uint16_t index)
{
	if (index >= w->node->max_links)
		return NULL;
	return __atomic_load_n(&w->node->links[index], __ATOMIC_ACQUIRE);
}

void
decoded_owned(struct worker *w, struct rte_mbuf *m, uint16_t index, uint64_t neighbour)
{
	const struct decoded_body body = body_of(m);
	struct recode_key key = {.conference = rte_be_to_cpu_32(body.conference),
		.session = rte_be_to_cpu_32(body.session),
		.first = rte_be_to_cpu_32(body.seq),
		.epoch = rte_be_to_cpu_16(body.epoch)};
	struct source *source = id_map_find(&w->node->sources, key_of(&body));
	struct link *link = link_at(w, index == DECODED_HERE ? (uint16_t)neighbour : index);

	if (index == DECODED_HERE) {
		/* Nobody else is to be waited for: the neighbour is told at once. */
		if (!recode_decoded(w, &key, 0) && link != NULL)
			feeder_push_control(w, link, LINK_DECODED, m);
		else
			consume(w, m);
		return;
	}
	/* The link may have been taken away while this waited. */
	if (link != NULL && source != NULL && source->owner == w->index &&
		source->encoder != NULL && source->epoch == key.epoch)
		rlnc_rateless_decoded(w, source->encoder, key.first, link->node_id);
	else if (link != NULL && w->recode != NULL)
		(void)recode_decoded(w, &key, link->node_id);
	consume(w, m);
}

void
decoded_here(struct worker *w, struct rte_mbuf *m, uint16_t neighbour)
{
	const struct decoded_body body = body_of(m);
	const struct recode_session *recode = id_map_find(&w->node->recoded, key_of(&body));
	struct link *link = link_at(w, neighbour);

	if (recode == NULL && link != NULL)
		feeder_push_control(w, link, LINK_DECODED, m);
	else if (recode == NULL)
		consume(w, m);
	else if (recode->owner == w->index)
		decoded_owned(w, m, DECODED_HERE, neighbour);
	else
		worker_handover(w, recode->owner, m, PACKET_DECODED, DECODED_HERE, neighbour);
}
