/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame as the wire document says that it must be, read byte by byte. */
#include "oracle_private.h"

#define FERRY_PORT 13779

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static uint32_t
sum(const uint8_t *data, uint32_t len, uint32_t from)
{
	for (uint32_t i = 0; i < len; i++)
		from += (i & 1) != 0 ? data[i] : (uint32_t)data[i] << 8;
	while (from >> 16 != 0)
		from = (from & 0xffff) + (from >> 16);
	return from;
}

/* Offset of the UDP header, 0 with *why if the IP header is wrong. */
static uint32_t
read_ipv4(const uint8_t *p, uint32_t len, uint32_t at, const char **why)
{
	if (len < at + 28 || p[at] != 0x45 || get16(p + at + 2) != len - at)
		*why = "IPv4 lengths";
	else if (sum(p + at, 20, 0) != 0xffff)
		*why = "IPv4 header checksum";
	else if (get16(p + at + 6) != 0x4000)
		*why = "IPv4 without DF, or a fragment";
	else if (p[at + 9] != 17 || p[at + 8] == 0)
		*why = "IPv4 protocol or TTL";
	else if (get16(p + at + 26) != 0)
		*why = "UDP checksum over IPv4 without a device that makes it";
	else
		return at + 20;
	return 0;
}

static uint32_t
read_ipv6(const uint8_t *p, uint32_t len, uint32_t at, const char **why)
{
	uint32_t udp_len = len - at - 40;

	if (len < at + 48 || p[at] != 0x60 || get16(p + at + 4) != udp_len)
		*why = "IPv6 lengths";
	else if (p[at + 6] != 17 || p[at + 7] == 0)
		*why = "IPv6 next header or hop limit";
	else if (get16(p + at + 46) == 0)
		*why = "UDP over IPv6 without a checksum";
	else if (sum(p + at + 40, udp_len, sum(p + at + 8, 32, 17 + udp_len)) != 0xffff)
		*why = "UDP checksum";
	else
		return at + 40;
	return 0;
}

static bool
read_data(struct oracle_frame *f, const uint8_t *p, uint32_t len, const char **why)
{
	const uint8_t *s;

	*why = "Pathlet or session header cut short";
	if (len < 6 || get16(p) < 6 || len < get16(p) + 24)
		return false;
	f->pathlet = p;
	f->pathlet_len = get16(p);
	s = p + f->pathlet_len;
	f->conference = get32(s);
	f->session = get32(s + 4);
	f->seq = get32(s + 8);
	f->epoch = (uint16_t)get16(s + 16);
	f->flow_seq = (uint16_t)get16(s + 18);
	f->flow = s[20];
	f->payload = s + 24;
	f->payload_len = len - f->pathlet_len - 24;
	*why = "reserved field or flags of the session header";
	return get16(s + 22) == 0 && (s[21] & ~0x0eu) == 0;
}

bool
oracle_frame_read(struct oracle_frame *f, const uint8_t *p, uint32_t len, const char **why)
{
	uint32_t at = 14, udp = 0;

	*why = "Ethernet header";
	if (len > 18 && get16(p + 12) == 0x8100)
		at = 18;
	if (len > at + 28 && get16(p + at - 2) == 0x0800)
		udp = read_ipv4(p, len, at, why);
	else if (len > at + 48 && get16(p + at - 2) == 0x86dd)
		udp = read_ipv6(p, len, at, why);
	if (udp == 0)
		return false;
	*why = "UDP ports or length";
	if (get16(p + udp) != FERRY_PORT || get16(p + udp + 2) != FERRY_PORT ||
		get16(p + udp + 4) != len - udp)
		return false;
	p += udp + 8;
	len -= udp + 8;
	*why = "link header";
	if (len < 24 || p[0] >> 4 != 1 || p[1] != 0 || p[4] >> 7 != 0)
		return false;
	f->type = p[0] & 0x0f;
	f->link_epoch = (uint16_t)get16(p + 2);
	f->node = get32(p + 4);
	f->link_seq = (uint64_t)get32(p + 8) << 32 | get32(p + 12);
	f->stamp = get32(p + 16);
	return f->type != 0 || read_data(f, p + 24, len - 24, why);
}
