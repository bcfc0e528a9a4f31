/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the frames of a neighbour have in common: the bytes from the EtherType to the NodeID of the
 * link header, as they were in a frame that the general path judged and accepted. A frame with the
 * same bytes needs no judging again, except of what differs from packet to packet: the two lengths,
 * and the IPv4 checksum, which then follows from one addition (RFC 1624).
 *
 * Only untagged IPv4 without options, not a fragment, without a UDP checksum, not marked CE
 * (RFC 3168), is remembered; all else takes the general path each time. Whoever owns the link's
 * receiving side calls.
 */
#ifndef FERRY_LINK_HEAD_H
#define FERRY_LINK_HEAD_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "wire.h"

/* Where things are in such a frame. */
struct link_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct link_hdr link;
} __attribute__((packed));

/* The bytes that are compared, in parts of sixteen at these offsets; the last two overlap. */
typedef uint64_t link_head_part __attribute__((vector_size(16)));

#define LINK_HEAD_PARTS	 3
#define LINK_HEAD_OFF(i) ((i) < 2 ? 12 + 16 * (i) : 34)

static_assert(offsetof(struct link_frame, eth.ether_type) == LINK_HEAD_OFF(0), "first");
static_assert(offsetof(struct link_frame, link.seq) == LINK_HEAD_OFF(2) + 16, "last");

/* All but the lengths and the IPv4 checksum: two bytes of a word of eight. */
#define LINK_HEAD_HOLE(byte) (~rte_cpu_to_le_64(UINT64_C(0xffff) << 8 * (byte)))
#define LINK_HEAD_ALL	     UINT64_MAX

static_assert(offsetof(struct link_frame, ip.total_length) == LINK_HEAD_OFF(0) + 4, "hole");
static_assert(offsetof(struct link_frame, ip.hdr_checksum) == LINK_HEAD_OFF(0) + 8 + 4, "hole");
static_assert(offsetof(struct link_frame, udp.dgram_len) == LINK_HEAD_OFF(1) + 8 + 2, "hole");
static_assert(offsetof(struct link_frame, udp.dgram_len) == LINK_HEAD_OFF(2) + 4, "hole");

static const link_head_part link_head_masks[LINK_HEAD_PARTS] = {
	{LINK_HEAD_HOLE(4), LINK_HEAD_HOLE(4)},
	{LINK_HEAD_ALL, LINK_HEAD_HOLE(2)},
	{LINK_HEAD_HOLE(4), LINK_HEAD_ALL},
};

struct link_head {
	link_head_part parts[LINK_HEAD_PARTS]; /* all 0 = nothing remembered: no frame's */
	uint16_t ip_sum;		       /* of the IPv4 header, its holes 0 */
};

/* Part i of a frame, its holes 0. */
static inline link_head_part
link_head_part_of(const struct link_frame *frame, int i)
{
	link_head_part part;

	memcpy(&part, (const uint8_t *)frame + LINK_HEAD_OFF(i), sizeof(part));
	return part & link_head_masks[i];
}

/*
 * Is a frame of len bytes in one piece, at least a struct link_frame, one of these, and whole?
 * Ethernet may pad.
 */
static inline bool
link_head_matches(const struct link_head *head, const struct link_frame *frame, uint32_t len)
{
	uint32_t udp_len = rte_be_to_cpu_16(frame->udp.dgram_len);
	rte_be16_t ip_len = rte_cpu_to_be_16((uint16_t)(udp_len + sizeof(frame->ip)));
	uint32_t rest = udp_len - (uint32_t)(sizeof(frame->udp) + sizeof(frame->link));
	link_head_part differs = {0, 0};

	for (int i = 0; i < LINK_HEAD_PARTS; i++)
		differs |= link_head_part_of(frame, i) ^ head->parts[i];
	return (differs[0] | differs[1]) == 0 && rest <= len - sizeof(*frame) &&
	       frame->ip.total_length == ip_len &&
	       (uint16_t)(checksum_add(head->ip_sum, ip_len) + frame->ip.hdr_checksum) == 0xffff;
}

/* A frame that the general path accepted, its link header at offset off of len contiguous bytes. */
void link_head_learn(struct link_head *head, const void *frame, uint32_t off, uint32_t len);

static inline void
link_head_forget(struct link_head *head)
{
	memset(head, 0, sizeof(*head));
}

#endif
