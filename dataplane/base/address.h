/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IP address, 16 bytes in network order; IPv4 in the mapped form ::ffff:a.b.c.d (RFC 4291,
 * 2.5.5.2), so that both families are compared alike.
 */
#ifndef FERRY_ADDRESS_H
#define FERRY_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

struct address {
	union {
		uint8_t bytes[16];
		uint64_t words[2];
	};
};

static inline struct address
address_ipv4(rte_be32_t ip)
{
	struct address a = {.words = {0, 0}};

	a.bytes[10] = 0xff;
	a.bytes[11] = 0xff;
	memcpy(a.bytes + 12, &ip, sizeof(ip));
	return a;
}

static inline struct address
address_ipv6(const void *ip)
{
	struct address a;

	memcpy(a.bytes, ip, sizeof(a.bytes));
	return a;
}

static inline bool
address_equal(const struct address *a, const struct address *b)
{
	return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1])) == 0;
}

static inline bool
address_is_ipv4(const struct address *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

#endif
