/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The common packets of a coded session, those of a block code on the line's flow that come in the
 * order in which they were sent:
 *
 * - the next source packet, as it is, while no combination waits in its generation. It is delivered
 *   as destination_line.h says, and held for its generation; nothing is computed. Packets of one
 *   generation form a run: what the run says, that they are known, is told to the generation, and
 *   to the accounting of the flow, once it ends. Whoever looks at generations ends it first.
 * - a combination of the generation that was looked up last, if that is decoded: it says nothing
 *   new.
 *
 * The destination's owner.
 */
#ifndef FERRY_RLNC_IN_ORDER_H
#define FERRY_RLNC_IN_ORDER_H

#include "destination_line.h"
#include "rlnc_receiver.h"

/* Of a session that is decoded. */
static inline enum destination_way
rlnc_in_order_way(const struct rlnc_receiver *r)
{
	return r->params.code == RLNC_BLOCK ? DESTINATION_CODED : DESTINATION_SLOW;
}

/*
 * Takes such packets (data begins at the coding header) of a line whose way is DESTINATION_CODED,
 * up to the first that is none. Returns how many it took; it has said nothing of the others. slice
 * as destination_collect wants it.
 */
uint16_t rlnc_in_order(struct worker *w, struct destination_line *line, struct rte_mbuf **pkts,
	uint16_t n, uint64_t slice);

/* Ends the run, if there is one. */
void rlnc_run_end(struct rlnc_receiver *r);

#endif
