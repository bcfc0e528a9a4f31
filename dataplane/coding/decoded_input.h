/* SPDX-License-Identifier: BSD-3-Clause */
/* DECODED that came: the session's source stops repairing, a relay passes it on (WIRE.md, 7). */
#ifndef FERRY_DECODED_INPUT_H
#define FERRY_DECODED_INPUT_H

#include "link.h"
#include "worker.h"

/* Takes m, whose data begins with a whole struct decoded_body. False: it was dropped by name. */
bool decoded_input(struct worker *w, const struct link *link, struct rte_mbuf *m);

/*
 * The part of the session's owner: from is the NodeID of the neighbour that said it; or, if index
 * is DECODED_HERE, it is this node's own destination that has decoded, from what came by the link
 * whose index is from.
 */
#define DECODED_HERE UINT16_MAX

void decoded_owned(struct worker *w, struct rte_mbuf *m, uint16_t index, uint64_t from);

/*
 * A destination here has all of a generation, which came by a link (index): it is told, unless this
 * node also relays the generation. Takes m, whose data is the body.
 */
void decoded_here(struct worker *w, struct rte_mbuf *m, uint16_t neighbour);

#endif
