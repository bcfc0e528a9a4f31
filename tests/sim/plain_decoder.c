/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "plain_decoder.h"

#define ROW (PLAIN_SPAN + PLAIN_SYMBOL)

uint8_t
plain_mul(uint8_t a, uint8_t b)
{
	unsigned int product = 0, x = a;

	for (; b != 0; b >>= 1) {
		if (b & 1)
			product ^= x;
		x <<= 1;
		if (x & 0x100)
			x ^= 0x11d;
	}
	return (uint8_t)product;
}

static uint8_t
inverse(uint8_t a)
{
	for (unsigned int b = 1; b < 256; b++)
		if (plain_mul(a, (uint8_t)b) == 1)
			return (uint8_t)b;
	return 0;
}

/* to += c * from */
static void
add_row(uint8_t *to, const uint8_t *from, uint8_t c)
{
	uint8_t table[256];

	if (c == 0)
		return;
	for (unsigned int x = 0; x < 256; x++)
		table[x] = plain_mul(c, (uint8_t)x);
	for (uint32_t i = 0; i < ROW; i++)
		to[i] ^= table[from[i]];
}

void
plain_begin(struct plain_decoder *d, uint32_t n)
{
	memset(d, 0, sizeof(*d));
	d->n = n;
}

bool
plain_take(struct plain_decoder *d, const uint8_t *coeffs, const uint8_t *symbol, uint32_t len)
{
	uint8_t row[ROW] = {0};
	uint32_t first = 0;
	uint8_t unit[ROW] = {0};

	memcpy(row, coeffs, d->n);
	memcpy(row + PLAIN_SPAN, symbol, len);
	for (uint32_t i = 0; i < d->n; i++)
		if (d->pivot[i])
			add_row(row, d->rows[i], row[i]);
	while (first < d->n && row[first] == 0)
		first++;
	if (first == d->n)
		return false;
	add_row(unit, row, inverse(row[first]));
	for (uint32_t i = 0; i < d->n; i++)
		if (d->pivot[i])
			add_row(d->rows[i], unit, d->rows[i][first]);
	memcpy(d->rows[first], unit, ROW);
	d->pivot[first] = true;
	d->rank++;
	return true;
}

const uint8_t *
plain_symbol(const struct plain_decoder *d, uint32_t i)
{
	if (!d->pivot[i])
		return NULL;
	for (uint32_t k = 0; k < d->n; k++)
		if (d->rows[i][k] != (k == i))
			return NULL;
	return d->rows[i] + PLAIN_SPAN;
}
