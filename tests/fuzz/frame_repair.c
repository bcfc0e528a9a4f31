/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_repair.h"

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

uint32_t
frame_sum(const uint8_t *data, uint32_t len, uint32_t from)
{
	for (uint32_t i = 0; i < len; i++)
		from += (i & 1) != 0 ? data[i] : (uint32_t)data[i] << 8;
	while (from >> 16 != 0)
		from = (from & 0xffff) + (from >> 16);
	return from;
}

static void
repair_udp(uint8_t *udp, uint32_t len, uint32_t pseudo)
{
	uint32_t s;

	put16(udp + 4, len);
	put16(udp + 6, 0);
	s = ~frame_sum(udp, len, pseudo + 17 + len) & 0xffff;
	put16(udp + 6, s != 0 ? s : 0xffff);
}

void
frame_drop_sum(uint8_t *frame, uint32_t len)
{
	uint32_t header;

	if (len < 34 || frame[12] != 8 || frame[13] != 0 || frame[23] != 17)
		return;
	header = (frame[14] & 0x0fu) * 4;
	if (len >= 14 + header + 8)
		put16(frame + 14 + header + 6, 0);
}

void
frame_repair(uint8_t *frame, uint32_t len)
{
	uint32_t at = len >= 18 && frame[12] == 0x81 && frame[13] == 0 ? 18 : 14;
	uint8_t *ip = frame + at;

	if (len >= at + 28 && frame[at - 2] == 8 && frame[at - 1] == 0) {
		uint32_t header = (ip[0] & 0x0fu) * 4;

		if (header < 20 || len < at + header + 8)
			return;
		put16(ip + 2, len - at);
		put16(ip + 10, 0);
		put16(ip + 10, ~frame_sum(ip, header, 0) & 0xffff);
		if (ip[9] == 17)
			repair_udp(ip + header, len - at - header, frame_sum(ip + 12, 8, 0));
	} else if (len >= at + 48 && frame[at - 2] == 0x86 && frame[at - 1] == 0xdd) {
		put16(ip + 4, len - at - 40);
		if (ip[6] == 17)
			repair_udp(ip + 40, len - at - 40, frame_sum(ip + 8, 32, 0));
	}
}
