/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour.h"

#include <stdio.h>

const char *
neighbour_state_name(enum neighbour_state state)
{
	static const char *const names[NEIGHBOUR_N_STATES] = {
		[NEIGHBOUR_INCOMPLETE] = "incomplete",
		[NEIGHBOUR_REACHABLE] = "reachable",
		[NEIGHBOUR_PROBE] = "probe",
		[NEIGHBOUR_SEARCH] = "search",
		[NEIGHBOUR_FAILED] = "failed",
	};

	return names[state];
}

#define MAC_FORMAT "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_BYTES(m)                                                                               \
	(m)->addr_bytes[0], (m)->addr_bytes[1], (m)->addr_bytes[2], (m)->addr_bytes[3],            \
		(m)->addr_bytes[4], (m)->addr_bytes[5]

const char *
neighbour_event_text(enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old, const char *port, char *buf, size_t len)
{
	char who[UNDERLAY_ADDR_TEXT_MAX], mac[RTE_ETHER_ADDR_FMT_SIZE];

	underlay_addr_text(&n->addr, who);
	snprintf(mac, sizeof(mac), MAC_FORMAT, MAC_BYTES(&n->mac));
	switch (event) {
	case NEIGHBOUR_RESOLVED:
		snprintf(buf, len, "neighbour %s on port %s is at %s", who, port, mac);
		break;
	case NEIGHBOUR_RESOLVED_AGAIN:
		snprintf(buf, len, "neighbour %s on port %s is resolved again, at %s", who, port,
			mac);
		break;
	case NEIGHBOUR_CHANGED:
		snprintf(buf, len, "neighbour %s on port %s changed from " MAC_FORMAT " to %s", who,
			port, MAC_BYTES(old), mac);
		break;
	case NEIGHBOUR_SILENT:
		snprintf(buf, len,
			"neighbour %s on port %s does not answer at %s, which stays in use while "
			"it is looked for",
			who, port, mac);
		break;
	case NEIGHBOUR_ANSWERS_AGAIN:
		snprintf(buf, len, "neighbour %s on port %s answers again at %s", who, port, mac);
		break;
	case NEIGHBOUR_UNRESOLVED:
		snprintf(buf, len,
			"cannot resolve neighbour %s on port %s: no answer; trying on, nothing is "
			"sent "
			"to it meanwhile",
			who, port);
		break;
	case NEIGHBOUR_STILL_UNRESOLVED:
		snprintf(buf, len, "still cannot resolve neighbour %s on port %s: no answer", who,
			port);
		break;
	}
	return buf;
}
