/* SPDX-License-Identifier: BSD-3-Clause */
#include "recode_oracle.h"

#include <stdlib.h>
#include <string.h>

#define SYMBOL_BYTES 104 /* that are compared; what follows must be 0 */
#define SLOW_COLUMNS (RECODE_ORACLE_SPAN + SYMBOL_BYTES)
#include "../unit/slow_field.h"
#include "rlnc_header.h"

#define HEAD_BYTES	4 /* of a coding header */
#define ARRIVALS_MAX	1024
#define GENERATIONS_MAX 24

struct arrival {
	struct session_hdr session;
	uint16_t len;
	uint8_t data[2048];
};

/* All packets of one key, as rows. */
struct generation {
	struct session_hdr key;
	struct slow_space space;
};

static struct arrival *arrivals;
static struct generation *generations;
static unsigned int nb_arrivals, nb_generations;

void
recode_oracle_forget(void)
{
	if (arrivals == NULL) {
		slow_field_init();
		arrivals = calloc(ARRIVALS_MAX, sizeof(*arrivals));
		generations = calloc(GENERATIONS_MAX, sizeof(*generations));
	}
	nb_arrivals = 0;
	nb_generations = 0;
}

static bool
same(const struct session_hdr *a, const struct session_hdr *b)
{
	return a->conference == b->conference && a->session == b->session && a->seq == b->seq &&
	       a->epoch == b->epoch;
}

static struct generation *
find(const struct session_hdr *key)
{
	for (unsigned int i = 0; i < nb_generations; i++)
		if (same(&generations[i].key, key))
			return &generations[i];
	return NULL;
}

/*
 * The packet as a row: coefficients, then its symbol. False: it is none of a block whose symbol is
 * there and ends where zeros may begin.
 */
static bool
row_of(const struct session_hdr *session, const uint8_t *data, uint16_t len,
	uint8_t row[SLOW_COLUMNS])
{
	unsigned int kind, n, at = HEAD_BYTES;
	uint8_t *symbol = row + RECODE_ORACLE_SPAN;
	unsigned int used = 0;

	memset(row, 0, SLOW_COLUMNS);
	if (len < HEAD_BYTES || (data[0] & 0x0d) != 0)
		return false;
	kind = data[0] >> 4;
	n = data[1];
	if (n == 0 || n > RECODE_ORACLE_SPAN)
		return false;
	if (kind == 0) {
		if (data[2] >= n)
			return false;
		row[data[2]] = 1;
		symbol[0] = (uint8_t)((len - at) >> 8);
		symbol[1] = (uint8_t)(len - at);
		symbol[2] = session->flags & 0x0e;
		memcpy(symbol + 4, &session->stamp, 4);
		used = 8;
	} else if (kind == 1) {
		rlnc_seed_coeffs((uint16_t)(data[2] << 8 | data[3]), row, (uint8_t)n);
	} else if (kind == 2 && len >= at + n) {
		memcpy(row, data + at, n);
		at += n;
	} else {
		return false;
	}
	if (kind != 0 && len < at + 8)
		return false;
	for (; at < len; at++, used++) {
		if (used < SYMBOL_BYTES)
			symbol[used] = data[at];
		else if (data[at] != 0)
			return false;
	}
	return true;
}

void
recode_oracle_in(const struct session_hdr *session, const uint8_t *data, uint16_t len)
{
	struct generation *g = find(session);
	uint8_t row[SLOW_COLUMNS];

	if (nb_arrivals == ARRIVALS_MAX)
		return;
	arrivals[nb_arrivals].session = *session;
	arrivals[nb_arrivals].len = len;
	memcpy(arrivals[nb_arrivals].data, data, len);
	nb_arrivals++;
	if (!row_of(session, data, len, row))
		return;
	if (g == NULL && nb_generations < GENERATIONS_MAX) {
		g = &generations[nb_generations++];
		g->key = *session;
		slow_space_init(&g->space, SLOW_COLUMNS);
	}
	if (g != NULL)
		(void)slow_space_add(&g->space, row);
}

static bool
came(const struct session_hdr *session, const uint8_t *data, uint16_t len)
{
	for (unsigned int i = 0; i < nb_arrivals; i++)
		if (same(&arrivals[i].session, session) && arrivals[i].len == len &&
			memcmp(arrivals[i].data, data, len) == 0)
			return true;
	return nb_arrivals == ARRIVALS_MAX;
}

static bool
spans(const struct slow_space *space, const uint8_t *row)
{
	uint8_t left[SLOW_COLUMNS] = {0};

	memcpy(left, row, SLOW_COLUMNS);
	for (unsigned int c = 0; c < space->n; c++)
		if (space->pivot[c])
			slow_add(left, left[c], space->rows[c], space->n);
	for (unsigned int c = 0; c < space->n; c++)
		if (left[c] != 0)
			return false;
	return true;
}

bool
recode_oracle_explains(const struct session_hdr *session, const uint8_t *data, uint16_t len)
{
	const struct generation *g = find(session);
	uint8_t row[SLOW_COLUMNS];
	bool any = false;

	if (came(session, data, len))
		return true;
	if (!row_of(session, data, len, row) || data[0] >> 4 != 2)
		return false;
	for (unsigned int i = 0; i < RECODE_ORACLE_SPAN; i++)
		any |= row[i] != 0;
	if (!any)
		return false;
	return g != NULL ? spans(&g->space, row) : nb_generations == GENERATIONS_MAX;
}
