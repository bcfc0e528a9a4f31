/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), the field of ISA-L and of RFC 6865: single
 * elements, and vectors of bytes in which each byte is an element; a sum is exclusive or.
 *
 * Vectors have any length (0 too) and any alignment; nothing is read or written outside them.
 * Outputs overlap neither sources nor each other. Nothing is allocated, no state is written: any
 * thread may call, several at once. The kernels for this processor are chosen before main begins.
 *
 * What is fast: gf256_combine, as its sums stay in registers; several outputs of the same sources
 * at once cost less than one after the other. Adding into memory (gf256_mul_add) is loads and
 * stores; it is for coefficient rows.
 */
#ifndef FERRY_GF256_H
#define FERRY_GF256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GF256_SOURCES_MAX 256

/* Powers of the generator 2, twice over; the logarithm of each element but 0; the inverses. */
extern uint8_t gf256_exp[510];
extern uint8_t gf256_log[256];
extern uint8_t gf256_inverse[256]; /* of 0: 0 */

static inline uint8_t
gf256_mul(uint8_t a, uint8_t b)
{
	return a != 0 && b != 0 ? gf256_exp[gf256_log[a] + gf256_log[b]] : 0;
}

/* a is not 0. */
static inline uint8_t
gf256_inv(uint8_t a)
{
	return gf256_inverse[a];
}

/*
 * One set of kernels. coeffs[o * stride + s] is the coefficient of source s in output o, with at
 * least one source and one output, and at most GF256_SOURCES_MAX sources. add: the combination is
 * added to what dst[o] holds.
 */
struct gf256_kernels {
	const char *name;
	void (*combine)(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
		size_t stride, const uint8_t *const src[], uint8_t *const dst[], bool add);
	void (*mul_add)(uint8_t *dst, uint8_t c, const uint8_t *src, size_t len);
	void (*scale)(uint8_t *dst, uint8_t c, size_t len);
	void (*reduce)(uint8_t *row, const uint8_t *rows, size_t stride, unsigned int n,
		const uint16_t *pivots, size_t unit);
	void (*pivot)(uint8_t *rows, size_t stride, unsigned int n, unsigned int one, size_t at);
};

/*
 * Sets of kernels that this processor (and its operating system) can run, the fastest first, the
 * last one ISA-L; NULL from the count on.
 */
const struct gf256_kernels *gf256_kernels(unsigned int i);

/* The set in use: the fastest, unless a test or a benchmark says otherwise. */
extern const struct gf256_kernels *gf256_used;

/* For tests and benchmarks, while no other thread computes. NULL: the fastest again. */
void gf256_use(const struct gf256_kernels *kernels);

/* dst[o] = the sum over s of coeffs[o * n_src + s] * src[s], for each o below n_out. */
static inline void
gf256_combine(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
	const uint8_t *const src[], uint8_t *const dst[])
{
	gf256_used->combine(len, n_src, n_out, coeffs, n_src, src, dst, false);
}

/*
 * The same with rows of coefficients that lie stride bytes apart, as in a matrix of a fixed width.
 * add: to what dst[o] holds, for who has the sources in pieces.
 */
static inline void
gf256_combine_rows(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
	size_t stride, const uint8_t *const src[], uint8_t *const dst[], bool add)
{
	gf256_used->combine(len, n_src, n_out, coeffs, stride, src, dst, add);
}

/* dst += c * src */
static inline void
gf256_mul_add(uint8_t *dst, uint8_t c, const uint8_t *src, size_t len)
{
	gf256_used->mul_add(dst, c, src, len);
}

/* dst = c * dst */
static inline void
gf256_scale(uint8_t *dst, uint8_t c, size_t len)
{
	gf256_used->scale(dst, c, len);
}

/*
 * Two steps of elimination on coefficients: n rows (at most GF256_SOURCES_MAX), one after the
 * other, of stride bytes each, a multiple of GF256_ROW and at most GF256_ROW_MAX. There is memory
 * for a multiple of GF256_ROWS rows; what those from n on hold may change.
 */
#define GF256_ROW     64
#define GF256_ROW_MAX 512
#define GF256_ROWS    8

/*
 * row += the sum over r of row[pivots[r]] * rows[r], with what row holds before: where each of the
 * rows is 1 in its pivot and 0 in the others', row is 0 in all of them then. row is none of the n
 * rows. There are pivots for a multiple of GF256_ROWS rows; from n on row is 0 in each. Then
 * row[unit] += 1.
 */
static inline void
gf256_reduce(uint8_t *row, const uint8_t *rows, size_t stride, unsigned int n,
	const uint16_t *pivots, size_t unit)
{
	gf256_used->reduce(row, rows, stride, n, pivots, unit);
}

/*
 * Makes rows[one][at], which is not 0, a pivot: rows[one] is divided by it, and taken off the other
 * rows so often that they are 0 there.
 */
static inline void
gf256_pivot(uint8_t *rows, size_t stride, unsigned int n, unsigned int one, size_t at)
{
	gf256_used->pivot(rows, stride, n, one, at);
}

#endif
