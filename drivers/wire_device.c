/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_thash.h>
#include <rte_udp.h>

#include "wire_device.h"

#define ECN_MASK 0x03
#define ECN_CE	 0x03

/* Where the layers of a frame lie; ip = 0: not IP. */
struct layers {
	uint32_t ip, l4, l4_len;
	bool ipv4, udp;
};

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static struct layers
find_ipv4(const uint8_t *frame, uint32_t len, uint32_t at)
{
	struct layers none = {0}, l = {.ip = at, .ipv4 = true};
	uint32_t header, total;

	if (len < at + 20)
		return none;
	header = (frame[at] & 0x0fu) * 4;
	total = get16(frame + at + 2);
	if (frame[at] >> 4 != 4 || header < 20 || total < header || len < at + total)
		return none;
	l.l4 = at + header;
	l.l4_len = total - header;
	l.udp = frame[at + 9] == IPPROTO_UDP && (get16(frame + at + 6) & 0x3fff) == 0 &&
		l.l4_len >= 8;
	return l;
}

static struct layers
find_ipv6(const uint8_t *frame, uint32_t len, uint32_t at)
{
	struct layers none = {0}, l = {.ip = at, .l4 = at + 40};

	if (len < at + 40 || frame[at] >> 4 != 6)
		return none;
	l.l4_len = get16(frame + at + 4);
	if (len < l.l4 + l.l4_len)
		return none;
	l.udp = frame[at + 6] == IPPROTO_UDP && l.l4_len >= 8;
	return l;
}

static struct layers
find(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 14;

	if (len >= 18 && get16(frame + 12) == RTE_ETHER_TYPE_VLAN)
		at = 18;
	if (len < at)
		return (struct layers){0};
	if (get16(frame + at - 2) == RTE_ETHER_TYPE_IPV4)
		return find_ipv4(frame, len, at);
	if (get16(frame + at - 2) == RTE_ETHER_TYPE_IPV6)
		return find_ipv6(frame, len, at);
	return (struct layers){0};
}

static const uint8_t hash_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77,
	0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

uint32_t
wire_device_hash(const uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);
	uint32_t tuple[9], words = 0;

	if (l.ip == 0)
		return 0;
	for (uint32_t at = l.ip + (l.ipv4 ? 12 : 8); at < l.ip + (l.ipv4 ? 20u : 40u); at += 4)
		tuple[words++] = get32(frame + at);
	if (l.udp)
		tuple[words++] = get32(frame + l.l4);
	return rte_softrss(tuple, words, hash_key);
}

/* RFC 1071, byte by byte. */
static uint32_t
sum_bytes(const uint8_t *data, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += (i & 1) != 0 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static uint32_t
udp_pseudo(const uint8_t *frame, const struct layers *l, uint32_t udp_len)
{
	uint32_t sum = IPPROTO_UDP + udp_len;

	sum = (sum & 0xffff) + (sum >> 16);
	return l->ipv4 ? sum_bytes(frame + l->ip + 12, 8, sum)
		       : sum_bytes(frame + l->ip + 8, 32, sum);
}

void
wire_device_fill_udp(uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);
	uint32_t sum;

	if (!l.udp)
		return;
	/* The field holds the pseudo header's part, so it is added in as it is. */
	sum = ~sum_bytes(frame + l.l4, l.l4_len, 0) & 0xffff;
	put16(frame + l.l4 + 6, sum != 0 ? sum : 0xffff);
}

void
wire_device_unfill_udp(uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);

	if (l.udp)
		put16(frame + l.l4 + 6, udp_pseudo(frame, &l, l.l4_len));
}

enum wire_checksum
wire_device_check_ip(const uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);

	if (l.ip == 0 || !l.ipv4)
		return WIRE_CHECKSUM_UNKNOWN;
	return sum_bytes(frame + l.ip, l.l4 - l.ip, 0) == 0xffff ? WIRE_CHECKSUM_GOOD
								 : WIRE_CHECKSUM_BAD;
}

enum wire_checksum
wire_device_check_udp(const uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);
	uint32_t udp_len;

	if (!l.udp || get16(frame + l.l4 + 6) == 0)
		return WIRE_CHECKSUM_UNKNOWN;
	udp_len = get16(frame + l.l4 + 4);
	if (udp_len < 8 || udp_len > l.l4_len)
		return WIRE_CHECKSUM_BAD;
	return sum_bytes(frame + l.l4, udp_len, udp_pseudo(frame, &l, udp_len)) == 0xffff
		       ? WIRE_CHECKSUM_GOOD
		       : WIRE_CHECKSUM_BAD;
}

bool
wire_device_mark(uint8_t *frame, uint32_t len)
{
	struct layers l = find(frame, len);
	uint32_t old;

	if (l.ip == 0)
		return false;
	if (!l.ipv4) {
		/* The traffic class lies across the first two bytes; its ECN bits in the second. */
		if ((frame[l.ip + 1] & ECN_MASK << 4) == 0)
			return false;
		frame[l.ip + 1] |= ECN_CE << 4;
		return true;
	}
	if ((frame[l.ip + 1] & ECN_MASK) == 0)
		return false;
	old = get16(frame + l.ip);
	frame[l.ip + 1] |= ECN_CE;
	/* RFC 1624, equation 3. */
	old = (~get16(frame + l.ip + 10) & 0xffff) + (~old & 0xffff) + get16(frame + l.ip);
	old = (old & 0xffff) + (old >> 16);
	old = (old & 0xffff) + (old >> 16);
	put16(frame + l.ip + 10, ~old & 0xffff);
	return true;
}
