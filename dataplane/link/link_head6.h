/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_head.h over IPv6: from the EtherType to the NodeID of the link header, all but the two
 * lengths and the UDP checksum is as in a frame that the general path accepted. IPv6 must have a
 * UDP checksum (RFC 8200, 8.1), so the sum of the constant part is remembered too.
 *
 * Only untagged frames without extension headers, not marked CE (RFC 3168).
 */
#ifndef FERRY_LINK_HEAD6_H
#define FERRY_LINK_HEAD6_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "wire.h"

struct link_frame6 {
	struct rte_ether_hdr eth;
	struct rte_ipv6_hdr ip;
	struct rte_udp_hdr udp;
	struct link_hdr link;
} __attribute__((packed));

/* Two words of eight bytes, compared as one. */
typedef uint64_t link_pair __attribute__((vector_size(16)));

/* The pairs lie at these offsets; the last two overlap. */
#define LINK_HEAD6_PAIRS  4
#define LINK_HEAD6_OFF(i) ((i) < 3 ? 12 + 16 * (i) : 54)

static_assert(offsetof(struct link_frame6, eth.ether_type) == LINK_HEAD6_OFF(0), "first");
static_assert(offsetof(struct link_frame6, link.seq) == LINK_HEAD6_OFF(3) + 16, "last");

/* All but the lengths and the checksum: bytes 6-7 of the first pair and so on. */
#define LINK_HEAD6_MASK_0 ((link_pair){rte_cpu_to_le_64(~(UINT64_C(0xffff) << 48)), UINT64_MAX})
#define LINK_HEAD6_MASK_2 ((link_pair){UINT64_MAX, rte_cpu_to_le_64(~(UINT64_C(0xffff) << 48))})
#define LINK_HEAD6_MASK_3 ((link_pair){rte_cpu_to_le_64(UINT64_C(0xffffffff)), UINT64_MAX})

static_assert(offsetof(struct link_frame6, ip.payload_len) == LINK_HEAD6_OFF(0) + 6, "hole");
static_assert(offsetof(struct link_frame6, udp.dgram_len) == LINK_HEAD6_OFF(2) + 14, "hole");
static_assert(offsetof(struct link_frame6, udp.dgram_len) == LINK_HEAD6_OFF(3) + 4, "hole");

struct link_head6 {
	link_pair pairs[LINK_HEAD6_PAIRS]; /* holes 0; all 0 = nothing remembered: no frame's */
	uint32_t sum; /* of all that the UDP checksum covers of it, the pseudo header too */
};

static inline link_pair
link_head6_pair(const void *frame, int i)
{
	link_pair pair;

	memcpy(&pair, (const uint8_t *)frame + LINK_HEAD6_OFF(i), sizeof(pair));
	return pair;
}

/*
 * Is a frame of len bytes in one piece, at least a struct link_frame6, one of these, and whole?
 * Ethernet may pad. Of the checksum only that there is one.
 */
static inline bool
link_head6_matches(const struct link_head6 *head, const struct link_frame6 *frame, uint32_t len)
{
	const uint32_t least = sizeof(frame->udp) + sizeof(frame->link);
	uint32_t udp_len = rte_be_to_cpu_16(frame->udp.dgram_len);
	link_pair differs;

	differs = (link_head6_pair(frame, 0) & LINK_HEAD6_MASK_0) ^ head->pairs[0];
	differs |= link_head6_pair(frame, 1) ^ head->pairs[1];
	differs |= (link_head6_pair(frame, 2) & LINK_HEAD6_MASK_2) ^ head->pairs[2];
	differs |= (link_head6_pair(frame, 3) & LINK_HEAD6_MASK_3) ^ head->pairs[3];
	return (differs[0] | differs[1]) == 0 && frame->ip.payload_len == frame->udp.dgram_len &&
	       udp_len - least <= len - sizeof(*frame) && frame->udp.dgram_cksum != 0;
}

/* Of what differs from one link header to the next; not folded. */
static inline uint64_t
link_head6_own_sum(const struct link_hdr *hdr)
{
	return checksum_read_32(&hdr->seq) + checksum_read_32((const uint8_t *)&hdr->seq + 4) +
	       checksum_read_32(&hdr->stamp) + checksum_read_32(&hdr->rtt);
}

/*
 * Of such a frame's UDP checksum all but what follows the link header: with that, the whole is
 * 0xffff if the checksum is right. The length counts twice (pseudo header, UDP header).
 */
static inline uint16_t
link_head6_sum(const struct link_head6 *head, const struct link_frame6 *frame)
{
	return checksum_fold_long(head->sum + 2 * (uint64_t)frame->udp.dgram_len +
				  frame->udp.dgram_cksum + link_head6_own_sum(&frame->link));
}

/*
 * Fills the lengths and the checksum of a frame of total bytes whose other fields are there.
 * constant: sum of addresses, protocol, ports and the link header up to its sequence; body: of what
 * follows the link header, not folded.
 */
static inline void
link_frame6_finish(struct link_frame6 *f, uint16_t constant, uint32_t total, uint64_t body)
{
	rte_be16_t len = rte_cpu_to_be_16((uint16_t)(total - offsetof(struct link_frame6, udp)));
	uint16_t check;

	f->ip.payload_len = len;
	f->udp.dgram_len = len;
	check = (uint16_t)~checksum_fold_long(
		constant + 2 * (uint64_t)len + link_head6_own_sum(&f->link) + body);
	/* 0 would say that there is none. */
	f->udp.dgram_cksum = check != 0 ? check : 0xffff;
}

/* What leaving a Pathlet's header out adds to a sum (RFC 1624). */
static inline uint64_t
link_frame6_without(const struct pathlet_hdr *own)
{
	return UINT32_MAX - checksum_read_32(own) + UINT16_MAX -
	       checksum_read_16((const uint8_t *)own + 4);
}

/* A frame that the general path accepted, its link header at offset off of len contiguous bytes. */
void link_head6_learn(struct link_head6 *head, const void *frame, uint32_t off, uint32_t len);

static inline void
link_head6_forget(struct link_head6 *head)
{
	memset(head, 0, sizeof(*head));
}

#endif
