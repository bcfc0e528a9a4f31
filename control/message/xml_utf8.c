/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <string.h>

#include "xml_utf8.h"

/* Characters by their first byte: how many bytes follow, and what the first of these may be. */
static const struct {
	uint8_t first, last, follow, low, high;
} rows[] = {
	{0x00, 0x7f, 0, 0, 0},
	{0xc2, 0xdf, 1, 0x80, 0xbf},
	{0xe0, 0xe0, 2, 0xa0, 0xbf},
	{0xe1, 0xec, 2, 0x80, 0xbf},
	{0xed, 0xed, 2, 0x80, 0x9f},
	{0xee, 0xef, 2, 0x80, 0xbf},
	{0xf0, 0xf0, 3, 0x90, 0xbf},
	{0xf1, 0xf3, 3, 0x80, 0xbf},
	{0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character that begins here; 0: it is none. */
static size_t
character(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t follow = rows[i].follow;

		if (bytes[0] < rows[i].first || bytes[0] > rows[i].last)
			continue;
		if (size < 1 + follow ||
			(follow > 0 && (bytes[1] < rows[i].low || bytes[1] > rows[i].high)))
			return 0;
		for (size_t at = 2; at <= follow; at++) {
			if ((bytes[at] & 0xc0) != 0x80)
				return 0;
		}
		return 1 + follow;
	}
	return 0;
}

bool
xml_utf8_valid(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		size_t len = character((const uint8_t *)bytes + at, size - at);

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

char *
xml_utf8_copy(char *to, size_t size, const char *text)
{
	size_t left = strlen(text), used = 0;

	while (left > 0) {
		size_t len = character((const uint8_t *)text, left), step = len > 0 ? len : 1;

		if (used + step >= size)
			break;
		if (len > 0)
			memcpy(to + used, text, len);
		else
			to[used] = '?';
		used += step;
		text += step;
		left -= step;
	}
	to[used] = 0;
	return to;
}
