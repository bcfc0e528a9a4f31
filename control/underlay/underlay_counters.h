/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the underlay counts, in one list: X(kind, name, text). Each frame that comes in is counted
 * under exactly one entry of the kinds ANSWERED, TAKEN, IGNORED and MALFORMED, so that their sum is
 * the number of frames; SENT counts what the node sent on its own.
 */
#ifndef FERRY_UNDERLAY_COUNTERS_H
#define FERRY_UNDERLAY_COUNTERS_H

/* clang-format off */
#define UNDERLAY_COUNTERS(X)                                                                        \
	X(ANSWERED, arp_answered, "ARP request answered")                                          \
	X(ANSWERED, nd_answered, "neighbour solicitation answered")                                \
	X(ANSWERED, echo4_answered, "ICMP echo request answered")                                  \
	X(ANSWERED, echo6_answered, "ICMPv6 echo request answered")                                \
	X(ANSWERED, mld_answered, "multicast listener query to be answered")                       \
	X(TAKEN, arp_taken, "ARP of a needed neighbour")                                           \
	X(TAKEN, nd_taken, "neighbour advertisement or solicitation of a needed neighbour")        \
	X(IGNORED, not_for_us, "sent to another MAC or IP address")                                \
	X(IGNORED, wrong_vlan, "of another VLAN")                                                  \
	X(IGNORED, own_frame, "from our own MAC address")                                          \
	X(IGNORED, other_ethertype, "neither ARP nor IP")                                          \
	X(IGNORED, other_protocol, "IP, but not ICMP")                                             \
	X(IGNORED, ip_fragment, "fragment of an IP packet")                                        \
	X(IGNORED, ipv6_extension, "IPv6 with extension headers")                                  \
	X(IGNORED, bad_source, "from an IP or MAC address that cannot be one host's")              \
	X(IGNORED, arp_other, "ARP that is neither request nor reply")                             \
	X(IGNORED, arp_stranger, "ARP of hosts that nobody needs")                                 \
	X(IGNORED, nd_stranger, "neighbour discovery of hosts that nobody needs")                  \
	X(IGNORED, arp_not_believed, "ARP with a MAC address that changed again within a second")  \
	X(IGNORED, nd_not_believed, "neighbour advertisement that may not replace the known MAC address, or has none")  \
	X(IGNORED, address_conflict, "another host claims one of our addresses")                   \
	X(IGNORED, router_solicitation, "router solicitation")                                     \
	X(IGNORED, router_advertisement, "router advertisement")                                   \
	X(IGNORED, redirect, "ICMPv6 redirect")                                                    \
	X(IGNORED, echo_limited, "echo request beyond the rate that is answered")                  \
	X(IGNORED, echo_too_long, "echo request longer than the port's MTU")                       \
	X(IGNORED, icmp_unreachable, "ICMP destination unreachable")                               \
	X(IGNORED, icmp_too_big, "ICMP packet too big, fragmentation needed")                      \
	X(IGNORED, icmp_other, "other ICMP")                                                       \
	X(IGNORED, unknown_port, "of a port that the underlay does not have")                      \
	X(IGNORED, port_down, "of a port that is down")                                            \
	X(MALFORMED, frame_short, "frame too short")                                               \
	X(MALFORMED, frame_long, "frame too long")                                                 \
	X(MALFORMED, arp_malformed, "ARP malformed")                                               \
	X(MALFORMED, ipv4_malformed, "IPv4 header malformed")                                      \
	X(MALFORMED, ipv4_cksum, "IPv4 header checksum wrong")                                     \
	X(MALFORMED, ipv6_malformed, "IPv6 header malformed")                                      \
	X(MALFORMED, icmp_malformed, "ICMP malformed")                                             \
	X(MALFORMED, icmp_cksum, "ICMP checksum wrong")                                            \
	X(MALFORMED, nd_malformed, "neighbour discovery malformed")                                \
	X(MALFORMED, nd_hop_limit, "neighbour discovery from beyond the link (hop limit)")         \
	X(MALFORMED, mld_malformed, "multicast listener query malformed")                          \
	X(SENT, arp_requests, "ARP requests sent")                                                 \
	X(SENT, arp_announcements, "ARP announcements sent")                                       \
	X(SENT, nd_solicitations, "neighbour solicitations sent")                                  \
	X(SENT, nd_announcements, "unsolicited neighbour advertisements sent")                     \
	X(SENT, mld_reports, "multicast listener reports sent")
/* clang-format on */

enum underlay_counter_kind {
	UNDERLAY_KIND_ANSWERED,
	UNDERLAY_KIND_TAKEN,
	UNDERLAY_KIND_IGNORED,
	UNDERLAY_KIND_MALFORMED,
	UNDERLAY_KIND_SENT,
};

enum underlay_counter {
#define UNDERLAY_ENUM(kind, name, text) UNDERLAY_##name,
	UNDERLAY_COUNTERS(UNDERLAY_ENUM)
#undef UNDERLAY_ENUM
	UNDERLAY_N_COUNTERS
};

struct underlay_counter_info {
	enum underlay_counter_kind kind;
	const char *name; /* as in the list: for keys */
	const char *text;
};

extern const struct underlay_counter_info underlay_counter_info[UNDERLAY_N_COUNTERS];

/* "answered", "taken", ... */
const char *underlay_kind_name(enum underlay_counter_kind kind);

#endif
