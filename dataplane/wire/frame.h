/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, IPv4 or IPv6, and UDP around a datagram: judging those of a frame that came, and the
 * prepared headers (templates) of one that goes.
 */
#ifndef FERRY_FRAME_H
#define FERRY_FRAME_H

#include <stdint.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "address.h"
#include "checksum.h"
#include "drop.h"
#include "port.h"
#include "wire.h"

/* Explicit congestion notification, the low two bits of the traffic class (RFC 3168, 5). */
#define FRAME_ECN_MASK 0x03
#define FRAME_ECN_ECT0 0x02
#define FRAME_ECN_CE   0x03

/* Where the traffic class lies in the first word of IPv6. */
#define FRAME_IPV6_CLASS_SHIFT 20

/* Ethernet with a VLAN tag, IPv6, UDP. */
#define FRAME_HEADERS_MAX 66

/* A UDP datagram to one of the port's addresses, found in a frame. */
struct frame_view {
	struct address source;
	uint16_t payload_off; /* from the start of the frame */
	uint16_t payload_len; /* what the UDP length says */
	uint16_t udp_port;    /* destination, host order */
	uint8_t local;	      /* index of the destination among the port's addresses */
	uint8_t ecn;	      /* FRAME_ECN_... */
	bool sum_known;
	uint16_t sum; /* Internet checksum of the payload, if known */
};

enum frame_verdict {
	FRAME_UDP,     /* the view is filled */
	FRAME_CONTROL, /* ARP, neighbour discovery: the control thread's */
	FRAME_ICMP,    /* all other ICMP, listener queries: the same's, if there is room left */
	FRAME_DROP,    /* *reason says why */
};

/*
 * Judges a frame that came in on a port. Nothing is changed. All headers must lie in the first
 * segment; the payload may go on in others.
 */
enum frame_verdict frame_parse(const struct port *port, const struct rte_mbuf *m,
	struct frame_view *view, enum drop_reason *reason);

/*
 * Prepared headers. They lie at the end of bytes[], so that copying all of it, a constant size,
 * puts the last byte where the datagram begins.
 */
#define FRAME_TEMPLATE_BYTES 96

struct frame_template {
	uint8_t bytes[FRAME_TEMPLATE_BYTES];
	uint8_t total; /* bytes of headers, with what was appended */
	uint8_t l2_len;
	uint8_t l3_len;
	uint16_t ip_sum;     /* IPv4: folded sum of the header with total length 0 */
	uint16_t pseudo_sum; /* addresses, protocol and UDP ports; not the lengths */
	uint16_t mtu;
	uint16_t plain_room;   /* IPv4: bytes that may follow the headers; IPv6: 0 */
	uint16_t transit_room; /* the same if untagged, else 0 */
	uint16_t ipv6_room;    /* the same of untagged IPv6, else 0 */
	uint16_t ipv6_sum;     /* pseudo_sum and what was appended */
};

static_assert(sizeof(struct frame_template) <= 2 * RTE_CACHE_LINE_SIZE, "prefetched whole");

/* NULL is allowed. */
static inline void
frame_template_prefetch(const struct frame_template *t)
{
	rte_prefetch0(t);
	rte_prefetch0((const void *)((uintptr_t)t + RTE_CACHE_LINE_SIZE));
}

struct frame_endpoints {
	struct rte_ether_addr source_mac, destination_mac;
	struct address source, destination;	/* of one family */
	uint16_t source_port, destination_port; /* host order */
	uint8_t hop_limit;
	uint8_t ecn; /* FRAME_ECN_ECT0, or 0 */
};

/*
 * Prepares the headers of datagrams that leave by a port, then appended bytes (at most 24, an even
 * number) that every datagram begins with.
 */
void frame_template_build(struct frame_template *t, const struct port *port,
	const struct frame_endpoints *ends, const void *append, uint8_t append_len);

#define FRAME_HOP_LIMIT 64

/* Takes ECN out of the finished headers of a datagram to which nobody would react. */
void frame_clear_ecn(const struct frame_template *t, struct rte_mbuf *m);

/* Bytes of Ethernet, IP and UDP headers of a datagram that leaves by a port for an address. */
static inline uint16_t
frame_headers(const struct port *port, const struct address *destination)
{
	size_t l2 = sizeof(struct rte_ether_hdr) +
		    (port->vlan != 0 ? sizeof(struct rte_vlan_hdr) : 0);
	size_t l3 = address_is_ipv4(destination) ? sizeof(struct rte_ipv4_hdr)
						 : sizeof(struct rte_ipv6_hdr);

	return (uint16_t)(l2 + l3 + sizeof(struct rte_udp_hdr));
}

/* Largest datagram (UDP payload) that fits the template's MTU. */
static inline uint16_t
frame_payload_max(const struct frame_template *t)
{
	return (uint16_t)(t->mtu - t->l3_len - sizeof(struct rte_udp_hdr));
}

/*
 * True if the datagram's own sum must be known to finish its headers: IPv6 always carries a UDP
 * checksum (RFC 8200, 8.1), and not every device computes it.
 */
static inline bool
frame_needs_sum(const struct frame_template *t, uint32_t offloads)
{
	return t->l3_len == sizeof(struct rte_ipv6_hdr) && !(offloads & PORT_TX_UDP_CHECKSUM);
}

/* The part of frame_finish for IPv6. */
void frame_finish_ipv6(
	const struct frame_template *t, struct rte_mbuf *m, uint32_t offloads, uint16_t body_sum);

/*
 * Fills lengths and checksums of the headers at the packet's front, which are a copy of the
 * template's. m's data begins with them. body_sum is the Internet checksum of all that follows the
 * UDP header; it is looked at where frame_needs_sum says so.
 */
static inline void
frame_finish(
	const struct frame_template *t, struct rte_mbuf *m, uint32_t offloads, uint16_t body_sum)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, t->l2_len);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint16_t total = (uint16_t)(m->pkt_len - t->l2_len);

	if (unlikely(t->l3_len != sizeof(*ip))) {
		frame_finish_ipv6(t, m, offloads, body_sum);
		return;
	}
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(total - sizeof(*ip)));
	ip->total_length = rte_cpu_to_be_16(total);
	ip->hdr_checksum = (uint16_t)~checksum_add(t->ip_sum, ip->total_length);
}

#endif
