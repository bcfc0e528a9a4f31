/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame under construction, and the checksum that ICMP uses. Control thread.
 */
#ifndef FERRY_UNDERLAY_FRAME_H
#define FERRY_UNDERLAY_FRAME_H

#include "underlay_if.h"

#define UNDERLAY_PROTO_ICMPV6	     58
#define UNDERLAY_PROTO_HOPOPT	     0
#define UNDERLAY_PROTO_IPV6_FRAGMENT 44

struct underlay_frame {
	size_t len;
	uint8_t bytes[UNDERLAY_FRAME_MAX] __attribute__((aligned(8)));
};

/* Ethernet header from the port's MAC, with its VLAN tag. ethertype in host order. */
void underlay_frame_begin(struct underlay_frame *frame, const struct underlay_if *port,
	const struct rte_ether_addr *dst, uint16_t ethertype);

/*
 * Appends len zero bytes and returns where they begin; alignment 2. len must fit: the caller has
 * bounded it by the port's MTU.
 */
void *underlay_frame_append(struct underlay_frame *frame, size_t len);

/* An IPv6 header for payload_len bytes to follow. */
void underlay_frame_ipv6(struct underlay_frame *frame, const struct underlay_addr *src,
	const struct underlay_addr *dst, uint8_t next_header, size_t payload_len,
	uint8_t hop_limit);

/* Pads to Ethernet's least 60 bytes (64 with a tag) and sends. */
void underlay_frame_send(struct underlay_frame *frame, const struct underlay_if *port);

/* The group MAC of an IPv6 multicast address: 33:33 and its last four bytes (RFC 2464, 7). */
struct rte_ether_addr underlay_group_mac(const struct underlay_addr *group);

/*
 * The ICMPv6 checksum (RFC 4443, 2.3) over len bytes at icmp, network order: with the field 0 what
 * belongs in it; with the field in place 0 if it is right.
 */
uint16_t underlay_icmp6_cksum(const struct underlay_addr *src, const struct underlay_addr *dst,
	const void *icmp, size_t len);

/* The ones' complement checksum (RFC 1071) alone, for IPv4 headers and ICMP; used alike. */
uint16_t underlay_cksum(const void *data, size_t len);

#endif
