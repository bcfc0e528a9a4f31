/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Internet checksum (RFC 1071) as partial sums that can be joined and split: a sum over bytes that
 * begin at an even offset, in the byte order of memory, not yet complemented. RFC 1624 gives the
 * arithmetic for leaving a part out: add its complement.
 */
#ifndef FERRY_CHECKSUM_H
#define FERRY_CHECKSUM_H

#include <stdint.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_mbuf.h>

/* A sum not yet folded; room for 2^16 partial sums. */
static inline uint16_t
checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint16_t
checksum_add(uint16_t a, uint16_t b)
{
	return checksum_fold((uint32_t)a + b);
}

/* The sum of what remains when the part summing to b leaves a whole summing to a. */
static inline uint16_t
checksum_sub(uint16_t a, uint16_t b)
{
	return checksum_fold((uint32_t)a + (uint16_t)~b);
}

/* Folded sum of len bytes. */
static inline uint16_t
checksum_bytes(const void *data, size_t len)
{
	return rte_raw_cksum(data, len);
}

/* Folded sum of a whole packet from offset off, chained or not. */
static inline uint16_t
checksum_mbuf(const struct rte_mbuf *m, uint32_t off)
{
	uint16_t sum = 0;

	(void)rte_raw_cksum_mbuf(m, off, m->pkt_len - off, &sum);
	return sum;
}

/* Pseudo header of RFC 768 / RFC 8200 8.1: addresses as they lie in the packet, UDP. */
static inline uint16_t
checksum_pseudo(const void *addresses, size_t address_bytes, uint16_t udp_len)
{
	uint32_t sum = checksum_bytes(addresses, address_bytes);

	sum += rte_cpu_to_be_16(IPPROTO_UDP);
	sum += rte_cpu_to_be_16(udp_len);
	return checksum_fold(sum);
}

#endif
