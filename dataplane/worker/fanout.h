/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One packet to several next hops without copying it (unless it is small): each branch gets a small
 * header buffer of its own (Pathlet and session header) chained to a reference of the one payload.
 * A single branch needs no header buffer when the packet's own headroom may be written.
 */
#ifndef FERRY_FANOUT_H
#define FERRY_FANOUT_H

#include "worker.h"

/*
 * A payload of no more bytes than this is copied into each header buffer: that costs less than a
 * reference to it, which is an atomic operation when it is given back, and one more buffer to free
 * (bench/README.md).
 */
#define FANOUT_COPY_MAX 128

#define FANOUT_MAX 85 /* branches that fit the largest Pathlet tree */

struct fanout_branch {
	struct link *link;
	const uint8_t *pathlet;
	uint16_t pathlet_len;
};

/*
 * Sends m (data begins at the payload) along each branch, n >= 1. m is taken; where keep is set the
 * caller keeps a reference of its own, for one more copy. Counts the copies made.
 */
void fanout_send(struct worker *w, struct rte_mbuf *m, const struct session_hdr *session,
	const struct fanout_branch *branches, uint16_t n, bool keep);

#endif
