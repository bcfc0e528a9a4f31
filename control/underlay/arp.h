/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826) with announcements (RFC 5227). Part of the underlay. */
#ifndef FERRY_ARP_H
#define FERRY_ARP_H

#include "underlay.h"

/* What follows the Ethernet header of type 0x0806. Returns what the frame is counted as. */
enum underlay_counter arp_input(struct underlay *u, const struct underlay_rx *rx);

/* Asks for target's MAC, by broadcast or (at not NULL) at the MAC that it had. */
void arp_request(struct underlay *u, const struct underlay_if *port,
	const struct underlay_addr *target, const struct rte_ether_addr *at);

/* Announces one of the port's own addresses. */
void
arp_announce(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *own);

#endif
