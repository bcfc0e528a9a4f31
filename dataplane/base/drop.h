/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a packet went no further. One list makes the enum, the name that users see, and the text that
 * explains it; each worker counts each reason. WIRE.md, "How a receiver judges a datagram", gives
 * the order of the checks.
 */
#ifndef FERRY_DROP_H
#define FERRY_DROP_H

#define DROP_REASONS(X)                                                                            \
	/* the frame */                                                                            \
	X(eth_truncated, "frame shorter than the headers that it announces")                       \
	X(eth_type, "neither IPv4, IPv6 nor ARP")                                                  \
	X(vlan_other, "frame of another VLAN")                                                     \
	X(ip_malformed, "IP version, header length or total length that lies")                     \
	X(ip_checksum, "wrong IPv4 header checksum")                                               \
	X(ip_address, "IP destination is not an address of this port")                             \
	X(ip_fragment, "IP fragment")                                                              \
	X(ip_protocol, "IP protocol that this node does not speak")                                \
	X(udp_length, "UDP length does not fit the IP packet")                                     \
	X(udp_checksum, "wrong or missing UDP checksum")                                           \
	X(udp_port, "UDP port that nobody listens on")                                             \
	/* the link */                                                                             \
	X(link_truncated, "shorter than a link header")                                            \
	X(link_version, "link header of another version")                                          \
	X(link_type, "unknown link type")                                                          \
	X(link_flag, "unknown link flag")                                                          \
	X(link_unknown_peer, "NodeID, address and port are not those of a configured peer")        \
	X(link_stale_epoch, "epoch older than the link's current one")                             \
	X(link_duplicate, "link sequence seen already")                                            \
	X(link_too_old, "link sequence below the window")                                          \
	X(link_far_ahead, "link sequence far above all others, and the first such one")            \
	X(feedback_malformed, "FEEDBACK shorter than its body")                                    \
	X(feedback_epoch, "FEEDBACK on another epoch than the current one")                        \
	X(probe_malformed, "PROBE or PROBE_REPLY whose body is not 16 bytes")                      \
	X(probe_unexpected, "PROBE_REPLY that nobody asked for")                                   \
	X(decoded_malformed, "DECODED shorter than its body")                                      \
	X(decoded_unknown, "DECODED of a session that is not known here")                          \
	/* the Pathlet */                                                                          \
	X(pathlet_truncated, "Pathlet or session header cut short")                                \
	X(pathlet_wrong_node, "Pathlet names another node")                                        \
	X(pathlet_malformed, "Pathlet lengths that lie, or inner ids 0, own or equal")             \
	X(pathlet_dead_end, "neither a destination nor anything inside")                           \
	X(pathlet_too_deep, "Pathlets nested too deep")                                            \
	X(pathlet_unknown_hop, "next hop is not a configured peer")                                \
	X(forward_not_installed, "to be forwarded, of a session that nobody told the node of")     \
	/* the way out */                                                                          \
	X(hop_ring_full, "next hop's ring between workers full")                                   \
	X(hop_unresolved, "neighbour's link-layer address not known")                              \
	X(hop_removed, "next hop was taken away")                                                  \
	X(queue_full, "conference's queue for the next hop full")                                  \
	X(queue_expired, "waited too long for the next hop")                                       \
	X(feeder_full, "queues of all next hops together hold what they may")                      \
	X(conference_ended, "waited for a next hop when the conference ended")                     \
	X(port_down, "port is down")                                                               \
	X(mtu_exceeded, "larger than the MTU of the port")                                         \
	X(port_full, "port took no more packets")                                                  \
	X(no_buffer, "no buffer for a header or a copy")                                           \
	X(handover_full, "another worker's ring full")                                             \
	X(control_full, "control thread's ring full")                                              \
	/* the source */                                                                           \
	X(session_stopped, "session is stopped")                                                   \
	X(session_policed, "ingress above the session's rate")                                     \
	X(session_oversize, "ingress larger than the session's payload limit")                     \
	/* the destination */                                                                      \
	X(session_unknown, "no such session at this node")                                         \
	X(session_not_destination, "this node is not a destination of the session")                \
	X(session_coded, "coded packet, and coding is off for the session here")                   \
	X(coding_truncated, "coding header or symbol cut short")                                   \
	X(coding_malformed, "coding header that lies")                                             \
	X(coding_zero, "all coefficients are 0")                                                   \
	X(coding_mismatch, "code or span is not what the session here is configured for")          \
	X(coding_dependent, "combination that says nothing new")                                   \
	X(coding_late, "of source packets that are not waited for any more")                       \
	X(coding_given_up, "combination given up before it could be used")                         \
	X(coding_symbol, "decoded to what no source packet can be")                                \
	X(session_stale_epoch, "source epoch older than the session's current one")                \
	X(session_duplicate, "session sequence delivered already")                                 \
	X(session_too_old, "session sequence below the window")                                    \
	X(session_far_ahead, "session sequence far above all others, and the first such one")      \
	X(session_ended, "held for order when the session ended")                                  \
	X(egress_behind, "the control thread writes the egress file too slowly")

#define DROP_ENUM(name, text) DROP_##name,
enum drop_reason {
	DROP_none = 0, /* not dropped */
	DROP_REASONS(DROP_ENUM) DROP_COUNT
};
#undef DROP_ENUM

/* Name ("link_stale_epoch") and explanation of a reason; "none" for 0. Any thread. */
const char *drop_name(enum drop_reason reason);
const char *drop_text(enum drop_reason reason);

#endif
