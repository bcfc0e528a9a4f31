/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct underlay_addr
underlay_addr_v4(const void *bytes)
{
	struct underlay_addr addr = {.family = AF_INET};

	memcpy(addr.bytes, bytes, 4);
	return addr;
}

struct underlay_addr
underlay_addr_v6(const void *bytes)
{
	struct underlay_addr addr = {.family = AF_INET6};

	memcpy(addr.bytes, bytes, 16);
	return addr;
}

struct address
underlay_addr_to(const struct underlay_addr *addr)
{
	rte_be32_t ip;

	if (addr->family == AF_INET6)
		return address_ipv6(addr->bytes);
	memcpy(&ip, addr->bytes, sizeof(ip));
	return address_ipv4(ip);
}

struct underlay_addr
underlay_addr_from(const struct address *address)
{
	return address_is_ipv4(address) ? underlay_addr_v4(address->bytes + 12)
					: underlay_addr_v6(address->bytes);
}

bool
underlay_addr_parse(const char *text, struct underlay_addr *addr)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*addr = underlay_addr_v4(bytes);
		return true;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*addr = underlay_addr_v6(bytes);
		return true;
	}
	return false;
}

const char *
underlay_addr_text(const struct underlay_addr *addr, char buf[UNDERLAY_ADDR_TEXT_MAX])
{
	if (addr->family == 0 ||
		inet_ntop(addr->family, addr->bytes, buf, UNDERLAY_ADDR_TEXT_MAX) == NULL)
		snprintf(buf, UNDERLAY_ADDR_TEXT_MAX, "none");
	return buf;
}

bool
underlay_addr_equal(const struct underlay_addr *a, const struct underlay_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
underlay_addr_is_unspecified(const struct underlay_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->bytes, zero, sizeof(zero)) == 0;
}

bool
underlay_addr_is_multicast(const struct underlay_addr *addr)
{
	if (addr->family == AF_INET)
		return (addr->bytes[0] & 0xf0) == 0xe0;
	return addr->family == AF_INET6 && addr->bytes[0] == 0xff;
}

bool
underlay_addr_is_link_local(const struct underlay_addr *addr)
{
	return addr->family == AF_INET6 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
}

static bool
starts_with(const struct underlay_addr *addr, const uint8_t *start, size_t len)
{
	return memcmp(addr->bytes, start, len) == 0;
}

bool
underlay_addr_is_loopback(const struct underlay_addr *addr)
{
	static const uint8_t six[16] = {[15] = 1};

	if (addr->family == AF_INET)
		return addr->bytes[0] == 127;
	return addr->family == AF_INET6 && starts_with(addr, six, sizeof(six));
}

bool
underlay_addr_is_host(const struct underlay_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (underlay_addr_is_unspecified(addr) || underlay_addr_is_multicast(addr) ||
		underlay_addr_is_loopback(addr))
		return false;
	if (addr->family == AF_INET)
		return addr->bytes[0] != 0 && addr->bytes[0] < 240;
	return addr->family == AF_INET6 && !starts_with(addr, mapped, sizeof(mapped));
}

/* The bits of byte i that belong to a prefix of so many bits. */
static uint8_t
prefix_mask(unsigned int len, unsigned int i)
{
	if (len >= 8 * (i + 1))
		return 0xff;
	if (len <= 8 * i)
		return 0;
	return (uint8_t)(0xff00 >> (len - 8 * i));
}

bool
underlay_prefix_covers(const struct underlay_prefix *prefix, const struct underlay_addr *addr)
{
	unsigned int i;

	if (prefix->addr.family != addr->family)
		return false;
	for (i = 0; i < sizeof(addr->bytes); i++)
		if ((addr->bytes[i] ^ prefix->addr.bytes[i]) & prefix_mask(prefix->len, i))
			return false;
	return true;
}

bool
underlay_prefix_broadcast(const struct underlay_prefix *prefix, const struct underlay_addr *addr)
{
	bool ones = true, zeros = true;
	unsigned int i;

	if (addr->family != AF_INET || prefix->len > 30 || !underlay_prefix_covers(prefix, addr))
		return false;
	for (i = 0; i < 4; i++) {
		const uint8_t host = (uint8_t)~prefix_mask(prefix->len, i);

		ones = ones && (addr->bytes[i] & host) == host;
		zeros = zeros && (addr->bytes[i] & host) == 0;
	}
	return ones || zeros;
}
