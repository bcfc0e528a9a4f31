/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Pathlet stage: what does the Pathlet of this DATA datagram ask of this node? Delivery here, a
 * copy for each inner Pathlet's next hop, or both.
 */
#ifndef FERRY_FORWARD_H
#define FERRY_FORWARD_H

#include "worker.h"

/* Takes DATA datagrams whose data begins at the Pathlet, accepted by their links. */
void forward_input(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/* Takes a packet for a destination here: data at the payload, the session header before it. */
void forward_deliver(struct worker *w, struct rte_mbuf *m);

#endif
