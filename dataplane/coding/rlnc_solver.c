/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "gf256.h"
#include "rlnc_solver.h"

#define ROW_ALIGN 64
#define WORD	  8 /* bytes that are looked at together */

static uint16_t
round_up(uint16_t n)
{
	return (uint16_t)RTE_ALIGN_CEIL(n, WORD);
}

static size_t
stride_of(uint16_t columns, uint16_t slots)
{
	return RTE_ALIGN_CEIL((size_t)round_up(columns) + round_up(slots), ROW_ALIGN);
}

static size_t
column_bytes(uint16_t columns)
{
	return RTE_ALIGN_CEIL((size_t)round_up(columns), ROW_ALIGN);
}

size_t
rlnc_solver_bytes(uint16_t columns, uint16_t slots)
{
	/* One row more than there are slots: where a new combination is judged. */
	return (round_up(slots) + (size_t)1) * stride_of(columns, slots) +
	       2 * column_bytes(columns);
}

void
rlnc_solver_reset(struct rlnc_solver *s)
{
	s->nb_rows = 0;
	s->nb_known = 0;
	s->nb_used = 0;
	memset(s->open, 0xff, s->columns);
	memset(s->known, 0, s->columns);
	memset(s->row_of, 0xff, s->columns * sizeof(s->row_of[0]));
	memset(s->used, 0, sizeof(s->used));
}

void
rlnc_solver_init(struct rlnc_solver *s, void *memory, uint16_t columns, uint16_t slots)
{
	uint8_t *p = memory;

	s->columns = round_up(columns);
	s->slots = round_up(slots);
	s->stride = (uint16_t)stride_of(columns, slots);
	s->open = p;
	s->known = p + column_bytes(columns);
	s->rows = p + 2 * column_bytes(columns);
	rlnc_solver_reset(s);
}

uint16_t
rlnc_solver_free_slot(const struct rlnc_solver *s)
{
	for (uint16_t base = 0; base < s->slots; base = (uint16_t)(base + 64)) {
		uint64_t unused = ~s->used[base / 64];
		uint16_t slot;

		if (unused == 0)
			continue;
		slot = (uint16_t)(base + __builtin_ctzll(unused));
		return slot < s->slots ? slot : RLNC_SOLVER_NONE;
	}
	return RLNC_SOLVER_NONE;
}

static void
use_slot(struct rlnc_solver *s, uint16_t slot, bool use)
{
	uint64_t bit = UINT64_C(1) << (slot % 64);

	if (rlnc_solver_uses(s, slot) == use)
		return;
	s->used[slot / 64] ^= bit;
	s->nb_used = (uint16_t)(s->nb_used + (use ? 1 : -1));
}

/* A word before which no column is open: where to begin to look in many rows. */
static uint16_t
open_from(const struct rlnc_solver *s)
{
	uint16_t c = 0;

	for (uint64_t open = 0; c < s->columns; c = (uint16_t)(c + WORD)) {
		memcpy(&open, s->open + c, WORD);
		if (open != 0)
			break;
	}
	return c;
}

/* The first column, from a word on, that is open and in the row. */
static uint16_t
first_open(const struct rlnc_solver *s, const uint8_t *row, uint16_t from)
{
	for (uint16_t c = from; c < s->columns; c = (uint16_t)(c + WORD)) {
		uint64_t open, in;

		memcpy(&open, s->open + c, WORD);
		memcpy(&in, row + c, WORD);
		if ((open & in) != 0)
			return (uint16_t)(c + __builtin_ctzll(open & in) / 8);
	}
	return RLNC_SOLVER_NONE;
}

/* Gives a row the pivot column, which is open and in it. */
static void
make_pivot(struct rlnc_solver *s, uint16_t row, uint16_t column)
{
	uint8_t *p = rlnc_solver_row(s, row);

	if (p[column] != 1)
		gf256_scale(p, gf256_inv(p[column]), s->stride);
	gf256_clear(s->rows, s->stride, s->nb_rows, row, column);
	s->pivots[row] = column;
	s->row_of[column] = row;
	s->open[column] = 0;
}

/* Takes a row away; the last takes its place. Its pivot is neither open nor a pivot then. */
static void
remove_row(struct rlnc_solver *s, uint16_t row)
{
	uint16_t last = (uint16_t)(s->nb_rows - 1);

	if (s->row_of[s->pivots[row]] == row)
		s->row_of[s->pivots[row]] = RLNC_SOLVER_NONE;
	if (row != last) {
		memcpy(rlnc_solver_row(s, row), rlnc_solver_row(s, last), s->stride);
		s->pivots[row] = s->pivots[last];
		s->row_of[s->pivots[row]] = row;
	}
	s->nb_rows = last;
}

/*
 * A row in which no column is unknown any more: it frees a slot, which is taken out of the others
 * with its help. They get known columns for it.
 */
