/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multicast listener reports, version 2 (RFC 3810), for the solicited-node groups: without them a
 * switch that snoops does not hand neighbour solicitations on. Part of the underlay.
 */
#ifndef FERRY_MLD_H
#define FERRY_MLD_H

#include "underlay_ip.h"

#define MLD_QUERY 130

/* A query, its checksum right. Returns what the frame is counted as; the tick sends the report. */
enum underlay_counter
mld_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet);

enum mld_record {
	MLD_IS_EXCLUDE = 2, /* answer to a query: listening to all sources */
	MLD_TO_EXCLUDE = 4, /* has begun to listen */
};

/* Reports the groups of the port's IPv6 addresses. */
void mld_report(struct underlay *u, const struct underlay_if *port, enum mld_record record);

#endif
