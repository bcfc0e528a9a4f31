/* SPDX-License-Identifier: BSD-3-Clause */
#include "mld.h"

#include <string.h>

#include <rte_byteorder.h>

#include "underlay_frame.h"

#define MLD_REPORT	  143
#define MLD_QUERY_MIN_LEN 24 /* version 1; version 2 has four bytes more */

static const struct underlay_addr mld_routers = {
	.family = AF_INET6,
	.bytes = {0xff, 0x02, [15] = 0x16},
};

struct mld_header {
	uint8_t type;
	uint8_t reserved;
	rte_be16_t cksum;
	rte_be16_t reserved2;
	rte_be16_t n_records;
} __attribute__((packed, aligned(2)));

struct mld_group {
	uint8_t type;
	uint8_t aux_len;
	rte_be16_t n_sources;
	uint8_t group[16];
} __attribute__((packed, aligned(2)));

/* Each group once: addresses with the same last 24 bits share theirs. Returns their number. */
static unsigned int
groups_of(const struct underlay_if *port, struct underlay_addr *out)
{
	unsigned int i, k, n = 0;

	out[n++] = port->link_local_group;
	for (i = 0; i < port->n_addresses; i++) {
		if (port->group_of[i].family == 0)
			continue;
		for (k = 0; k < n && !underlay_addr_equal(&out[k], &port->group_of[i]); k++)
			;
		if (k == n)
			out[n++] = port->group_of[i];
	}
	return n;
}

void
mld_report(struct underlay *u, const struct underlay_if *port, enum mld_record record)
{
	static const uint8_t hop_by_hop[8] = {UNDERLAY_PROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	const struct rte_ether_addr mac = underlay_group_mac(&mld_routers);
	struct underlay_addr groups[UNDERLAY_ADDRESSES_MAX + 1];
	const unsigned int n = groups_of(port, groups);
	const size_t len = sizeof(struct mld_header) + n * sizeof(struct mld_group);
	struct underlay_frame frame;
	struct mld_header *header;
	unsigned int i;

	underlay_frame_begin(&frame, port, &mac, RTE_ETHER_TYPE_IPV6);
	underlay_frame_ipv6(&frame, &port->link_local, &mld_routers, UNDERLAY_PROTO_HOPOPT,
		sizeof(hop_by_hop) + len, 1);
	memcpy(underlay_frame_append(&frame, sizeof(hop_by_hop)), hop_by_hop, sizeof(hop_by_hop));
	header = underlay_frame_append(&frame, sizeof(*header));
	header->type = MLD_REPORT;
	header->n_records = rte_cpu_to_be_16((uint16_t)n);
	for (i = 0; i < n; i++) {
		struct mld_group *group = underlay_frame_append(&frame, sizeof(*group));

		group->type = (uint8_t)record;
		memcpy(group->group, groups[i].bytes, 16);
	}
	header->cksum = underlay_icmp6_cksum(&port->link_local, &mld_routers, header, len);
	underlay_frame_send(&frame, port);
	u->counters[UNDERLAY_mld_reports]++;
}

/* RFC 3810, 5.1.3: milliseconds, or above 32767 a floating-point form of them. */
static uint32_t
response_delay_ms(const uint8_t *query, size_t len)
{
	const uint32_t code = (uint32_t)query[4] << 8 | query[5];

	if (len == MLD_QUERY_MIN_LEN || code < 32768)
		return code;
	return ((code & 0x0fff) | 0x1000) << ((code >> 12 & 7) + 3);
}

enum underlay_counter
mld_input(struct underlay *u, const struct underlay_rx *rx, const struct underlay_packet *packet)
{
	struct underlay_port_state *state = &u->state[rx->slot];
	uint64_t due;

	/* 5.1.14, 6.2: link-local source, hop limit 1, router alert; else ignored */
	if (packet->len < MLD_QUERY_MIN_LEN || packet->ttl != 1 || !packet->router_alert ||
		!underlay_addr_is_link_local(&packet->src))
		return UNDERLAY_mld_malformed;
	/* Some moment of the time that is granted; the last bits of the MAC spread the answers. */
	due = rx->now + response_delay_ms(packet->payload, packet->len) * UINT64_C(1000000) *
				rx->port->mac.addr_bytes[5] / 256;
	if (due < state->mld_due)
		state->mld_due = due;
	if (due < u->next_due)
		u->next_due = due;
	return UNDERLAY_mld_answered;
}
