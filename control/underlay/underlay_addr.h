/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IP address of either family and what can be asked of it. Pure functions; any thread.
 */
#ifndef FERRY_UNDERLAY_ADDR_H
#define FERRY_UNDERLAY_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"

/* Network byte order. IPv4: the first four bytes, the others 0, so that memcmp compares. */
struct underlay_addr {
	uint8_t family; /* AF_INET, AF_INET6, or 0: none */
	uint8_t bytes[16];
};

struct underlay_prefix {
	struct underlay_addr addr;
	uint8_t len; /* bits: at most 32 or 128 */
};

#define UNDERLAY_ADDR_TEXT_MAX INET6_ADDRSTRLEN

/* bytes: 4 or 16 of them, at any alignment. */
struct underlay_addr underlay_addr_v4(const void *bytes);
struct underlay_addr underlay_addr_v6(const void *bytes);

/* In the form that the dataplane uses; not for family 0. */
struct address underlay_addr_to(const struct underlay_addr *addr);
/* And from that. */
struct underlay_addr underlay_addr_from(const struct address *address);

/* Reads "192.0.2.1" or "2001:db8::1"; false if it is neither. */
bool underlay_addr_parse(const char *text, struct underlay_addr *addr);

/* Writes the address as text to buf and returns buf; "none" for family 0. */
const char *underlay_addr_text(const struct underlay_addr *addr, char buf[UNDERLAY_ADDR_TEXT_MAX]);

bool underlay_addr_equal(const struct underlay_addr *a, const struct underlay_addr *b);

/* 0.0.0.0 or ::, or no address at all */
bool underlay_addr_is_unspecified(const struct underlay_addr *addr);

/* 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, 2.7) */
bool underlay_addr_is_multicast(const struct underlay_addr *addr);

/* 127.0.0.0/8 (RFC 1122, 3.2.1.3) or ::1 (RFC 4291, 2.5.3) */
bool underlay_addr_is_loopback(const struct underlay_addr *addr);

/* fe80::/10 (RFC 4291, 2.5.6); no IPv4 address is one here */
bool underlay_addr_is_link_local(const struct underlay_addr *addr);

/*
 * Can it name one host: not unspecified, loopback, multicast, an IPv4 address of 0/8 or 240/4
 * (RFC 6890), or an IPv4-mapped IPv6 one?
 */
bool underlay_addr_is_host(const struct underlay_addr *addr);

/* Do the first prefix->len bits of both agree (and the family)? */
bool underlay_prefix_covers(const struct underlay_prefix *prefix, const struct underlay_addr *addr);

/*
 * The broadcast address of an IPv4 prefix, or its network address (all host bits 0, the broadcast
 * of old: RFC 1122, 3.2.1.3)? Prefixes of 31 and 32 bits have neither (RFC 3021).
 */
bool
underlay_prefix_broadcast(const struct underlay_prefix *prefix, const struct underlay_addr *addr);

#endif
