/* SPDX-License-Identifier: BSD-3-Clause */
/* link_input.h's fast path over IPv6, for frames of which that knows nothing. */
#ifndef FERRY_LINK_INPUT6_H
#define FERRY_LINK_INPUT6_H

#include "link_input.h"

#define LINK_INPUT6_LEAST                                                                          \
	(LINK_INPUT_LEAST - sizeof(struct link_frame) + sizeof(struct link_frame6))

/*
 * The neighbour that a frame says it is from, if it is a Ferry frame over IPv6, its state on the
 * way to the cache; NULL: none.
 */
struct link *link_claimed_sender6(const struct id_table *peers, const struct rte_mbuf *m);

/*
 * Judges a frame that says it is link's (NULL: no neighbour's). True: the link has accepted and
 * counted it, its UDP checksum is right, and *len bytes follow its link header and begin with a
 * Pathlet; their sum is the packet's. What lies before the link header was cut to the size of a
 * struct link_frame, so that all that follows need not know what it came over. False: nothing was
 * counted, m is as it came, but that a wrong checksum is noted as if the port had found it.
 */
bool link_input6_next(struct worker *w, const struct port *port, struct link *link,
	struct rte_mbuf *m, uint32_t *len);

#endif
