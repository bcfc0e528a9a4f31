/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 neighbour discovery (RFC 4861): solicitations and advertisements. Part of the underlay. */
#ifndef FERRY_ND_H
#define FERRY_ND_H

#include "underlay_ip.h"

#define ND_NEIGHBOUR_SOLICITATION  135
#define ND_NEIGHBOUR_ADVERTISEMENT 136

/* One of both types, its ICMPv6 checksum right. Returns what the frame is counted as. */
enum underlay_counter
nd_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet);

/* Asks for target's MAC, by multicast or (at not NULL) at the MAC that it had. */
void nd_solicit(struct underlay *u, const struct underlay_if *port,
	const struct underlay_addr *target, const struct rte_ether_addr *at);

/* Announces one of the port's own addresses to all nodes (7.2.6). */
void
nd_announce(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *own);

#endif
