/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_route.h"

#include <errno.h>

static bool
candidate(const struct underlay_if *port, int only_port)
{
	return only_port == UNDERLAY_ANY_PORT || port->index == (unsigned int)only_port;
}

static const struct underlay_addr *
gateway_of(const struct underlay_if *port, uint8_t family)
{
	const struct underlay_addr *gateway = family == AF_INET ? &port->gateway4 : &port->gateway6;

	return gateway->family != 0 ? gateway : NULL;
}

/* Addresses that are somebody's, but to which nothing can be sent. */
static bool
refused(const struct underlay_if *ports, unsigned int n_ports, const struct underlay_addr *dst)
{
	unsigned int i, k;

	for (i = 0; i < n_ports; i++) {
		if (underlay_if_owns(&ports[i], dst))
			return true;
		for (k = 0; k < ports[i].n_addresses; k++)
			if (underlay_prefix_broadcast(&ports[i].addresses[k], dst))
				return true;
	}
	return false;
}

/* A link-local gateway does not make the source address of what passes it link-local. */
static void
set_hop(struct underlay_hop *hop, const struct underlay_if *port, const struct underlay_addr *next,
	const struct underlay_addr *dst)
{
	const bool by_dst = underlay_addr_is_link_local(next);

	hop->port = port->index;
	hop->next_hop = *next;
	hop->source = *underlay_if_source(port, by_dst ? dst : next);
}

int
underlay_route(const struct underlay_if *ports, unsigned int n_ports, int only_port,
	const struct underlay_addr *dst, struct underlay_hop *hop)
{
	const struct underlay_if *direct = NULL, *via = NULL;
	bool family_seen = false;
	unsigned int i, longest = 0;

	if (!underlay_addr_is_host(dst) || refused(ports, n_ports, dst))
		return -EINVAL;
	if (only_port == UNDERLAY_ANY_PORT && underlay_addr_is_link_local(dst))
		return -EINVAL;
	for (i = 0; i < n_ports; i++) {
		const struct underlay_if *port = &ports[i];
		const struct underlay_prefix *prefix;

		if (!candidate(port, only_port) || underlay_if_source(port, dst) == NULL)
			continue;
		family_seen = true;
		prefix = underlay_if_on_link(port, dst);
		if (prefix != NULL && prefix->len > longest) {
			longest = prefix->len;
			direct = port;
		}
		if (via == NULL && gateway_of(port, dst->family) != NULL)
			via = port;
	}
	if (direct != NULL)
		set_hop(hop, direct, dst, dst);
	else if (via != NULL && !underlay_addr_is_link_local(dst))
		set_hop(hop, via, gateway_of(via, dst->family), dst);
	else
		return family_seen ? -ENETUNREACH : -EAFNOSUPPORT;
	return 0;
}

const char *
underlay_route_error(int error)
{
	switch (error) {
	case 0:
		return "";
	case -EINVAL:
		return "not the address of one other host (or link-local, and no port named)";
	case -EAFNOSUPPORT:
		return "no port has an address of this family";
	case -ENETUNREACH:
		return "on no port's subnet, and no gateway of this family";
	default:
		return "unknown error";
	}
}
