/* SPDX-License-Identifier: BSD-3-Clause */
#include "arp.h"

#include <assert.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_byteorder.h>

#include "underlay_frame.h"

static const struct rte_ether_addr broadcast = {.addr_bytes = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct rte_ether_addr no_mac;

static void
arp_send(const struct underlay_if *port, uint16_t opcode, const struct rte_ether_addr *dst,
	const struct underlay_addr *sip, const struct rte_ether_addr *tha, const uint8_t *tip)
{
	struct underlay_frame frame;
	struct rte_arp_hdr *arp;

	underlay_frame_begin(&frame, port, dst, RTE_ETHER_TYPE_ARP);
	arp = underlay_frame_append(&frame, sizeof(*arp));
	arp->arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	arp->arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = RTE_ETHER_ADDR_LEN;
	arp->arp_plen = 4;
	arp->arp_opcode = rte_cpu_to_be_16(opcode);
	arp->arp_data.arp_sha = port->mac;
	memcpy(&arp->arp_data.arp_sip, sip->bytes, 4);
	arp->arp_data.arp_tha = *tha;
	memcpy(&arp->arp_data.arp_tip, tip, 4);
	underlay_frame_send(&frame, port);
}

void
arp_request(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *target,
	const struct rte_ether_addr *at)
{
	const struct underlay_addr *source = underlay_if_source(port, target);

	assert(source != NULL); /* or there were no route by this port */
	arp_send(port, RTE_ARP_OP_REQUEST, at != NULL ? at : &broadcast, source, &no_mac,
		target->bytes);
	u->counters[UNDERLAY_arp_requests]++;
}

void
arp_announce(struct underlay *u, const struct underlay_if *port, const struct underlay_addr *own)
{
	arp_send(port, RTE_ARP_OP_REQUEST, &broadcast, own, &no_mac, own->bytes);
	u->counters[UNDERLAY_arp_announcements]++;
}

static bool
arp_header_ok(const struct rte_arp_hdr *arp)
{
	return arp->arp_hardware == rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) &&
	       arp->arp_protocol == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) &&
	       arp->arp_hlen == RTE_ETHER_ADDR_LEN && arp->arp_plen == 4;
}

/* RFC 826 updates what it knows from requests and replies alike, whomever they are meant for. */
static enum underlay_counter
arp_learn(struct underlay *u, const struct underlay_rx *rx, const struct rte_arp_hdr *arp,
	const struct underlay_addr *sip)
{
	const struct underlay_addr tip = underlay_addr_v4(&arp->arp_data.arp_tip);
	const bool answer = arp->arp_opcode == rte_cpu_to_be_16(RTE_ARP_OP_REPLY) &&
			    rte_is_same_ether_addr(&rx->dst, &rx->port->mac) &&
			    underlay_if_owns(rx->port, &tip);

	switch (neighbour_learn(&u->neighbours, rx->now, rx->port->index, sip,
		&arp->arp_data.arp_sha, answer, true)) {
	case NEIGHBOUR_TAKEN:
		return UNDERLAY_arp_taken;
	case NEIGHBOUR_KEPT:
		return UNDERLAY_arp_not_believed;
	default:
		return UNDERLAY_arp_stranger;
	}
}

enum underlay_counter
arp_input(struct underlay *u, const struct underlay_rx *rx)
{
	enum underlay_counter counter = UNDERLAY_arp_stranger;
	struct underlay_addr sip, tip;
	struct rte_arp_hdr arp;

	if (rx->l3_len < sizeof(arp))
		return UNDERLAY_arp_malformed;
	memcpy(&arp, rx->l3, sizeof(arp));
	if (!arp_header_ok(&arp))
		return UNDERLAY_arp_malformed;
	if (arp.arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) &&
		arp.arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REPLY))
		return UNDERLAY_arp_other;
	sip = underlay_addr_v4(&arp.arp_data.arp_sip);
	tip = underlay_addr_v4(&arp.arp_data.arp_tip);
	if (!rte_is_valid_assigned_ether_addr(&arp.arp_data.arp_sha) ||
		rte_is_same_ether_addr(&arp.arp_data.arp_sha, &rx->port->mac))
		return UNDERLAY_bad_source;
	if (underlay_if_owns(rx->port, &sip)) {
		underlay_conflict(u, rx, &sip, &arp.arp_data.arp_sha);
		return UNDERLAY_address_conflict;
	}
	if (underlay_addr_is_host(&sip))
		counter = arp_learn(u, rx, &arp, &sip);
	else if (!underlay_addr_is_unspecified(&sip)) /* unspecified: a probe (RFC 5227, 2.1.1) */
		return UNDERLAY_bad_source;
	if (arp.arp_opcode == rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) &&
		underlay_if_owns(rx->port, &tip)) {
		arp_send(rx->port, RTE_ARP_OP_REPLY, &arp.arp_data.arp_sha, &tip,
			&arp.arp_data.arp_sha, sip.bytes);
		return UNDERLAY_arp_answered;
	}
	return counter;
}
