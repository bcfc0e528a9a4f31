/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay of coded sessions: of each generation it keeps what is new (recode_store.h), and for each
 * packet that comes it may send one to each next hop that the packet's Pathlet names: not the
 * packet, but a random combination of all that has come by then, with the union of the Pathlets
 * that came for that next hop. Where a link has packets wait, the packet that came waits as a place
 * holder, and the combination is made when its turn comes.
 *
 * Which sessions are recoded here the control thread publishes. All packets of one are brought to
 * one worker, whose store they are kept in. On a link of another worker the combination is made
 * when it is handed over.
 */
#ifndef FERRY_RECODE_H
#define FERRY_RECODE_H

#include "node.h"
#include "pathlet.h"
#include "recode_store.h"
#include "worker.h"

enum recode_how {
	RECODE_NEVER, /* packets go on as they come; only who has decoded what is kept */
	RECODE_LOSSY, /* recoded for next hops whose links lose less than the one they came by */
	RECODE_ALWAYS,
};

/* Constant once published. */
struct recode_session {
	uint32_t conference, session;
	uint8_t how;	/* enum recode_how */
	uint16_t owner; /* worker */
};

/*
 * Is a DATA packet (data begins at the Pathlet, which was parsed) one of a session that is recoded
 * here, to be sent on? Then recode_input takes it; else NULL, and it goes on as any other.
 */
const struct recode_session *
recode_takes(const struct worker *w, const struct rte_mbuf *m, const struct pathlet_view *view);

/*
 * Takes m. True: it is not taken whole, but to be delivered here too; its data begins behind the
 * session header then. The packet's meta has the link that it came by in index.
 */
bool recode_input(struct worker *w, const struct recode_session *session, struct rte_mbuf *m,
	const struct pathlet_view *view);

/*
 * A place holder's turn has come on a link of ours. m is taken; returns what is to be sent instead,
 * which may be m. NULL: nothing is wanted any more.
 */
struct rte_mbuf *recode_offer(struct worker *w, struct link *link, struct rte_mbuf *m);

/*
 * A next hop (NodeID), or with 0 this node itself, has all of a generation: nothing goes there any
 * more, and when all have it the neighbours that it comes from are told. False: the generation is
 * not known, or (0) nobody but this node is to have it.
 */
bool recode_decoded(struct worker *w, const struct recode_key *key, uint32_t node);

/* A packet of the generation came: says again what was said, now and then. */
void recode_tell_again(struct worker *w, struct recode_generation *g);

static inline bool
recode_is_place_holder(const struct rte_mbuf *m)
{
	return (m->ol_flags & packet_recode_flag) != 0;
}

#endif
