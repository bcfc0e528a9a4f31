/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a datagram to an address goes: by which port, to which neighbour, from which own address.
 * Pure functions over the ports as configured; whether a port is up plays no part.
 */
#ifndef FERRY_UNDERLAY_ROUTE_H
#define FERRY_UNDERLAY_ROUTE_H

#include "underlay_if.h"

#define UNDERLAY_ANY_PORT (-1)

struct underlay_hop {
	unsigned int port;	       /* underlay_if.index */
	struct underlay_addr next_hop; /* the destination itself, or a gateway */
	struct underlay_addr source;   /* the own address that faces it */
};

/*
 * only_port: an underlay_if.index, or UNDERLAY_ANY_PORT. The longest own prefix that covers dst
 * wins, then the first port with a gateway of the family; equals: the first in the array.
 *
 * 0, or -EINVAL: dst is not the address of one host, is a broadcast address or one of our own, or
 * is link-local and no port is given; -EAFNOSUPPORT: no such port has an address of the family;
 * -ENETUNREACH: not on link, and no gateway.
 */
int underlay_route(const struct underlay_if *ports, unsigned int n_ports, int only_port,
	const struct underlay_addr *dst, struct underlay_hop *hop);

/* What a result of underlay_route() means, for a message; "" for 0. */
const char *underlay_route_error(int error);

#endif
