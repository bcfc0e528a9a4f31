/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>

#include "gf256.h"
#include "rlnc_solver.h"

#define ROW_ALIGN 64
#define WORD	  8 /* bytes that are looked at together */

static_assert(WORD % GF256_ROWS == 0, "memory for whole groups of rows");

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

/*
 * Pivots of rows that are not there are a column of which a candidate has 0: that of the first
 * slot.
 */
static void
drop_rows(struct rlnc_solver *s)
{
	while (s->nb_rows > 0)
		s->pivots[--s->nb_rows] = s->columns;
}

void
rlnc_solver_reset(struct rlnc_solver *s)
{
	drop_rows(s);
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
	s->nb_rows = RLNC_SOLVER_SLOTS_MAX; /* so that all pivots are set */
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

static inline uint64_t
word_at(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, WORD);
	return word;
}

/* The word of the first open column, else the last: where to begin to look in many rows. */
static uint16_t
open_from(const struct rlnc_solver *s)
{
	uint16_t c = 0;

	while (c < s->columns - WORD && word_at(s->open + c) == 0)
		c = (uint16_t)(c + WORD);
	return c;
}

/* The first column, from a word on, that is open and in the row. */
static uint16_t
first_open(const struct rlnc_solver *s, const uint8_t *row, uint16_t from)
{
	for (uint16_t c = from; c < s->columns; c = (uint16_t)(c + WORD)) {
		uint64_t in = word_at(s->open + c) & word_at(row + c);

		if (in != 0)
			return (uint16_t)(c + __builtin_ctzll(rte_le_to_cpu_64(in)) / 8);
	}
	return RLNC_SOLVER_NONE;
}

/* Gives a row the pivot column, which is open and in it. */
static void
make_pivot(struct rlnc_solver *s, uint16_t row, uint16_t column)
{
	gf256_pivot(s->rows, s->stride, s->nb_rows, row, column);
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
	s->pivots[last] = s->columns;
	s->nb_rows = last;
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

/* The same after rows were spent: once a column was forgotten there may be more slots than rows. */
static inline void
collect_left(struct rlnc_solver *s)
{
	if (unlikely(s->nb_used > s->nb_rows))
		collect_slots(s);
}

/*
 * A row in which no column is unknown any more: it frees a slot, which is taken out of the others
 * with its help. They get known columns for it.
 */
static void
spend_row(struct rlnc_solver *s, uint16_t row)
{
	const uint8_t *slots = rlnc_solver_row(s, row) + s->columns;
	uint16_t slot = 0;

	while (slots[slot] == 0)
		slot++;
	if (s->nb_rows > 1)
		gf256_pivot(s->rows, s->stride, s->nb_rows, row, (size_t)s->columns + slot);
	use_slot(s, slot, false);
	remove_row(s, row);
}

uint8_t *
rlnc_solver_candidate(struct rlnc_solver *s)
{
	uint8_t *row = rlnc_solver_row(s, s->nb_rows);

	for (uint8_t *p = row; p < row + s->stride; p += ROW_ALIGN)
		memset(p, 0, ROW_ALIGN);
	return row;
}

bool
rlnc_solver_add(struct rlnc_solver *s, uint16_t slot)
{
	uint8_t *row = rlnc_solver_row(s, s->nb_rows);
	uint16_t pivot;

	/* Rows are 0 in each other's pivots, so all of them can be taken off at once. */
	gf256_reduce(row, s->rows, s->stride, s->nb_rows, s->pivots, (size_t)s->columns + slot);
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
	collect_left(s);
	return 1;
}

/*
 * Is there a row of a group without an open column in this word? Few are, if any is open there.
 * Those that are not there are looked at too: a loop that ends elsewhere each time is slower.
 */
static inline bool
any_closed(const struct rlnc_solver *s, uint16_t group, uint16_t from, uint64_t open)
{
	typedef uint64_t pair __attribute__((vector_size(2 * WORD)));
	const uint8_t *word = rlnc_solver_row(s, group) + from;
	pair both = {open, open}, closed = {0, 0};

	for (unsigned int i = 0; i < GF256_ROWS; i += 2, word += 2 * (size_t)s->stride) {
		pair in = {word_at(word), word_at(word + s->stride)};

		closed |= (pair)((in & both) == 0);
	}
	return (closed[0] | closed[1]) != 0;
}

uint16_t
rlnc_solver_solved(const struct rlnc_solver *s, uint16_t rows[RLNC_SOLVER_SLOTS_MAX])
{
	uint16_t n = 0, from = open_from(s);
	uint64_t open = word_at(s->open + from);

	/* Nothing is unknown but pivots. */
	if (open == 0) {
		for (; n < s->nb_rows; n++)
			rows[n] = n;
		return n;
	}
	for (uint16_t group = 0; group < s->nb_rows; group = (uint16_t)(group + GF256_ROWS)) {
		uint16_t end = RTE_MIN(s->nb_rows, (uint16_t)(group + GF256_ROWS));

		if (likely(!any_closed(s, group, from, open)))
			continue;
		for (uint16_t r = group; r < end; r++)
			if (first_open(s, rlnc_solver_row(s, r), from) == RLNC_SOLVER_NONE)
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
		drop_rows(s);
		s->nb_used = 0;
		memset(s->used, 0, sizeof(s->used));
	}
	collect_left(s);
}

uint16_t
rlnc_solver_forget(struct rlnc_solver *s, uint16_t column)
{
	uint16_t row = s->row_of[column];

	s->nb_known = (uint16_t)(s->nb_known - s->known[column]);
	s->known[column] = 0;
	s->open[column] = 0xff;
	for (uint16_t r = 0; row == RLNC_SOLVER_NONE && r < s->nb_rows; r++)
		if (rlnc_solver_row(s, r)[column] != 0)
			row = r;
	if (row == RLNC_SOLVER_NONE)
		return 0;
	if (s->pivots[row] != column) {
		gf256_pivot(s->rows, s->stride, s->nb_rows, row, column);
		s->open[s->pivots[row]] = 0xff;
	}
	remove_row(s, row);
	collect_slots(s);
	return 1;
}
