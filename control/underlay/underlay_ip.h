/* SPDX-License-Identifier: BSD-3-Clause */
/* IP packets for the underlay: the header checked and taken apart. Part of the underlay. */
#ifndef FERRY_UNDERLAY_IP_H
#define FERRY_UNDERLAY_IP_H

#include "underlay.h"

struct underlay_packet {
	struct underlay_addr src, dst;
	uint8_t ttl;		/* or hop limit */
	uint8_t dscp;		/* traffic class of IPv4, its ECN bits 0 */
	bool router_alert;	/* came with a hop-by-hop header; IPv6 only */
	const uint8_t *payload; /* the ICMP message; alignment 2 */
	size_t len;
};

extern const struct underlay_addr underlay_all_nodes; /* ff02::1 */

/* What follows the Ethernet header. Both return what the frame is counted as. */
enum underlay_counter underlay_ipv4_input(struct underlay *u, const struct underlay_rx *rx);
enum underlay_counter underlay_ipv6_input(struct underlay *u, const struct underlay_rx *rx);

#endif
