/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

static uint8_t
pattern(uint32_t session, uint64_t number, uint32_t i)
{
	uint64_t x = (number * 0x9e3779b97f4a7c15u) ^ ((uint64_t)session << 40) ^ (i / 8 + 1);

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return (uint8_t)(x >> (8 * (i % 8)));
}

void
payload_make(uint8_t *payload, uint32_t len, uint32_t session, uint64_t number)
{
	for (uint32_t i = 0; i < 8; i++)
		payload[i] = (uint8_t)(number >> (56 - 8 * i));
	for (uint32_t i = 8; i < len; i++)
		payload[i] = pattern(session, number, i);
}

uint64_t
payload_number(const uint8_t *payload)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | payload[i];
	return number;
}

bool
payload_right(const uint8_t *payload, uint32_t len, uint32_t session, bool generated)
{
	uint64_t number;

	if (len < PAYLOAD_MIN)
		return false;
	number = payload_number(payload);
	for (uint32_t i = 8; i < len; i++)
		if (payload[i] != (generated ? (uint8_t)number : pattern(session, number, i)))
			return false;
	return true;
}
