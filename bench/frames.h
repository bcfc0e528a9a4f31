/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that benchmarks in one process send through a node, made without the node's code. */
#ifndef FERRY_BENCH_FRAMES_H
#define FERRY_BENCH_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "address.h"
#include "loop.h"

/* The node that is measured, and the neighbours whose frames it receives: the first, and others. */
#define FRAMES_OWN_ID	  1
#define FRAMES_SENDER_ID  2
#define FRAMES_FIRST_HOP  16 /* NodeIDs of next hops that lie side by side */
#define FRAMES_CONFERENCE 7

enum frames_kind {
	FRAMES_RELAY,	    /* to FRAMES_OWN_ID and through it to next hops */
	FRAMES_DESTINATION, /* to FRAMES_OWN_ID, a destination */
	FRAMES_INGRESS_UDP, /* datagrams to the ingress addresses of sessions */
};

struct frames_params {
	enum frames_kind kind;
	bool ipv6;
	bool checked; /* the device says that IPv4 and UDP checksums are right */
	uint16_t payload;
	bool many_senders; /* LOOP_SENDERS of them in turn, else one */
	uint16_t hops;	   /* next hops, 1 to LOOP_HOPS */
	uint16_t ways;	   /* of these, in each frame; a copy for each */
	bool sparse;	   /* NodeIDs anywhere below 2^31, else side by side */
	uint32_t sessions; /* 1 to LOOP_ADDRESSES * LOOP_PER_PORT */
};

/* NodeID of a next hop, 0 to LOOP_HOPS - 1. */
uint32_t frames_hop_id(uint16_t hop, bool sparse);

/*
 * Addresses: of the node itself (0 to LOOP_ADDRESSES - 1), of a sender (0 to LOOP_SENDERS - 1), of
 * a next hop.
 */
struct address frames_own_address(uint16_t i, bool ipv6);
struct address frames_sender_address(uint16_t i, bool ipv6);
struct address frames_hop_address(uint16_t hop, bool ipv6);
struct rte_ether_addr frames_own_mac(void);
struct rte_ether_addr frames_other_mac(uint16_t i);

/* Fills a traffic; it begins anew. */
void frames_make(struct loop_traffic *traffic, const struct frames_params *params);

#endif
