/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_ip.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "icmp.h"
#include "underlay_frame.h"

#define EXTENSION_ROUTING	43
#define EXTENSION_DESTINATION	60
#define HOP_BY_HOP_ROUTER_ALERT 5
#define HOP_BY_HOP_PAD1		0

const struct underlay_addr underlay_all_nodes = {
	.family = AF_INET6,
	.bytes = {0xff, 0x02, [15] = 0x01},
};

/* Broadcast addresses as sources would make us answer to everybody. */
static bool
source_ok(const struct underlay_if *port, const struct underlay_addr *src)
{
	unsigned int i;

	if (!underlay_addr_is_host(src) || underlay_if_owns(port, src))
		return false;
	for (i = 0; i < port->n_addresses; i++)
		if (underlay_prefix_broadcast(&port->addresses[i], src))
			return false;
	return true;
}

/* The header at rx->l3 with its options; 0 bytes if it is malformed. */
static size_t
ipv4_header_len(const struct underlay_rx *rx, const struct rte_ipv4_hdr *ip)
{
	const size_t len = (ip->version_ihl & 0x0f) * 4u;
	const size_t total = rte_be_to_cpu_16(ip->total_length);

	if (ip->version_ihl >> 4 != 4 || len < sizeof(*ip) || total < len || total > rx->l3_len)
		return 0;
	return len;
}

enum underlay_counter
underlay_ipv4_input(struct underlay *u, const struct underlay_rx *rx)
{
	struct underlay_packet packet = {0};
	struct rte_ipv4_hdr ip;
	size_t header;

	if (rx->l3_len < sizeof(ip))
		return UNDERLAY_ipv4_malformed;
	memcpy(&ip, rx->l3, sizeof(ip));
	header = ipv4_header_len(rx, &ip);
	if (header == 0)
		return UNDERLAY_ipv4_malformed;
	if (underlay_cksum(rx->l3, header) != 0)
		return UNDERLAY_ipv4_cksum;
	packet.src = underlay_addr_v4(&ip.src_addr);
	packet.dst = underlay_addr_v4(&ip.dst_addr);
	if (!underlay_if_owns(rx->port, &packet.dst) ||
		!rte_is_same_ether_addr(&rx->dst, &rx->port->mac))
		return UNDERLAY_not_for_us;
	if (!source_ok(rx->port, &packet.src))
		return UNDERLAY_bad_source;
	if (ip.fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return UNDERLAY_ip_fragment;
	if (ip.next_proto_id != IPPROTO_ICMP)
		return UNDERLAY_other_protocol;
	packet.ttl = ip.time_to_live;
	packet.dscp = ip.type_of_service & RTE_IPV4_HDR_DSCP_MASK;
	packet.payload = rx->l3 + header;
	packet.len = rte_be_to_cpu_16(ip.total_length) - header;
	return icmp4_input(u, rx, &packet);
}

/* Is there a router alert (RFC 2711) among the options of a hop-by-hop header? */
static bool
has_router_alert(const uint8_t *option, size_t left)
{
	while (left > 0) {
		size_t len = 1;

		if (option[0] != HOP_BY_HOP_PAD1) {
			if (left < 2 || option[1] + 2u > left)
				return false;
			if (option[0] == HOP_BY_HOP_ROUTER_ALERT && option[1] == 2)
				return true;
			len = option[1] + 2u;
		}
		option += len;
		left -= len;
	}
	return false;
}

/*
 * The upper-layer protocol; a hop-by-hop header is passed over (multicast listener queries have
 * one), others are not looked into.
 */
static enum underlay_counter
ipv6_upper(struct underlay *u, const struct underlay_rx *rx, struct underlay_packet *packet,
	uint8_t next)
{
	if (next == UNDERLAY_PROTO_HOPOPT) {
		size_t len;

		if (packet->len < 8)
			return UNDERLAY_ipv6_malformed;
		len = (packet->payload[1] + 1u) * 8;
		if (len > packet->len)
			return UNDERLAY_ipv6_malformed;
		next = packet->payload[0];
		packet->router_alert = has_router_alert(packet->payload + 2, len - 2);
		if (next == UNDERLAY_PROTO_ICMPV6 && !packet->router_alert)
			return UNDERLAY_ipv6_extension;
		packet->payload += len;
		packet->len -= len;
	}
	switch (next) {
	case UNDERLAY_PROTO_ICMPV6:
		return icmp6_input(u, rx, packet);
	case UNDERLAY_PROTO_IPV6_FRAGMENT:
		return UNDERLAY_ip_fragment;
	case UNDERLAY_PROTO_HOPOPT:
	case EXTENSION_ROUTING:
	case EXTENSION_DESTINATION:
		return UNDERLAY_ipv6_extension;
	default:
		return UNDERLAY_other_protocol;
	}
}

enum underlay_counter
underlay_ipv6_input(struct underlay *u, const struct underlay_rx *rx)
{
	struct underlay_packet packet = {0};
	struct rte_ipv6_hdr ip;
	bool for_us;

	if (rx->l3_len < sizeof(ip))
		return UNDERLAY_ipv6_malformed;
	memcpy(&ip, rx->l3, sizeof(ip));
	packet.len = rte_be_to_cpu_16(ip.payload_len);
	if (rte_be_to_cpu_32(ip.vtc_flow) >> 28 != 6 || packet.len > rx->l3_len - sizeof(ip))
		return UNDERLAY_ipv6_malformed;
	packet.src = underlay_addr_v6(ip.src_addr);
	packet.dst = underlay_addr_v6(ip.dst_addr);
	packet.ttl = ip.hop_limits;
	packet.payload = rx->l3 + sizeof(ip);
	if (underlay_addr_is_multicast(&packet.dst))
		for_us = rx->port->link_local.family != 0 &&
			 (underlay_addr_equal(&packet.dst, &underlay_all_nodes) ||
				 underlay_if_in_group(rx->port, &packet.dst));
	else
		for_us = underlay_if_owns(rx->port, &packet.dst) &&
			 rte_is_same_ether_addr(&rx->dst, &rx->port->mac);
	if (!for_us)
		return UNDERLAY_not_for_us;
	if (!underlay_addr_is_unspecified(&packet.src) && !source_ok(rx->port, &packet.src))
		return UNDERLAY_bad_source;
	return ipv6_upper(u, rx, &packet, ip.proto);
}