static void
spend_row(struct rlnc_solver *s, uint16_t row)
{
	uint8_t *p = rlnc_solver_row(s, row), *slots = p + s->columns;
	uint16_t slot = 0;

	while (slots[slot] == 0)
		slot++;
	if (s->nb_rows > 1) {
		if (slots[slot] != 1)
			gf256_scale(p, gf256_inv(slots[slot]), s->stride);
		gf256_clear(s->rows, s->stride, s->nb_rows, row, (size_t)s->columns + slot);
	}
	use_slot(s, slot, false);
	remove_row(s, row);
}

bool
rlnc_solver_add(struct rlnc_solver *s, const uint8_t *coeffs, uint16_t slot)
{
	uint8_t *row = rlnc_solver_row(s, s->nb_rows);
	uint16_t pivot;

	memcpy(row, coeffs, s->columns);
	memset(row + s->columns, 0, (size_t)s->stride - s->columns);
	row[s->columns + slot] = 1;
	/* Rows are 0 in each other's pivots, so all of them can be taken off at once. */
	gf256_reduce(row, s->rows, s->stride, s->nb_rows, s->pivots);
	pivot = first_open(s, row, 0);
	if (pivot == RLNC_SOLVER_NONE)
		return false;
	use_slot(s, slot, true);
	s->nb_rows++;
	make_pivot(s, (uint16_t)(s->nb_rows - 1), pivot);
	return true;
}

uint16_t
rlnc_solver_learn(struct rlnc_solver *s, uint16_t column)
{
	uint16_t row = s->row_of[column], pivot;

	if (s->known[column])
		return 0;
	s->known[column] = 1;
	s->nb_known++;
	s->open[column] = 0;
	if (likely(row == RLNC_SOLVER_NONE))
		return 0;
	s->row_of[column] = RLNC_SOLVER_NONE;
	pivot = first_open(s, rlnc_solver_row(s, row), 0);
	if (pivot != RLNC_SOLVER_NONE) {
		make_pivot(s, row, pivot);
		return 0;
	}
	spend_row(s, row);
	return 1;
}

uint16_t
rlnc_solver_solved(const struct rlnc_solver *s, uint16_t rows[RLNC_SOLVER_SLOTS_MAX])
{
	uint16_t n = 0, from = open_from(s);
	uint64_t open = 0, in;

	memcpy(&open, s->open + from, from < s->columns ? WORD : 0);
	for (uint16_t r = 0; r < s->nb_rows; r++) {
		const uint8_t *row = rlnc_solver_row(s, r);

		/* Almost every row that is not solved needs one of these. */
		memcpy(&in, row + from, WORD);
		if ((in & open) == 0 && first_open(s, row, from) == RLNC_SOLVER_NONE)
			rows[n++] = r;
	}
	return n;
}

void
rlnc_solver_finish(struct rlnc_solver *s, const uint16_t *rows, uint16_t n)
{
	bool all = n == s->nb_rows;

	/* From the last: what takes the place of a row that goes is none of those before it. */
	while (n-- > 0) {
		uint16_t column = s->pivots[rows[n]];

		s->known[column] = 1;
		s->nb_known++;
		if (all)
			s->row_of[column] = RLNC_SOLVER_NONE;
		else
			spend_row(s, rows[n]);
	}
	if (all) {
		s->nb_rows = 0;
		s->nb_used = 0;
		memset(s->used, 0, sizeof(s->used));
	}
}

/* Slots that are in no row any more. */
static void
collect_slots(struct rlnc_solver *s)
{
	for (uint16_t j = 0; j < s->slots; j++) {
		bool found = false;

		for (uint16_t r = 0; r < s->nb_rows && !found; r++)
			found = rlnc_solver_row(s, r)[s->columns + j] != 0;
		if (!found)
			use_slot(s, j, false);
	}
}

uint16_t
rlnc_solver_forget(struct rlnc_solver *s, uint16_t column)
{
	uint16_t row = s->row_of[column];
	uint8_t *p;

	s->nb_known = (uint16_t)(s->nb_known - s->known[column]);
	s->known[column] = 0;
	s->open[column] = 0xff;
	for (uint16_t r = 0; row == RLNC_SOLVER_NONE && r < s->nb_rows; r++)
		if (rlnc_solver_row(s, r)[column] != 0)
			row = r;
	if (row == RLNC_SOLVER_NONE)
		return 0;
	p = rlnc_solver_row(s, row);
	if (s->pivots[row] != column) {
		gf256_scale(p, gf256_inv(p[column]), s->stride);
		gf256_clear(s->rows, s->stride, s->nb_rows, row, column);
		s->open[s->pivots[row]] = 0xff;
	}
	remove_row(s, row);
	collect_slots(s);
	return 1;
}
