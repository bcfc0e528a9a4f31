/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <rte_byteorder.h>

#include "arp.h"
#include "mld.h"
#include "nd.h"
#include "underlay_ip.h"

#define S (1000ull * 1000 * 1000)

#define ANNOUNCE_COUNT	  2	   /* RFC 5227, 1.1: ANNOUNCE_NUM; RFC 4861, 10: at most 3 */
#define ANNOUNCE_INTERVAL (2 * S)  /* RFC 5227, 1.1 */
#define DEFEND_INTERVAL	  (10 * S) /* RFC 5227, 1.1 */
#define CONFLICT_TELL	  (60 * S)

/* Echo replies a second, and at once; tokens are the bucket's bytes. */
#define ECHO_RATE  1000
#define ECHO_BURST 100

static void
on_solicit(void *ctx, const struct neighbour *n, const struct rte_ether_addr *at)
{
	struct underlay *u = ctx;
	const struct underlay_if *port = underlay_port(u, n->port);

	if (n->addr.family == AF_INET)
		arp_request(u, port, &n->addr, at);
	else
		nd_solicit(u, port, &n->addr, at);
}

static void
on_changed(void *ctx, const struct neighbour *n)
{
	struct underlay *u = ctx;

	u->ops.changed(u->ops.ctx, n);
}

static bool
on_alive(void *ctx, const struct neighbour *n)
{
	struct underlay *u = ctx;

	return u->ops.alive != NULL && u->ops.alive(u->ops.ctx, n);
}

static void
on_event(void *ctx, enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old)
{
	const bool good = event == NEIGHBOUR_RESOLVED || event == NEIGHBOUR_RESOLVED_AGAIN ||
			  event == NEIGHBOUR_ANSWERS_AGAIN;
	struct underlay *u = ctx;
	char text[256];

	neighbour_event_text(event, n, old, underlay_port(u, n->port)->name, text, sizeof(text));
	u->ops.log(u->ops.ctx, good ? LOG_INFO : LOG_WARNING, text);
}

void
underlay_init(struct underlay *u, const struct underlay_ops *ops, uint64_t seed)
{
	const struct neighbour_ops neighbour_ops = {
		.ctx = u,
		.solicit = on_solicit,
		.changed = on_changed,
		.alive = on_alive,
		.event = on_event,
	};

	memset(u, 0, sizeof(*u));
	u->ops = *ops;
	u->next_due = NEIGHBOUR_NEVER;
	token_bucket_init(&u->echo_bucket, 8 * ECHO_RATE, ECHO_BURST, 0);
	neighbour_init(&u->neighbours, &neighbour_ops, seed);
}

void
underlay_fini(struct underlay *u)
{
	neighbour_fini(&u->neighbours);
}

/* The slot of a port, or n_ports. */
static unsigned int
slot_of(const struct underlay *u, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < u->n_ports && u->ports[i].index != index; i++)
		;
	return i;
}

const struct underlay_if *
underlay_port(const struct underlay *u, unsigned int index)
{
	const unsigned int slot = slot_of(u, index);

	return slot < u->n_ports ? &u->ports[slot] : NULL;
}

uint64_t
underlay_conflicts(const struct underlay *u, unsigned int index)
{
	const unsigned int slot = slot_of(u, index);

	return slot < u->n_ports ? u->state[slot].conflicts : 0;
}

const char *
underlay_add_port(struct underlay *u, const struct underlay_if *port)
{
	struct underlay_if *own = &u->ports[u->n_ports];
	const char *wrong;

	if (port->index >= UNDERLAY_PORTS_MAX || underlay_port(u, port->index) != NULL)
		return "the port's number is out of range (0 to 63) or used twice";
	*own = *port;
	wrong = underlay_if_finish(own);
	if (wrong != NULL)
		return wrong;
	u->state[u->n_ports] = (struct underlay_port_state){.mld_due = NEIGHBOUR_NEVER};
	u->n_ports++;
	return NULL;
}

