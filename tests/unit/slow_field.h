/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GF(2^8) of WIRE.md, section 7, and elimination over it, slow and plain, for tests to hold the
 * code against: products by a table of logarithms that is made here, one element at a time.
 */
#ifndef FERRY_TEST_SLOW_FIELD_H
#define FERRY_TEST_SLOW_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifndef SLOW_COLUMNS
#define SLOW_COLUMNS 256
#endif

static uint8_t slow_exp[255], slow_log[256];

static inline void
slow_field_init(void)
{
	unsigned int x = 1;

	for (unsigned int i = 0; i < 255; i++) {
		slow_exp[i] = (uint8_t)x;
		slow_log[x] = (uint8_t)i;
		x <<= 1;
		if (x > 255)
			x ^= 0x11d;
	}
}

static inline uint8_t
slow_mul(uint8_t a, uint8_t b)
{
	if (a == 0 || b == 0)
		return 0;
	return slow_exp[(slow_log[a] + slow_log[b]) % 255];
}

static inline uint8_t
slow_inv(uint8_t a)
{
	return slow_exp[(255 - slow_log[a]) % 255];
}

/* Reduced row echelon form of all vectors that were added. */
struct slow_space {
	unsigned int n, rank;
	uint8_t rows[SLOW_COLUMNS][SLOW_COLUMNS]; /* by pivot */
	bool pivot[SLOW_COLUMNS];
};

static inline void
slow_add(uint8_t *to, uint8_t c, const uint8_t *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		to[i] ^= slow_mul(c, from[i]);
}

static inline void
slow_space_init(struct slow_space *s, unsigned int n)
{
	memset(s, 0, sizeof(*s));
	s->n = n;
}

/* Does it add to the rank? */
static inline bool
slow_space_add(struct slow_space *s, const uint8_t *vector)
{
	uint8_t v[SLOW_COLUMNS];
	unsigned int p = 0;

	memcpy(v, vector, s->n);
	for (unsigned int c = 0; c < s->n; c++)
		if (s->pivot[c])
			slow_add(v, v[c], s->rows[c], s->n);
	while (p < s->n && v[p] == 0)
		p++;
	if (p == s->n)
		return false;
	for (unsigned int i = 0, inv = slow_inv(v[p]); i < s->n; i++)
		v[i] = slow_mul((uint8_t)inv, v[i]);
	for (unsigned int c = 0; c < s->n; c++)
		if (s->pivot[c])
			slow_add(s->rows[c], s->rows[c][p], v, s->n);
	memcpy(s->rows[p], v, s->n);
	s->pivot[p] = true;
	s->rank++;
	return true;
}

/* Can this source packet be had? */
static inline bool
slow_space_knows(const struct slow_space *s, unsigned int column)
{
	if (!s->pivot[column])
		return false;
	for (unsigned int c = 0; c < s->n; c++)
		if (c != column && s->rows[column][c] != 0)
			return false;
	return true;
}

#endif
