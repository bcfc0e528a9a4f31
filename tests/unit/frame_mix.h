/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random frames as a node's neighbours and clients may send them, and as nobody should: all kinds
 * of Ferry datagrams, in order and not, over IPv4 and IPv6, tagged and not, some of them damaged,
 * cut, padded, with options, fragments.
 */
#ifndef FERRY_TEST_FRAME_MIX_H
#define FERRY_TEST_FRAME_MIX_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "frame.h"
#include "port.h"
#include "rng.h"

#define MIX_NODE     1 /* the NodeID that they are for */
#define MIX_PORTS    2 /* the second one is tagged */
#define MIX_VLAN     7
#define MIX_PEERS    8 /* NodeIDs from MIX_PEER_ID on; those of the second port come last */
#define MIX_PEER_ID  2
#define MIX_SESSIONS 8 /* of each conference, from 1 on */
#define MIX_FRAME    1600

/* Conferences. */
#define MIX_HERE    1 /* sessions that end here */
#define MIX_SOURCES 2 /* that begin here: ingress ports from MIX_INGRESS on, by session */
#define MIX_TRANSIT 3
#define MIX_INGRESS 5000
#define MIX_CODED   5 /* this session is coded, generations of MIX_K */
#define MIX_K	    8

/* A neighbour and what it says of itself. */
struct mix_peer {
	uint64_t seq, control;
	uint16_t epoch;
};

struct mix_stream {
	uint32_t seq;
	uint16_t flow_seq, epoch;
};

struct frame_mix {
	struct rng rng;
	uint32_t odd; /* so many frames of a thousand are not as they should be */
	bool flips;   /* some of them have other bits: they may be of any session, any tree */
	const struct port *ports;
	struct mix_peer peers[MIX_PEERS];
	struct mix_stream here[MIX_SESSIONS], transit[MIX_SESSIONS];
	uint32_t utc_us;
};

struct mix_frame {
	uint8_t port;
	bool borrowed; /* somebody else may hold its buffer */
	uint16_t len;
	uint64_t flags; /* RTE_MBUF_F_RX_... */
	uint16_t tci;	/* with RTE_MBUF_F_RX_VLAN_STRIPPED */
	uint8_t bytes[MIX_FRAME];
};

/* Peers with an odd index and ports' second addresses are IPv6. */
struct address mix_own_address(uint8_t port, bool ipv6);
struct address mix_peer_address(uint32_t peer);
uint8_t mix_peer_port(uint32_t peer);
static inline bool
mix_peer_is_ipv6(uint32_t peer)
{
	return peer % 2 != 0;
}

/* ports: MIX_PORTS of them, the node's, their addresses set. */
void frame_mix_begin(
	struct frame_mix *mix, const struct port *ports, uint64_t seed, uint32_t odd, bool flips);

void frame_mix_next(struct frame_mix *mix, struct mix_frame *frame);

#endif
