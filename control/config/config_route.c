/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets will go, asked of the underlay before it is there. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_private.h"
#include "underlay_route.h"

static_assert(CONFIG_ADDRESSES_MAX <= UNDERLAY_ADDRESSES_MAX, "addresses of a port");
static_assert(CONFIG_NAME_MAX < UNDERLAY_NAME_MAX, "name of a port");

void
config_port_underlay(const struct config *config, uint32_t port, struct underlay_if *to)
{
	const struct config_port *from = &config->ports[port];

	*to = (struct underlay_if){
		.index = port,
		.n_addresses = from->address_count,
		.gateway4 = from->gateway[0],
		.gateway6 = from->gateway[1],
	};
	memcpy(to->name, from->name, sizeof(from->name));
	memcpy(to->addresses, from->addresses, sizeof(from->addresses));
	underlay_if_plan(to);
}

static bool
has_family(const struct underlay_if *ports, unsigned int n_ports, int only, uint8_t family)
{
	for (unsigned int i = 0; i < n_ports; i++)
		for (unsigned int j = 0; j < ports[i].n_addresses; j++)
			if ((only == UNDERLAY_ANY_PORT || (unsigned int)only == i) &&
				ports[i].addresses[j].addr.family == family)
				return true;
	return false;
}

int
config_route(const struct config *config, uint32_t port, const struct underlay_addr *address,
	struct config_route *route)
{
	struct underlay_if ports[CONFIG_PORTS_MAX];
	int only = port != CONFIG_INDEX_NONE ? (int)port : UNDERLAY_ANY_PORT, error;
	struct underlay_hop hop;

	if (config->port_count == 1)
		only = 0;
	for (uint32_t i = 0; i < config->port_count; i++)
		config_port_underlay(config, i, &ports[i]);
	error = underlay_route(ports, config->port_count, only, address, &hop);
	if (error == -EAFNOSUPPORT && has_family(ports, config->port_count, only, address->family))
		return -EADDRNOTAVAIL;
	if (error != 0)
		return error;
	route->port = hop.port;
	route->next_hop = hop.next_hop;
	/* The data plane does not speak from the link-local address that comes with the MAC. */
	for (uint32_t i = 0; i < ports[hop.port].n_addresses; i++) {
		route->local = i;
		if (underlay_addr_equal(&ports[hop.port].addresses[i].addr, &hop.source))
			return 0;
	}
	return -EADDRNOTAVAIL;
}

/* What is not the address of one other host, or does not say of which link it is. */
static const char *
invalid(const struct config *config, uint32_t port, const struct underlay_addr *address)
{
	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *own = &config->ports[i];

		for (uint32_t j = 0; j < own->address_count; j++) {
			if (underlay_addr_equal(&own->addresses[j].addr, address))
				return "is an address of this node, it must be one of another host";
			if (underlay_prefix_broadcast(&own->addresses[j], address))
				return "is the network or broadcast address of a subnet, it must "
				       "be one of a host";
		}
	}
	if (port == CONFIG_INDEX_NONE && config->port_count > 1 &&
		underlay_addr_is_link_local(address))
		return "is link-local, on a node of several ports; it must be one that is of one "
		       "port only";
	return "is not the address of one host, it must be";
}

const char *
config_route_fault(
	const struct config *config, uint32_t port, const struct underlay_addr *address, int error)
{
	switch (error) {
	case 0:
		return NULL;
	case -EAFNOSUPPORT:
		return "is of a family of which the port has no address, it must have one";
	case -EADDRNOTAVAIL:
		return "is of a scope of which the port has no address, it must have one: "
		       "link-local addresses speak to one another only";
	case -ENETUNREACH:
		return "is in no subnet of the port, which has no gateway of that family; it must "
		       "have one, or the address be on-link";
	default:
		return invalid(config, port, address);
	}
}
