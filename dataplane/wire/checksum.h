/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Internet checksum (RFC 1071) as partial sums that can be joined and split: a sum over bytes that
 * begin at an even offset, in the byte order of memory, not yet complemented. RFC 1624 gives the
 * arithmetic for leaving a part out: add its complement.
 */
#ifndef FERRY_CHECKSUM_H
#define FERRY_CHECKSUM_H

#include <stdbool.h>
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

/* The carry comes in again at the low end: no more than one. */
static inline uint16_t
checksum_add(uint16_t a, uint16_t b)
{
	uint16_t sum = (uint16_t)(a + b);

	return (uint16_t)(sum + (sum < a));
}

/* The sum of what remains when the part summing to b leaves a whole summing to a. */
static inline uint16_t
checksum_sub(uint16_t a, uint16_t b)
{
	return checksum_add(a, (uint16_t)~b);
}

/* Folded sum of len bytes. */
static inline uint16_t
checksum_bytes(const void *data, size_t len)
{
	return rte_raw_cksum(data, len);
}

/*
 * Folded sum of len bytes of a packet, chained or not, from offset off; they must be there. Each
 * piece is folded before its bytes are swapped for an odd offset: rte_raw_cksum_mbuf of DPDK 22.11
 * is not right there.
 */
static inline uint16_t
checksum_mbuf_part(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint32_t done = 0;
	uint16_t sum = 0;

	if (len == 0)
		return 0;
	if (off + len <= m->data_len)
		return checksum_bytes(rte_pktmbuf_mtod_offset(m, const void *, off), len);
	while (off >= m->data_len) {
		off -= m->data_len;
		m = m->next;
	}
	for (; done < len; m = m->next, off = 0) {
		uint32_t piece = RTE_MIN(m->data_len - off, len - done);
		uint16_t part = checksum_bytes(
			rte_pktmbuf_mtod_offset(m, const void *, off), piece);

		sum = checksum_add(sum, (done & 1) != 0 ? rte_bswap16(part) : part);
		done += piece;
	}
	return sum;
}

/* Folded sum of a whole packet from offset off. */
static inline uint16_t
checksum_mbuf(const struct rte_mbuf *m, uint32_t off)
{
	return checksum_mbuf_part(m, off, m->pkt_len - off);
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