static void
announce(struct underlay *u, const struct underlay_if *port)
{
	unsigned int i;

	if (port->link_local.family != 0) {
		mld_report(u, port, MLD_TO_EXCLUDE);
		nd_announce(u, port, &port->link_local);
	}
	for (i = 0; i < port->n_addresses; i++) {
		const struct underlay_addr *own = &port->addresses[i].addr;

		if (own->family == AF_INET)
			arp_announce(u, port, own);
		else if (!underlay_addr_equal(own, &port->link_local))
			nd_announce(u, port, own);
	}
}

void
underlay_set_up(struct underlay *u, uint64_t now, unsigned int index, bool up)
{
	const unsigned int slot = slot_of(u, index);
	struct underlay_port_state *state = &u->state[slot];

	if (slot == u->n_ports || state->up == up)
		return;
	state->up = up;
	state->mld_due = NEIGHBOUR_NEVER;
	state->announcements = up ? ANNOUNCE_COUNT : 0;
	state->announce_due = now;
	if (up)
		u->next_due = now;
	neighbour_port(&u->neighbours, now, index, up);
}

int
underlay_need(struct underlay *u, uint64_t now, int only_port, const struct underlay_addr *dst,
	struct underlay_hop *hop, struct neighbour **neighbour)
{
	const int error = underlay_route(u->ports, u->n_ports, only_port, dst, hop);

	if (error != 0)
		return error;
	*neighbour = neighbour_need(&u->neighbours, now, hop->port, &hop->next_hop);
	return *neighbour != NULL ? 0 : -ENOMEM;
}

void
underlay_release(struct underlay *u, struct neighbour *neighbour)
{
	neighbour_release(&u->neighbours, neighbour);
}

/* RFC 5227, 2.4 (b): one announcement in reply, no more than one in ten seconds. */
void
underlay_conflict(struct underlay *u, const struct underlay_rx *rx,
	const struct underlay_addr *addr, const struct rte_ether_addr *mac)
{
	struct underlay_port_state *state = &u->state[rx->slot];
	const bool first = state->conflicts++ == 0;
	char who[UNDERLAY_ADDR_TEXT_MAX], at[RTE_ETHER_ADDR_FMT_SIZE], text[256];

	if (first || rx->now - state->defended_at >= DEFEND_INTERVAL) {
		state->defended_at = rx->now;
		if (addr->family == AF_INET)
			arp_announce(u, rx->port, addr);
		else
			nd_announce(u, rx->port, addr);
	}
	if (!first && rx->now - state->conflict_told < CONFLICT_TELL)
		return;
	state->conflict_told = rx->now;
	snprintf(at, sizeof(at), "%02x:%02x:%02x:%02x:%02x:%02x", mac->addr_bytes[0],
		mac->addr_bytes[1], mac->addr_bytes[2], mac->addr_bytes[3], mac->addr_bytes[4],
		mac->addr_bytes[5]);
	snprintf(text, sizeof(text),
		"address %s of port %s is also claimed by %s: one of the two must change",
		underlay_addr_text(addr, who), rx->port->name, at);
	u->ops.log(u->ops.ctx, LOG_WARNING, text);
}

/*
 * Takes the Ethernet header and, if the frame has it, the port's own VLAN tag off; a tag of VLAN 0
 * gives a priority only (IEEE 802.1Q) and is one of an untagged port. 0, or a counter that
 * ends it.
 */
