/* SPDX-License-Identifier: BSD-3-Clause */
#include "nd.h"

#include <assert.h>
#include <string.h>

#include <rte_byteorder.h>

#include "underlay_frame.h"

#define ND_HOP_LIMIT	 255
#define ND_SOLICITED	 0x40000000u
#define ND_OVERRIDE	 0x20000000u
#define ND_OPTION_SOURCE 1
#define ND_OPTION_TARGET 2

struct nd_message {
	uint8_t type;
	uint8_t code;
	rte_be16_t cksum;
	rte_be32_t flags; /* of advertisements; solicitations: reserved */
	uint8_t target[16];
} __attribute__((packed, aligned(2)));

struct nd_option {
	uint8_t type;
	uint8_t len; /* units of 8 bytes */
	struct rte_ether_addr mac;
} __attribute__((packed, aligned(2)));

static void
nd_send(const struct underlay_if *port, const struct nd_message *message, uint8_t option,
	const struct underlay_addr *src, const struct underlay_addr *dst,
	const struct rte_ether_addr *dst_mac)
{
	const size_t len = sizeof(*message) + sizeof(struct nd_option);
	struct underlay_frame frame;
	struct nd_message *nd;
	struct nd_option *own;

	underlay_frame_begin(&frame, port, dst_mac, RTE_ETHER_TYPE_IPV6);
	underlay_frame_ipv6(&frame, src, dst, UNDERLAY_PROTO_ICMPV6, len, ND_HOP_LIMIT);
	nd = underlay_frame_append(&frame, sizeof(*nd));
	*nd = *message;
	own = underlay_frame_append(&frame, sizeof(*own));
	own->type = option;
	own->len = 1;
	own->mac = port->mac;
	nd->cksum = underlay_icmp6_cksum(src, dst, nd, len);
	underlay_frame_send(&frame, port);
}

void
nd_solicit(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *target,
	const struct rte_ether_addr *at)
{
	const struct underlay_addr group = underlay_solicited_node(target);
	const struct rte_ether_addr group_mac = underlay_group_mac(&group);
	const struct underlay_addr *source = underlay_if_source(port, target);
	struct nd_message message = {.type = ND_NEIGHBOUR_SOLICITATION};

	assert(source != NULL); /* or there were no route by this port */
	memcpy(message.target, target->bytes, 16);
	if (at != NULL)
		nd_send(port, &message, ND_OPTION_SOURCE, source, target, at);
	else
		nd_send(port, &message, ND_OPTION_SOURCE, source, &group, &group_mac);
	u->counters[UNDERLAY_nd_solicitations]++;
}

static void
nd_advertise(const struct underlay_if *port, const struct underlay_addr *own, uint32_t flags,
	const struct underlay_addr *dst, const struct rte_ether_addr *dst_mac)
{
	struct nd_message message = {.type = ND_NEIGHBOUR_ADVERTISEMENT};

	message.flags = rte_cpu_to_be_32(flags);
	memcpy(message.target, own->bytes, 16);
	nd_send(port, &message, ND_OPTION_TARGET, own, dst, dst_mac);
}

void
nd_announce(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *own)
{
	const struct rte_ether_addr mac = underlay_group_mac(&underlay_all_nodes);

	nd_advertise(port, own, ND_OVERRIDE, &underlay_all_nodes, &mac);
	u->counters[UNDERLAY_nd_announcements]++;
}

/*
 * Walks over the options. mac_of[1] and mac_of[2]: the source's and the target's MAC, if there.
 * False if an option has length zero, exceeds the message, or holds no MAC where it should.
 */
static bool
nd_options(const uint8_t *at, size_t left, const struct rte_ether_addr *mac_of[3])
{
	while (left > 0) {
		struct nd_option option;
		size_t len;

		if (left < sizeof(option))
			return false;
		memcpy(&option, at, sizeof(option));
		len = option.len * 8u;
		if (len == 0 || len > left)
			return false;
		if (option.type == ND_OPTION_SOURCE || option.type == ND_OPTION_TARGET) {
			if (option.len != 1 || !rte_is_valid_assigned_ether_addr(&option.mac))
				return false;
			mac_of[option.type] = (const struct rte_ether_addr *)(at + 2);
		}
		at += len;
		left -= len;
	}
	return true;
}

