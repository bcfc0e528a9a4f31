/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams of Ferry that are no neighbour's: a peer that is configured on one side only, or with
 * another id, address or port than it has. Each is dropped and counted (link_unknown_peer); where
 * they go on for a while, an event says whose they are, once a minute at most. A neighbour that was
 * told of us earlier than we of it is none for so long.
 *
 * The worker's own.
 */
#ifndef FERRY_STRANGER_H
#define FERRY_STRANGER_H

#include <stdint.h>

struct address;
struct port;
struct worker;

#define STRANGER_PAUSE_NS    UINT64_C(5000000000)  /* who was silent so long has gone */
#define STRANGER_PATIENCE_NS UINT64_C(10000000000) /* they go on for so long before an event */
#define STRANGER_AGAIN_NS    UINT64_C(60000000000) /* from one event to the next */

/* All 0 at first. Times in ns. */
struct stranger_watch {
	uint64_t since;	    /* the first of those that went on */
	uint64_t last;	    /* 0: none yet */
	uint64_t next;	    /* no event before */
	uint64_t datagrams; /* since the event before */
};

/* One came, from the node that it names at this address. */
void stranger_heard(
	struct worker *w, const struct port *port, uint32_t node, const struct address *source);

#endif
