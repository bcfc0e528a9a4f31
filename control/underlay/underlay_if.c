/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_if.h"

#include <string.h>

static const struct underlay_prefix link_local_prefix = {
	.addr = {.family = AF_INET6, .bytes = {0xfe, 0x80}},
	.len = 64,
};

/* RFC 4291, appendix A: the MAC with ff:fe in its middle and the universal bit turned. */
static struct underlay_addr
link_local_of(const struct rte_ether_addr *mac)
{
	const uint8_t *m = mac->addr_bytes;

	return (struct underlay_addr){
		.family = AF_INET6,
		.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 0x02, m[1], m[2], 0xff, 0xfe, m[3],
			m[4], m[5]},
	};
}

struct underlay_addr
underlay_solicited_node(const struct underlay_addr *addr)
{
	const uint8_t *a = addr->bytes;

	return (struct underlay_addr){
		.family = AF_INET6,
		.bytes = {0xff, 0x02, [11] = 0x01, [12] = 0xff, [13] = a[13], a[14], a[15]},
	};
}

static const char *
check_prefix(const struct underlay_prefix *prefix)
{
	if (!underlay_addr_is_host(&prefix->addr))
		return "an address is not one that a host can have";
	if (prefix->len == 0 || prefix->len > (prefix->addr.family == AF_INET ? 32 : 128))
		return "a prefix length is out of range: 1 to 32 (IPv4) or 128 (IPv6)";
	if (underlay_prefix_broadcast(prefix, &prefix->addr))
		return "an address is the network or broadcast address of its own prefix";
	return NULL;
}

static const char *
check_gateway(const struct underlay_if *port, const struct underlay_addr *gateway, uint8_t family)
{
	if (gateway->family == 0)
		return NULL;
	if (gateway->family != family || !underlay_addr_is_host(gateway))
		return "a gateway is not an address that a host can have, of its family";
	if (underlay_if_owns(port, gateway))
		return "a gateway is the port's own address";
	if (underlay_if_source(port, gateway) == NULL)
		return "a gateway is of a family of which the port has no address";
	return NULL;
}

static const char *
check_port(const struct underlay_if *port)
{
	const char *wrong = NULL;
	unsigned int i;

	if (memchr(port->name, '\0', sizeof(port->name)) == NULL)
		return "the name is longer than 31 characters";
	if (!rte_is_valid_assigned_ether_addr(&port->mac))
		return "the MAC address is zero or a group address";
	if (port->vlan > 4094)
		return "the VLAN is out of range: 1 to 4094, or 0 for none";
	if (port->mtu < 68 || port->mtu > UNDERLAY_MTU_MAX)
		return "the MTU is out of range: 68 to 9216";
	if (port->n_addresses > UNDERLAY_ADDRESSES_MAX)
		return "more than 8 addresses";
	if (port->send == NULL)
		return "no function to send frames with";
	for (i = 0; i < port->n_addresses && wrong == NULL; i++) {
		wrong = check_prefix(&port->addresses[i]);
		if (port->addresses[i].addr.family == AF_INET6 && port->mtu < 1280)
			wrong = "the MTU is less than 1280, the least for IPv6";
	}
	return wrong;
}

static void
derive(struct underlay_if *port, const struct underlay_addr *link_local)
{
	unsigned int i;

	memset(&port->link_local, 0, sizeof(port->link_local));
	memset(&port->link_local_group, 0, sizeof(port->link_local_group));
	memset(port->group_of, 0, sizeof(port->group_of));
	for (i = 0; i < port->n_addresses; i++) {
		const struct underlay_addr *addr = &port->addresses[i].addr;

		if (addr->family != AF_INET6)
			continue;
		port->group_of[i] = underlay_solicited_node(addr);
		port->link_local = *link_local;
		port->link_local_group = underlay_solicited_node(link_local);
	}
}

void
underlay_if_plan(struct underlay_if *port)
{
	/* RFC 4291, 2.6.1: the routers' anycast address, no host's. */
	derive(port, &link_local_prefix.addr);
}

const char *
underlay_if_finish(struct underlay_if *port)
{
	const struct underlay_addr link_local = link_local_of(&port->mac);
	const char *wrong = check_port(port);

	if (wrong != NULL)
		return wrong;
	derive(port, &link_local);
	wrong = check_gateway(port, &port->gateway4, AF_INET);
	return wrong != NULL ? wrong : check_gateway(port, &port->gateway6, AF_INET6);
}

bool
underlay_if_owns(const struct underlay_if *port, const struct underlay_addr *addr)
{
	unsigned int i;

	if (addr->family == 0)
		return false;
	for (i = 0; i < port->n_addresses; i++)
		if (underlay_addr_equal(&port->addresses[i].addr, addr))
			return true;
	return underlay_addr_equal(&port->link_local, addr);
}

bool
underlay_if_in_group(const struct underlay_if *port, const struct underlay_addr *group)
{
	unsigned int i;

	if (group->family != AF_INET6)
		return false;
	for (i = 0; i < port->n_addresses; i++)
		if (underlay_addr_equal(&port->group_of[i], group))
			return true;
	return underlay_addr_equal(&port->link_local_group, group);
}

const struct underlay_prefix *
underlay_if_on_link(const struct underlay_if *port, const struct underlay_addr *addr)
{
	const struct underlay_prefix *best = NULL;
	unsigned int i;

	for (i = 0; i < port->n_addresses; i++) {
		const struct underlay_prefix *prefix = &port->addresses[i];

		if (underlay_prefix_covers(prefix, addr) &&
			(best == NULL || prefix->len > best->len))
			best = prefix;
	}
	if (best == NULL && port->link_local.family != 0 &&
		underlay_prefix_covers(&link_local_prefix, addr))
		return &link_local_prefix;
	return best;
}

const struct underlay_addr *
underlay_if_source(const struct underlay_if *port, const struct underlay_addr *other)
{
	const struct underlay_prefix *prefix = underlay_if_on_link(port, other);
	unsigned int i;

	if (prefix == &link_local_prefix)
		return &port->link_local;
	if (prefix != NULL)
		return &prefix->addr;
	for (i = 0; i < port->n_addresses; i++) {
		const struct underlay_addr *own = &port->addresses[i].addr;

		if (own->family == other->family && !underlay_addr_is_link_local(own))
			return own;
	}
	return NULL;
}