static int
take_ethernet(struct underlay_rx *rx, const uint8_t *frame, size_t len, uint16_t *ethertype)
{
	struct rte_ether_hdr eth;
	struct rte_vlan_hdr tag;
	bool tagged = false;
	uint16_t vlan = 0;

	if (len < sizeof(eth))
		return UNDERLAY_frame_short;
	memcpy(&eth, frame, sizeof(eth));
	rx->dst = eth.dst_addr;
	rx->src = eth.src_addr;
	rx->l3 = frame + sizeof(eth);
	rx->l3_len = len - sizeof(eth);
	*ethertype = rte_be_to_cpu_16(eth.ether_type);
	if (*ethertype == RTE_ETHER_TYPE_VLAN) {
		if (rx->l3_len < sizeof(tag))
			return UNDERLAY_frame_short;
		memcpy(&tag, rx->l3, sizeof(tag));
		rx->l3 += sizeof(tag);
		rx->l3_len -= sizeof(tag);
		*ethertype = rte_be_to_cpu_16(tag.eth_proto);
		vlan = rte_be_to_cpu_16(tag.vlan_tci) & 0x0fff;
		tagged = true;
	}
	if (vlan != rx->port->vlan && (tagged || !rx->port->vlan_stripped))
		return UNDERLAY_wrong_vlan;
	return -1;
}

static enum underlay_counter
dispatch(struct underlay *u, struct underlay_rx *rx, const uint8_t *frame, size_t len)
{
	uint16_t ethertype = 0;
	const int end = take_ethernet(rx, frame, len, &ethertype);

	if (end >= 0)
		return (enum underlay_counter)end;
	if (rte_is_same_ether_addr(&rx->src, &rx->port->mac))
		return UNDERLAY_own_frame;
	if (!rte_is_valid_assigned_ether_addr(&rx->src))
		return UNDERLAY_bad_source;
	if (!rte_is_multicast_ether_addr(&rx->dst) &&
		!rte_is_same_ether_addr(&rx->dst, &rx->port->mac))
		return UNDERLAY_not_for_us;
	switch (ethertype) {
	case RTE_ETHER_TYPE_ARP:
		return arp_input(u, rx);
	case RTE_ETHER_TYPE_IPV4:
		return underlay_ipv4_input(u, rx);
	case RTE_ETHER_TYPE_IPV6:
		return underlay_ipv6_input(u, rx);
	default:
		return UNDERLAY_other_ethertype;
	}
}

void
underlay_input(
	struct underlay *u, uint64_t now, unsigned int index, const uint8_t *frame, size_t len)
{
	uint8_t copy[UNDERLAY_FRAME_MAX] __attribute__((aligned(8)));
	struct underlay_rx rx = {.now = now, .slot = slot_of(u, index)};
	enum underlay_counter counter;

	u->frames_in++;
	if (rx.slot == u->n_ports) {
		counter = UNDERLAY_unknown_port;
	} else if (!u->state[rx.slot].up) {
		counter = UNDERLAY_port_down;
	} else if (len > sizeof(copy)) {
		counter = UNDERLAY_frame_long;
	} else {
		memcpy(copy, frame, len);
		rx.port = &u->ports[rx.slot];
		counter = dispatch(u, &rx, copy, len);
	}
	u->counters[counter]++;
}

static void
tick_port(struct underlay *u, unsigned int slot, uint64_t now)
{
	struct underlay_port_state *state = &u->state[slot];

	if (state->announcements > 0 && state->announce_due <= now) {
		state->announcements--;
		state->announce_due = now + ANNOUNCE_INTERVAL;
		announce(u, &u->ports[slot]);
	}
	if (state->mld_due <= now) {
		state->mld_due = NEIGHBOUR_NEVER;
		mld_report(u, &u->ports[slot], MLD_IS_EXCLUDE);
	}
	if (state->announcements > 0 && state->announce_due < u->next_due)
		u->next_due = state->announce_due;
	if (state->mld_due < u->next_due)
		u->next_due = state->mld_due;
}

uint64_t
underlay_tick(struct underlay *u, uint64_t now)
{
	uint64_t neighbours;
	unsigned int slot;

	if (u->next_due <= now) {
		u->next_due = NEIGHBOUR_NEVER;
		for (slot = 0; slot < u->n_ports; slot++)
			tick_port(u, slot, now);
	}
	neighbours = neighbour_tick(&u->neighbours, now);
	return neighbours < u->next_due ? neighbours : u->next_due;
}
