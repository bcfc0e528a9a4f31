/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the frames of a neighbour have in common: the bytes from the EtherType to the NodeID of the
 * link header, as they were in a frame that the general way judged and accepted. A frame with the
 * same bytes needs no judging again, except of what differs from packet to packet: the two lengths,
 * and the IPv4 checksum, which then follows from one addition (RFC 1624).
 *
 * Only untagged IPv4 without options, not a fragment, without a UDP checksum, not marked CE
 * (RFC 3168), is remembered; all else goes the general way each time. Whoever owns the link's
 * receiving side calls.
 */
#ifndef FERRY_LINK_HEAD_H
#define FERRY_LINK_HEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "wire.h"

/* Where things are in such a frame. */
struct link_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct link_hdr link;
} __attribute__((packed));

/* The words of eight bytes lie at these offsets; the last two overlap. */
#define LINK_HEAD_WORDS	 5
#define LINK_HEAD_OFF(i) ((i) < 4 ? 12 + 8 * (i) : 42)

static_assert(offsetof(struct link_frame, eth.ether_type) == LINK_HEAD_OFF(0), "first");
static_assert(offsetof(struct link_frame, link) == LINK_HEAD_OFF(4), "last");

/* All but the lengths and the IPv4 checksum, whose bytes are 4-5 of the first word and so on. */
#define LINK_HEAD_HOLE(byte) (~rte_cpu_to_le_64(UINT64_C(0xffff) << 8 * (byte)))
#define LINK_HEAD_MASK_0     LINK_HEAD_HOLE(4)
#define LINK_HEAD_MASK_1     LINK_HEAD_HOLE(4)
#define LINK_HEAD_MASK_3     LINK_HEAD_HOLE(2)

static_assert(offsetof(struct link_frame, ip.total_length) == LINK_HEAD_OFF(0) + 4, "hole");
static_assert(offsetof(struct link_frame, ip.hdr_checksum) == LINK_HEAD_OFF(1) + 4, "hole");
static_assert(offsetof(struct link_frame, udp.dgram_len) == LINK_HEAD_OFF(3) + 2, "hole");

struct link_head {
	uint64_t words[LINK_HEAD_WORDS]; /* holes 0; all 0 = nothing remembered: no frame's */
	uint32_t ip_sum;		 /* of the IPv4 header, its holes 0 */
};

static inline uint64_t
link_head_word(const void *frame, int i)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)frame + LINK_HEAD_OFF(i), sizeof(word));
	return word;
}

/*
 * Is a frame of len bytes in one piece, at least a struct link_frame, one of these, and whole?
 * Ethernet may pad.
 */
static inline bool
link_head_matches(const struct link_head *head, const struct link_frame *frame, uint32_t len)
{
	const uint32_t least = sizeof(*frame) - sizeof(frame->eth);
	uint32_t ip_len = rte_be_to_cpu_16(frame->ip.total_length);
	uint32_t udp_len = rte_be_to_cpu_16(frame->udp.dgram_len);
	uint32_t sum = head->ip_sum + frame->ip.total_length;
	uint64_t differs;

	differs = (link_head_word(frame, 0) & LINK_HEAD_MASK_0) ^ head->words[0];
	differs |= (link_head_word(frame, 1) & LINK_HEAD_MASK_1) ^ head->words[1];
	differs |= link_head_word(frame, 2) ^ head->words[2];
	differs |= (link_head_word(frame, 3) & LINK_HEAD_MASK_3) ^ head->words[3];
	differs |= link_head_word(frame, 4) ^ head->words[4];
	/* The sum of two folded sums needs one fold. */
	sum += sum >> 16;
	return differs == 0 && ip_len == udp_len + sizeof(frame->ip) &&
	       ip_len - least <= len - sizeof(*frame) &&
	       (uint16_t)(sum + frame->ip.hdr_checksum) == 0xffff;
}

/* A frame that the general way accepted, its link header at offset off of len contiguous bytes. */
void link_head_learn(struct link_head *head, const void *frame, uint32_t off, uint32_t len);

static inline void
link_head_forget(struct link_head *head)
{
	memset(head, 0, sizeof(*head));
}

#endif
