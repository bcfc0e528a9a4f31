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

/*
 * A sum not yet folded; room for 2^16 partial sums. A half's carry reaches the other as both halves
 * are added to each other; only a sum of 0 folds to 0.
 */
static inline uint16_t
checksum_fold(uint32_t sum)
{
	sum += sum << 16 | sum >> 16;
	return (uint16_t)(sum >> 16);
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

/* What a part's sum adds to a whole in which the part begins at this offset (RFC 1071, 2 (B)). */
static inline uint16_t
checksum_at(uint32_t off, uint16_t sum)
{
	return (off & 1) != 0 ? rte_bswap16(sum) : sum;
}

/* checksum_fold for up to 2^32 partial sums of 32 bits. */
static inline uint16_t
checksum_fold_long(uint64_t sum)
{
	sum += sum << 32 | sum >> 32;
	return checksum_fold((uint32_t)(sum >> 32));
}

/* What each of these reads adds less than 2^32 to a sum; the pieces of all even lengths. */
static inline uint64_t
checksum_read_32(const void *data)
{
	uint32_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

static inline uint64_t
checksum_read_16(const void *data)
{
	uint16_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Not folded; of a length known to the compiler a few additions. */
static inline uint64_t
checksum_short(const uint8_t *data, size_t len)
{
	const uint8_t *end = data + (len & ~(size_t)3);
	uint64_t sum = 0;

	for (; data < end; data += 4)
		sum += checksum_read_32(data);
	if ((len & 2) != 0) {
		sum += checksum_read_16(data);
		data += 2;
	}
	if ((len & 1) != 0)
		sum += rte_cpu_to_le_16(*data);
	return sum;
}

/* Folded sum of len bytes, 1 to 64 KiB. */
typedef uint16_t checksum_kernel(const uint8_t *data, size_t len);

/* Folded sum of len bytes, at most 64 KiB, by the widest vectors that this processor has. */
uint16_t checksum_long(const void *data, size_t len);

/* For tests: those that this processor can run, the fastest first; NULL from some i on. */
checksum_kernel *checksum_kernels(unsigned int i);

/* Folded sum of len bytes, at most 64 KiB. */
static inline uint16_t
checksum_bytes(const void *data, size_t len)
{
	if (__builtin_constant_p(len) && len <= 32)
		return checksum_fold_long(checksum_short(data, len));
	return checksum_long(data, len);
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

		sum = checksum_add(sum, checksum_at(done, part));
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
