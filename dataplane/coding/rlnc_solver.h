/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian elimination over GF(2^8) on coefficients alone. Columns are source packets: unknown, or
 * known (somebody has them). Each combination that came lies in a slot, outside; the solver keeps
 * for each independent one a row
 *
 *   the sum over columns of row[c] * source(c) = the sum over slots of row[columns + j] * slot(j)
 *
 * in reduced form: each row has a pivot, an unknown column in which it alone is not 0, and is 1.
 * A row without another unknown column is solved: its source is a combination of slots and known
 * sources, which who holds them computes, all at once. Source packets that come as they are cost
 * the arithmetic of coefficients only, and none while no combination waits.
 *
 * Memory is the caller's; one owner.
 */
#ifndef FERRY_RLNC_SOLVER_H
#define FERRY_RLNC_SOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RLNC_SOLVER_COLUMNS_MAX 256
#define RLNC_SOLVER_SLOTS_MAX	128
#define RLNC_SOLVER_NONE	0xffff

struct rlnc_solver {
	uint16_t columns; /* multiples of 8 */
	uint16_t slots;
	uint16_t stride; /* of rows */
	uint16_t nb_rows;
	uint16_t nb_known;
	uint16_t nb_used; /* slots */
	uint8_t *rows;	  /* nb_rows of them, one after the other */
	uint8_t *open;	  /* by column: 0xff if it is unknown and no pivot, else 0 */
	uint8_t *known;	  /* by column */
	uint16_t pivots[RLNC_SOLVER_SLOTS_MAX];	   /* by row; of those not there: columns */
	uint16_t row_of[RLNC_SOLVER_COLUMNS_MAX];  /* of a pivot, else RLNC_SOLVER_NONE */
	uint64_t used[RLNC_SOLVER_SLOTS_MAX / 64]; /* slots in which a combination must stay */
};

/* Memory for a solver, a multiple of 64 bytes; both numbers are rounded up to multiples of 8. */
size_t rlnc_solver_bytes(uint16_t columns, uint16_t slots);

/* All columns unknown, no rows. memory has alignment 64. */
void rlnc_solver_init(struct rlnc_solver *s, void *memory, uint16_t columns, uint16_t slots);

/* The same for one that was used. */
void rlnc_solver_reset(struct rlnc_solver *s);

static inline uint8_t *
rlnc_solver_row(const struct rlnc_solver *s, uint16_t row)
{
	return s->rows + (size_t)row * s->stride;
}

static inline bool
rlnc_solver_uses(const struct rlnc_solver *s, uint16_t slot)
{
	return (s->used[slot / 64] >> (slot % 64) & 1) != 0;
}

/* A slot that no row needs, RLNC_SOLVER_NONE if there is none. */
uint16_t rlnc_solver_free_slot(const struct rlnc_solver *s);

/* Where the coefficients of a combination are written, by column; all are 0. */
uint8_t *rlnc_solver_candidate(struct rlnc_solver *s);

/*
 * Judges the candidate, a combination for a slot that is free. False: it depends on what is there,
 * and the slot stays free.
 */
bool rlnc_solver_add(struct rlnc_solver *s, uint16_t slot);

/*
 * n source packets that were unknown came as they are, in a row from this column on, behind the
 * last of which the first follows; and there are no rows. columns is a power of two.
 */
static inline void
rlnc_solver_learn_run(struct rlnc_solver *s, uint16_t column, uint16_t n)
{
	uint8_t *known = s->known, *open = s->open;
	uint16_t mask = (uint16_t)(s->columns - 1);

	for (uint16_t i = 0; i < n; i++) {
		known[(column + i) & mask] = 1;
		open[(column + i) & mask] = 0;
	}
	s->nb_known = (uint16_t)(s->nb_known + n);
}

/*
 * A source packet came as it is. Returns how many rows went away because they said no more: the
 * combinations of so many slots have become useless (0 or 1).
 */
uint16_t rlnc_solver_learn(struct rlnc_solver *s, uint16_t column);

/* Rows that are solved, to rows[]; their number. */
uint16_t rlnc_solver_solved(const struct rlnc_solver *s, uint16_t rows[RLNC_SOLVER_SLOTS_MAX]);

/*
 * The sources of these solved rows (in ascending order, as they were given) have been computed and
 * are known from now on.
 */
void rlnc_solver_finish(struct rlnc_solver *s, const uint16_t *rows, uint16_t n);

/*
 * Nobody will have the source of this column any more: rows are combined so that none needs it,
 * and one of them goes away for it. The column is unknown afterwards, in no row. Returns how many
 * rows went away (0 or 1).
 */
uint16_t rlnc_solver_forget(struct rlnc_solver *s, uint16_t column);

#endif
