/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_frame.h"

#include <assert.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

void
underlay_frame_begin(struct underlay_frame *frame, const struct underlay_if *port,
	const struct rte_ether_addr *dst, uint16_t ethertype)
{
	struct rte_ether_hdr *eth;
	struct rte_vlan_hdr *tag;

	frame->len = 0;
	eth = underlay_frame_append(frame, sizeof(*eth));
	eth->dst_addr = *dst;
	eth->src_addr = port->mac;
	eth->ether_type = rte_cpu_to_be_16(ethertype);
	if (port->vlan == 0)
		return;
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	tag = underlay_frame_append(frame, sizeof(*tag));
	tag->vlan_tci = rte_cpu_to_be_16(port->vlan);
	tag->eth_proto = rte_cpu_to_be_16(ethertype);
}

void *
underlay_frame_append(struct underlay_frame *frame, size_t len)
{
	uint8_t *at = frame->bytes + frame->len;

	assert(len <= sizeof(frame->bytes) - frame->len);
	memset(at, 0, len);
	frame->len += len;
	return at;
}

void
underlay_frame_ipv6(struct underlay_frame *frame, const struct underlay_addr *src,
	const struct underlay_addr *dst, uint8_t next_header, size_t payload_len, uint8_t hop_limit)
{
	struct rte_ipv6_hdr *ip = underlay_frame_append(frame, sizeof(*ip));

	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)payload_len);
	ip->proto = next_header;
	ip->hop_limits = hop_limit;
	memcpy(ip->src_addr, src->bytes, 16);
	memcpy(ip->dst_addr, dst->bytes, 16);
}

void
underlay_frame_send(struct underlay_frame *frame, const struct underlay_if *port)
{
	const size_t least = RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN +
			     (port->vlan != 0 ? sizeof(struct rte_vlan_hdr) : 0);

	if (frame->len < least)
		underlay_frame_append(frame, least - frame->len);
	port->send(port->send_ctx, port->index, frame->bytes, frame->len);
}

struct rte_ether_addr
underlay_group_mac(const struct underlay_addr *group)
{
	struct rte_ether_addr mac = {.addr_bytes = {0x33, 0x33}};

	memcpy(mac.addr_bytes + 2, group->bytes + 12, 4);
	return mac;
}

uint16_t
underlay_cksum(const void *data, size_t len)
{
	return (uint16_t)~rte_raw_cksum(data, len);
}

uint16_t
underlay_icmp6_cksum(const struct underlay_addr *src, const struct underlay_addr *dst,
	const void *icmp, size_t len)
{
	struct {
		uint8_t src[16];
		uint8_t dst[16];
		rte_be32_t len;
		rte_be32_t next_header;
	} pseudo = {
		.len = rte_cpu_to_be_32((uint32_t)len),
		.next_header = rte_cpu_to_be_32(UNDERLAY_PROTO_ICMPV6),
	};
	uint32_t sum;

	memcpy(pseudo.src, src->bytes, 16);
	memcpy(pseudo.dst, dst->bytes, 16);
	sum = rte_raw_cksum(&pseudo, sizeof(pseudo));
	sum += rte_raw_cksum(icmp, len);
	/* Of two numbers of 16 bits the sum is folded at once. */
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}
