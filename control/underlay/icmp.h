/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): echo requests are answered, at most 1000 a second (and
 * 100 at once) over all ports; neighbour discovery and listener queries go to their parts; all else
 * is counted. Part of the underlay.
 */
#ifndef FERRY_ICMP_H
#define FERRY_ICMP_H

#include "underlay_ip.h"

/* Both return what the frame is counted as. */
enum underlay_counter
icmp4_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet);
enum underlay_counter
icmp6_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet);

#endif