static enum underlay_counter
nd_verdict(enum neighbour_verdict verdict)
{
	switch (verdict) {
	case NEIGHBOUR_TAKEN:
		return UNDERLAY_nd_taken;
	case NEIGHBOUR_KEPT:
		return UNDERLAY_nd_not_believed;
	default:
		return UNDERLAY_nd_stranger;
	}
}

static enum underlay_counter
nd_solicitation(struct underlay *u, const struct underlay_rx *rx,
	const struct underlay_packet *packet, const struct underlay_addr *target,
	const struct rte_ether_addr *mac)
{
	const struct rte_ether_addr all_nodes_mac = underlay_group_mac(&underlay_all_nodes);
	const struct underlay_addr group = underlay_solicited_node(target);
	const bool probe = underlay_addr_is_unspecified(&packet->src);
	enum underlay_counter counter = UNDERLAY_nd_stranger;

	/* 7.1.1: duplicate address detection speaks to the group alone and has no MAC option */
	if (probe && (mac != NULL || !underlay_addr_equal(&packet->dst, &group)))
		return UNDERLAY_nd_malformed;
	if (mac != NULL && rte_is_same_ether_addr(mac, &rx->port->mac))
		return UNDERLAY_bad_source;
	if (!probe && mac != NULL)
		counter = nd_verdict(neighbour_learn(
			&u->neighbours, rx->now, rx->port->index, &packet->src, mac, false, true));
	if (!underlay_if_owns(rx->port, target))
		return counter;
	if (probe)
		nd_advertise(rx->port, target, ND_OVERRIDE, &underlay_all_nodes, &all_nodes_mac);
	else
		nd_advertise(rx->port, target, ND_SOLICITED | ND_OVERRIDE, &packet->src,
			mac != NULL ? mac : &rx->src);
	return UNDERLAY_nd_answered;
}

static enum underlay_counter
nd_advertisement(struct underlay *u, const struct underlay_rx *rx,
	const struct underlay_packet *packet, const struct underlay_addr *target, uint32_t flags,
	const struct rte_ether_addr *mac)
{
	const bool to_group = underlay_addr_is_multicast(&packet->dst);

	if (to_group && (flags & ND_SOLICITED)) /* 7.1.2 */
		return UNDERLAY_nd_malformed;
	if (underlay_addr_is_unspecified(&packet->src))
		return UNDERLAY_bad_source;
	if (mac != NULL && rte_is_same_ether_addr(mac, &rx->port->mac))
		return UNDERLAY_bad_source;
	if (underlay_if_owns(rx->port, target)) {
		underlay_conflict(u, rx, target, mac != NULL ? mac : &rx->src);
		return UNDERLAY_address_conflict;
	}
	return nd_verdict(neighbour_learn(&u->neighbours, rx->now, rx->port->index, target, mac,
		(flags & ND_SOLICITED) != 0, (flags & ND_OVERRIDE) != 0));
}

enum underlay_counter
nd_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	const struct rte_ether_addr *mac_of[3] = {NULL};
	struct underlay_addr target;
	struct nd_message message;

	if (packet->ttl != ND_HOP_LIMIT)
		return UNDERLAY_nd_hop_limit;
	if (packet->len < sizeof(message))
		return UNDERLAY_nd_malformed;
	memcpy(&message, packet->payload, sizeof(message));
	target = underlay_addr_v6(message.target);
	if (message.code != 0 || underlay_addr_is_multicast(&target) ||
		!nd_options(
			packet->payload + sizeof(message), packet->len - sizeof(message), mac_of))
		return UNDERLAY_nd_malformed;
	if (message.type == ND_NEIGHBOUR_SOLICITATION)
		return nd_solicitation(u, rx, packet, &target, mac_of[ND_OPTION_SOURCE]);
	return nd_advertisement(
		u, rx, packet, &target, rte_be_to_cpu_32(message.flags), mac_of[ND_OPTION_TARGET]);
}
