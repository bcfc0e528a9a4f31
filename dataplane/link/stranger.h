/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams of Ferry that are no neighbour's: a peer that is configured on one side only, or with
 * another id, address or port than it has. Each is dropped and counted (link_unknown_peer); of one
 * that goes on for a while an event says whose they are, a worker's once a minute at most. A
 * neighbour that was told of us earlier than we of it does not go on for so long.
 *
 * One stranger at a time is watched; once it was told of, or is silent, whoever else comes takes
 * its place. The worker's own.
 */
#ifndef FERRY_STRANGER_H
#define FERRY_STRANGER_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct port;
struct worker;

#define STRANGER_PATIENCE_NS UINT64_C(10000000000) /* it goes on for so long before an event */
#define STRANGER_PAUSE_NS    UINT64_C(12000000000) /* who only probes may be silent for 11 s */
#define STRANGER_AGAIN_NS    UINT64_C(60000000000) /* from one event to the next */

/* All 0 at first. Times in ns. */
struct stranger_watch {
	struct address address;
	const struct port *port; /* NULL: nobody is watched */
	uint32_t node;		 /* that it says to be */
	bool told;
	uint64_t since, last;
	uint64_t datagrams; /* since then, or since the event before */
	uint64_t next;	    /* no event before, whose ever */
};

/* A datagram came, from the node that it names at this address. */
void stranger_heard(
	struct worker *w, const struct port *port, uint32_t node, const struct address *source);

#endif
