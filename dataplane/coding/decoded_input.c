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
		decoded_owned(w, m, 0, link->node_id);
	else if (owner != LINK_NO_OWNER)
		worker_handover(w, owner, m, PACKET_DECODED, 0, link->node_id);
	else
		consume(w, m); /* a relay that sends on what comes has no use for it */
	return true;
}

/*
 * Who is at the end of the link with this index; NULL: nobody any more. From when a link is taken
 * away until its ring is emptied, once, it has its index still; but nobody may push into it.
 */
static struct link *
neighbour_at(const struct worker *w, uint16_t index)
{
	const struct link *link = NULL;

	if (index < w->node->max_links)
		link = __atomic_load_n(&w->node->links[index], __ATOMIC_ACQUIRE);
	return link != NULL ? id_map_find(&w->node->peers, link->node_id) : NULL;
}

/* Nobody else is to be waited for: the neighbour is told at once. */
static void
tell_neighbour(struct worker *w, struct rte_mbuf *m, uint16_t index)
{
	struct link *link = neighbour_at(w, index);

	if (link != NULL)
		feeder_push_control(w, link, LINK_DECODED, m);
	else
		consume(w, m);
}

void
decoded_owned(struct worker *w, struct rte_mbuf *m, uint16_t index, uint64_t from)
{
	const struct decoded_body body = body_of(m);
	struct recode_key key = {.conference = rte_be_to_cpu_32(body.conference),
		.session = rte_be_to_cpu_32(body.session),
		.first = rte_be_to_cpu_32(body.seq),
		.epoch = rte_be_to_cpu_16(body.epoch)};
	struct source *source = id_map_find(&w->node->sources, key_of(&body));

	if (index == DECODED_HERE) {
		if (recode_decoded(w, &key, 0))
			consume(w, m);
		else
			tell_neighbour(w, m, (uint16_t)from);
		return;
	}
	/* The neighbour may have been taken away while this waited. */
	if (unlikely(id_map_find(&w->node->peers, from) == NULL)) {
		worker_drop(w, m, DROP_link_unknown_peer);
		return;
	}
	if (source != NULL && source->owner == w->index && source->encoder != NULL &&
		source->epoch == key.epoch)
		rlnc_rateless_decoded(w, source->encoder, key.first, (uint32_t)from);
	else
		(void)recode_decoded(w, &key, (uint32_t)from);
	consume(w, m);
}

void
decoded_here(struct worker *w, struct rte_mbuf *m, uint16_t neighbour)
{
	const struct decoded_body body = body_of(m);
	const struct recode_session *recode = id_map_find(&w->node->recoded, key_of(&body));

	if (recode == NULL)
		tell_neighbour(w, m, neighbour);
	else if (recode->owner == w->index)
		decoded_owned(w, m, DECODED_HERE, neighbour);
	else
		worker_handover(w, recode->owner, m, PACKET_DECODED, DECODED_HERE, neighbour);
}
