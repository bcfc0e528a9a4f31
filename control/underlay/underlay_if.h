/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one port is to the underlay: its addresses and how a frame leaves by it. Filled by the
 * control thread at start; constant afterwards.
 */
#ifndef FERRY_UNDERLAY_IF_H
#define FERRY_UNDERLAY_IF_H

#include <stddef.h>

#include <rte_ether.h>

#include "underlay_addr.h"

#define UNDERLAY_ADDRESSES_MAX 8
#define UNDERLAY_NAME_MAX      32

/* The longest frame that is looked at: an MTU of 9216, Ethernet header, VLAN tag. */
#define UNDERLAY_MTU_MAX   9216
#define UNDERLAY_FRAME_MAX (UNDERLAY_MTU_MAX + 18)

struct underlay_if {
	unsigned int index; /* the port's number, as given with each punted frame */
	char name[UNDERLAY_NAME_MAX];
	struct rte_ether_addr mac;
	uint16_t vlan;	    /* 1 to 4094; 0: untagged */
	bool vlan_stripped; /* the device checks and takes off the tag of what arrives */
	uint16_t mtu;	    /* bytes of an IP packet; 68 to UNDERLAY_MTU_MAX */
	unsigned int n_addresses;
	struct underlay_prefix addresses[UNDERLAY_ADDRESSES_MAX];
	struct underlay_addr gateway4; /* family 0: none */
	struct underlay_addr gateway6;

	/* set by underlay_if_finish() and _plan(): fe80::/64 and the MAC; family 0 without any IPv6
	 * address */
	struct underlay_addr link_local;
	struct underlay_addr group_of[UNDERLAY_ADDRESSES_MAX]; /* solicited-node; IPv6 only */
	struct underlay_addr link_local_group;

	/*
	 * Takes a complete Ethernet frame, with the VLAN tag, at least 60 bytes. The bytes are the
	 * caller's again afterwards. It must not call back into the underlay.
	 */
	void (*send)(void *ctx, unsigned int port, const uint8_t *frame, size_t len);
	void *send_ctx;
};

/*
 * Checks what the owner filled in and derives the rest. Returns NULL, or what is wrong as text
 * (static): a name, an address or a gateway that cannot be one, a VLAN or an MTU out of range.
 */
const char *underlay_if_finish(struct underlay_if *port);

/*
 * For routes alone, before there is a device: addresses and gateways are filled in, the MAC is not
 * known. link_local is fe80::, if there is an IPv6 address: what comes after it is not known.
 */
void underlay_if_plan(struct underlay_if *port);

/* Is it one of the port's own addresses, its link-local one included? */
bool underlay_if_owns(const struct underlay_if *port, const struct underlay_addr *addr);

/* Is it the solicited-node group of one of the port's addresses (RFC 4291, 2.7.1)? */
bool underlay_if_in_group(const struct underlay_if *port, const struct underlay_addr *group);

/*
 * The solicited-node multicast address of an IPv6 address: ff02::1:ff00:0/104 and its last 24 bits.
 */
struct underlay_addr underlay_solicited_node(const struct underlay_addr *addr);

/* The longest own prefix that covers addr, or NULL; fe80::/64 counts as one for IPv6 ports. */
const struct underlay_prefix *
underlay_if_on_link(const struct underlay_if *port, const struct underlay_addr *addr);

/*
 * The own address to speak from: of the longest own prefix that covers the other address; else the
 * first of its family that is not link-local; to link-local ones a link-local one. NULL: none.
 */
const struct underlay_addr *
underlay_if_source(const struct underlay_if *port, const struct underlay_addr *other);

#endif
