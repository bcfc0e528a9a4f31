/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire format, version 1, as C structures. WIRE.md beside this file is the norm; names and
 * order are the same there.
 *
 * Every field is in network byte order and every structure has alignment 1, so that it may be laid
 * over any byte of a packet. Nothing here checks anything: who reads a field has first checked that
 * the bytes are there.
 */
#ifndef FERRY_WIRE_H
#define FERRY_WIRE_H

#include <assert.h>
#include <stdint.h>

#include <rte_byteorder.h>

#define FERRY_UDP_PORT 13779

#define LINK_VERSION 1

/* Low four bits of the first byte of a datagram. */
enum link_type {
	LINK_DATA = 0,
	LINK_FEEDBACK = 1,
	LINK_PROBE = 2,
	LINK_PROBE_REPLY = 3,
	LINK_DECODED = 4, /* of network coding */
};

/* Sealed datagrams (AEAD) are not in this version: no flag is known, any set one is refused. */
#define LINK_FLAGS_KNOWN 0x00

/* Highest bit of a Pathlet's NodeID: the receiver is a destination. */
#define PATHLET_DESTINATION 0x80000000u
#define NODE_ID_MAX	    0x7fffffffu

/* Limits of a whole tree; a source keeps them, a receiver refuses what exceeds them. */
#define PATHLET_TREE_MAX_BYTES 512
#define PATHLET_TREE_MAX_DEPTH 32

/* Session header flags. Bits not named are sent 0 and ignored. */
#define SESSION_CODED		0x01
#define SESSION_DELAY_SENSITIVE 0x02
#define SESSION_MESSAGE_FIRST	0x04
#define SESSION_MESSAGE_LAST	0x08

/* What the payload limit of a session leaves free for later: a coding header and an AEAD tag. */
#define CODING_HEADER_MAX 8
#define SEAL_TAG_BYTES	  16

struct link_hdr {
	uint8_t version_type; /* version << 4 | type */
	uint8_t flags;
	rte_be16_t epoch;
	rte_be32_t node;
	rte_be64_t seq;
	rte_be32_t stamp; /* sender's UTC, microseconds modulo 2^32 */
	rte_be32_t rtt;	  /* sender's estimate, microseconds; 0 = none yet */
} __attribute__((packed));

struct pathlet_hdr {
	rte_be16_t length; /* counts itself: 6 + the inner RoutingInfo */
	rte_be32_t node;
} __attribute__((packed));

struct session_hdr {
	rte_be32_t conference;
	rte_be32_t session;
	rte_be32_t seq;
	rte_be32_t stamp; /* source's UTC, microseconds modulo 2^32 */
	rte_be16_t epoch;
	rte_be16_t flow_seq;
	uint8_t flow;
	uint8_t flags;
	rte_be16_t reserved;
} __attribute__((packed));

struct feedback_body {
	rte_be32_t stamp_echo;
	rte_be32_t delay;     /* microseconds since the echoed stamp arrived */
	rte_be32_t loss_rate; /* units of 2^-32; 0xffffffff = 1 */
	rte_be16_t epoch;     /* of the data reported on */
	rte_be16_t reserved;
	rte_be64_t seq_highest;
	rte_be64_t rate; /* bytes of UDP payload per second */
} __attribute__((packed));

struct probe_body {
	uint8_t cookie[16]; /* chosen by the asker, returned as it came */
} __attribute__((packed));

/* A generation: the sender of this wants no more packets of it. */
struct decoded_body {
	rte_be32_t conference;
	rte_be32_t session;
	rte_be32_t seq;	  /* its first source sequence */
	rte_be16_t epoch; /* of the source */
	rte_be16_t reserved;
} __attribute__((packed));

static_assert(sizeof(struct link_hdr) == 24, "link header");
static_assert(sizeof(struct pathlet_hdr) == 6, "Pathlet");
static_assert(sizeof(struct session_hdr) == 24, "session header");
static_assert(sizeof(struct feedback_body) == 32, "feedback");
static_assert(sizeof(struct probe_body) == 16, "probe");
static_assert(sizeof(struct decoded_body) == 16, "decoded");

#endif
