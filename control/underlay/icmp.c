/* SPDX-License-Identifier: BSD-3-Clause */
#include "icmp.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include "mld.h"
#include "nd.h"
#include "underlay_frame.h"

#define ICMP4_UNREACHABLE	   3
#define ICMP4_FRAGMENTATION_NEEDED 4 /* a code of it */
#define ICMP6_UNREACHABLE	   1
#define ICMP6_TOO_BIG		   2
#define ICMP6_ECHO_REQUEST	   128
#define ICMP6_ECHO_REPLY	   129
#define ICMP6_ROUTER_SOLICITATION  133
#define ICMP6_ROUTER_ADVERTISEMENT 134
#define ICMP6_REDIRECT		   137

#define REPLY_TTL 64
static void
echo4_reply(const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	struct underlay_frame frame;
	struct rte_icmp_hdr *icmp;
	struct rte_ipv4_hdr *ip;

	underlay_frame_begin(&frame, rx->port, &rx->src, RTE_ETHER_TYPE_IPV4);
	ip = underlay_frame_append(&frame, sizeof(*ip));
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = packet->dscp; /* RFC 1122, 3.2.2.6 */
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + packet->len));
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = REPLY_TTL;
	ip->next_proto_id = IPPROTO_ICMP;
	memcpy(&ip->src_addr, packet->dst.bytes, 4);
	memcpy(&ip->dst_addr, packet->src.bytes, 4);
	ip->hdr_checksum = underlay_cksum(ip, sizeof(*ip));
	icmp = underlay_frame_append(&frame, packet->len);
	memcpy(icmp, packet->payload, packet->len);
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = underlay_cksum(icmp, packet->len);
	underlay_frame_send(&frame, rx->port);
}

static void
echo6_reply(const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	struct underlay_frame frame;
	struct rte_icmp_hdr *icmp;

	underlay_frame_begin(&frame, rx->port, &rx->src, RTE_ETHER_TYPE_IPV6);
	underlay_frame_ipv6(
		&frame, &packet->dst, &packet->src, UNDERLAY_PROTO_ICMPV6, packet->len, REPLY_TTL);
	icmp = underlay_frame_append(&frame, packet->len);
	memcpy(icmp, packet->payload, packet->len);
	icmp->icmp_type = ICMP6_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = underlay_icmp6_cksum(&packet->dst, &packet->src, icmp, packet->len);
	underlay_frame_send(&frame, rx->port);
}

/* code: of the request. */
static enum underlay_counter
echo(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet,
	uint8_t code)
{
	const bool v4 = packet->dst.family == AF_INET;
	const size_t header = v4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);

	if (packet->len < sizeof(struct rte_icmp_hdr) || code != 0)
		return UNDERLAY_icmp_malformed;
	if (underlay_addr_is_unspecified(&packet->src))
		return UNDERLAY_bad_source;
	if (underlay_addr_is_multicast(&packet->dst))
		return UNDERLAY_not_for_us;
	if (header + packet->len > rx->port->mtu)
		return UNDERLAY_echo_too_long;
	if (!token_bucket_take(&u->echo_bucket, 1, rx->now))
		return UNDERLAY_echo_limited;
	if (v4)
		echo4_reply(rx, packet);
	else
		echo6_reply(rx, packet);
	return v4 ? UNDERLAY_echo4_answered : UNDERLAY_echo6_answered;
}

enum underlay_counter
icmp4_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	const uint8_t *icmp = packet->payload;

	if (packet->len < 4)
		return UNDERLAY_icmp_malformed;
	if (underlay_cksum(icmp, packet->len) != 0)
		return UNDERLAY_icmp_cksum;
	switch (icmp[0]) {
	case RTE_IP_ICMP_ECHO_REQUEST:
		return echo(u, rx, packet, icmp[1]);
	case ICMP4_UNREACHABLE:
		return icmp[1] == ICMP4_FRAGMENTATION_NEEDED ? UNDERLAY_icmp_too_big
							     : UNDERLAY_icmp_unreachable;
	default:
		return UNDERLAY_icmp_other;
	}
}

enum underlay_counter
icmp6_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	const uint8_t *icmp = packet->payload;

	if (packet->len < 4)
		return UNDERLAY_icmp_malformed;
	if (underlay_icmp6_cksum(&packet->src, &packet->dst, icmp, packet->len) != 0)
		return UNDERLAY_icmp_cksum;
	if (icmp[0] == MLD_QUERY)
		return mld_input(u, rx, packet);
	if (packet->router_alert)
		return UNDERLAY_ipv6_extension;
	switch (icmp[0]) {
	case ICMP6_UNREACHABLE:
		return UNDERLAY_icmp_unreachable;
	case ICMP6_TOO_BIG:
		return UNDERLAY_icmp_too_big;
	case ICMP6_ECHO_REQUEST:
		return echo(u, rx, packet, icmp[1]);
	case ICMP6_ROUTER_SOLICITATION:
		return UNDERLAY_router_solicitation;
	case ICMP6_ROUTER_ADVERTISEMENT:
		return UNDERLAY_router_advertisement;
	case ND_NEIGHBOUR_SOLICITATION:
	case ND_NEIGHBOUR_ADVERTISEMENT:
		return nd_input(u, rx, packet);
	case ICMP6_REDIRECT:
		return UNDERLAY_redirect;
	default:
		return UNDERLAY_icmp_other;
	}
}
