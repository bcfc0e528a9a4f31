/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The common packet of a coded session: the next source packet of a block code, as it is, of the
 * generation that the one before was of, while no combination waits there. It is delivered as
 * destination_line.h says, and held for its generation; nothing is computed.
 *
 * The destination's owner.
 */
#ifndef FERRY_RLNC_NEXT_H
#define FERRY_RLNC_NEXT_H

#include "destination_line.h"
#include "rlnc_receiver.h"

/* Of a session that is decoded. */
static inline enum destination_way
rlnc_next_way(const struct rlnc_receiver *r)
{
	return r->params.code == RLNC_BLOCK ? DESTINATION_CODED : DESTINATION_SLOW;
}

/*
 * Takes such a packet (data begins at the coding header) of a line whose way is DESTINATION_CODED,
 * or returns false, and has changed nothing. slice as destination_collect wants it.
 */
bool rlnc_next(struct worker *w, struct destination_line *line, struct rte_mbuf *m, uint64_t slice);

#endif
