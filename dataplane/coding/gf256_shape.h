/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of our own kernels, whatever the instructions. A source file that includes this is
 * compiled for its instruction set and defines before:
 *
 * vec, VEC_BYTES	a register and its bytes; vec_zero, vec_load, vec_store, vec_xor, vec_xor3
 * vec_cut, cut_of(n)	the first n bytes of a vector, n from 1 to VEC_BYTES
 * vec_load_cut, vec_store_cut	touch only these; in the register they lie wherever it suits both
 * factor, factor_of(c)	what multiplies by a constant; vec_mul(x, f) does it to each byte
 * OUTPUTS		how many are computed at once, 2 or 4
 * WIDTH_1 to WIDTH_n	of so many outputs, how many vectors have their sums in registers at once
 * STEP			sources taken at once: 2 where vec_xor3 is one instruction, else 1
 *
 * Then SHAPE_KERNELS(name) initialises its struct gf256_kernels. Loops over outputs and vectors are
 * unrolled: their bounds are constants where these functions are inlined.
 */
#ifndef FERRY_GF256_SHAPE_H
#define FERRY_GF256_SHAPE_H

#include <string.h>

#include "gf256.h"

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif
#define FOR_UNROLLED(i, n) UNROLL for (unsigned int i = 0; i < (n); i++)
#define SHAPE_INLINE	   static inline __attribute__((always_inline))
#define WIDTH_MAX	   8
#define ALIGNED_FROM	   512
#define TILED_BYTES	   32768
#define TILE_UNIT	   256

/* What is combined; coeffs, dst and n_out are moved on from one group of outputs to the next. */
struct job {
	const uint8_t *coeffs;
	size_t stride;
	const uint8_t *const *src;
	uint8_t *const *dst;
	unsigned int n_src;
	bool add;
};

SHAPE_INLINE vec
load(const uint8_t *p, bool is_cut, vec_cut cut)
{
	return is_cut ? vec_load_cut(p, cut) : vec_load(p);
}

SHAPE_INLINE void
store(uint8_t *p, bool is_cut, vec_cut cut, vec x)
{
	if (is_cut)
		vec_store_cut(p, cut, x);
	else
		vec_store(p, x);
}

/* Adds the products of n sources, from s on, to the sums. */
SHAPE_INLINE void
step(const struct job *job, unsigned int s, unsigned int n, size_t at, vec sums[OUTPUTS][WIDTH_MAX],
	unsigned int n_out, unsigned int width, bool is_cut, vec_cut cut)
{
	const uint8_t *a = job->src[s] + at, *b = job->src[s + n - 1] + at;
	factor fa[OUTPUTS], fb[OUTPUTS];

	FOR_UNROLLED (o, n_out) {
		fa[o] = factor_of(job->coeffs[o * job->stride + s]);
		fb[o] = factor_of(job->coeffs[o * job->stride + s + n - 1]);
	}
	FOR_UNROLLED (v, width) {
		bool last = is_cut && v == width - 1;
		vec xa = load(a + v * VEC_BYTES, last, cut);
		vec xb = n == 2 ? load(b + v * VEC_BYTES, last, cut) : xa;

		FOR_UNROLLED (o, n_out)
			sums[o][v] = n == 2 ? vec_xor3(sums[o][v], vec_mul(xa, fa[o]),
						      vec_mul(xb, fb[o]))
					    : vec_xor(sums[o][v], vec_mul(xa, fa[o]));
	}
}

/* width vectors of n_out outputs at an offset; of the last vector only a part, if is_cut. */
SHAPE_INLINE void
block(const struct job *job, size_t at, unsigned int n_out, unsigned int width, bool is_cut,
	vec_cut cut)
{
	vec sums[OUTPUTS][WIDTH_MAX];
	unsigned int s = 0;

	FOR_UNROLLED (o, n_out)
		FOR_UNROLLED (v, width)
			sums[o][v] = job->add ? load(job->dst[o] + at + v * VEC_BYTES,
							is_cut && v == width - 1, cut)
					      : vec_zero();
	for (; s + STEP <= job->n_src; s += STEP)
		step(job, s, STEP, at, sums, n_out, width, is_cut, cut);
	if (s < job->n_src)
		step(job, s, 1, at, sums, n_out, width, is_cut, cut);
	FOR_UNROLLED (o, n_out)
		FOR_UNROLLED (v, width)
			store(job->dst[o] + at + v * VEC_BYTES, is_cut && v == width - 1, cut,
				sums[o][v]);
}

/* len bytes at an offset, at most width vectors; n_out and width are constants. */
SHAPE_INLINE void
piece(const struct job *job, size_t at, size_t len, unsigned int n_out, unsigned int width)
{
	vec_cut all = cut_of(VEC_BYTES);

	if (len == (size_t)width * VEC_BYTES) {
		block(job, at, n_out, width, false, all);
		return;
	}
	switch ((len + VEC_BYTES - 1) / VEC_BYTES) {
#define CASE(w)                                                                                    \
	case w:                                                                                    \
		if (w <= width)                                                                    \
			block(job, at, n_out, w <= width ? w : 1, true,                            \
				cut_of(len - (w - 1) * VEC_BYTES));                                \
		break;
		CASE(1)
		CASE(2)
		CASE(3)
		CASE(4)
		CASE(5)
		CASE(6)
		CASE(7)
		CASE(8)
#undef CASE
	}
}

#define GROUP(n, width)                                                                            \
	static __attribute__((noinline)) void group_##n(                                           \
		const struct job *job, size_t at, size_t len)                                      \
	{                                                                                          \
		for (size_t m; len > 0; at += m, len -= m) {                                       \
			m = len < (width)*VEC_BYTES ? len : (width)*VEC_BYTES;                     \
			piece(job, at, m, n, width);                                               \
		}                                                                                  \
	}
GROUP(1, WIDTH_1)
GROUP(2, WIDTH_2)
#if OUTPUTS == 4
GROUP(3, WIDTH_3)
GROUP(4, WIDTH_4)
#endif
#undef GROUP

/*
 * Bytes up to the first boundary of a vector, if it is the same in most sources, as in packets of
 * one session, of which some are combinations with longer headers. Each load that crosses a
 * boundary is two.
 */
static size_t
first_piece(size_t len, const uint8_t *const src[], unsigned int n_src)
{
	uintptr_t off = (uintptr_t)src[0] % VEC_BYTES;
	unsigned int same = 0;

	if (off == 0 || len < ALIGNED_FROM)
		return 0;
	for (unsigned int s = 0; s < n_src; s++)
		same += (uintptr_t)src[s] % VEC_BYTES == off;
	return same >= n_src - n_src / 4 ? VEC_BYTES - off : 0;
}

/*
 * So many bytes of each source stay in the first-level cache until the last group of outputs has
 * read them; whole blocks of all widths.
 */
static size_t
tile_bytes(unsigned int n_src)
{
	size_t bytes = TILED_BYTES / n_src / TILE_UNIT * TILE_UNIT;

	return bytes > TILE_UNIT ? bytes : TILE_UNIT;
}

static void
shape_combine(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
	size_t stride, const uint8_t *const src[], uint8_t *const dst[], bool add)
{
	static void (*const groups[OUTPUTS])(const struct job *, size_t, size_t) = {
		group_1,
		group_2,
#if OUTPUTS == 4
		group_3,
		group_4,
#endif
	};
	size_t first = first_piece(len, src, n_src);
	/* Of use with several groups of outputs. */
	size_t tile = n_out <= OUTPUTS ? len : tile_bytes(n_src);

	for (size_t at = 0, m; at < len; at += m) {
		m = at < first ? first : len - at < tile ? len - at : tile;
		for (unsigned int o = 0, n; o < n_out; o += n) {
			struct job job = {coeffs + o * stride, stride, src, dst + o, n_src, add};

			n = n_out - o < OUTPUTS ? n_out - o : OUTPUTS;
			groups[n - 1](&job, at, m);
		}
	}
}

static void
shape_mul_add(uint8_t *dst, uint8_t c, const uint8_t *src, size_t len)
{
	factor f = factor_of(c);
	size_t at = 0;

	for (; len - at >= VEC_BYTES; at += VEC_BYTES)
		vec_store(dst + at, vec_xor(vec_load(dst + at), vec_mul(vec_load(src + at), f)));
	if (at < len) {
		vec_cut rest = cut_of(len - at);
		vec product = vec_mul(vec_load_cut(src + at, rest), f);

		vec_store_cut(dst + at, rest, vec_xor(vec_load_cut(dst + at, rest), product));
	}
}

static void
shape_scale(uint8_t *dst, uint8_t c, size_t len)
{
	factor f = factor_of(c);
	size_t at = 0;

	for (; len - at >= VEC_BYTES; at += VEC_BYTES)
		vec_store(dst + at, vec_mul(vec_load(dst + at), f));
	if (at < len) {
		vec_cut rest = cut_of(len - at);

		vec_store_cut(dst + at, rest, vec_mul(vec_load_cut(dst + at, rest), f));
	}
}

/*
 * Elimination. Rows are gone through in groups: a loop that ends one row later each time is
 * mispredicted each time. Rows of up to WHOLE bytes are done at once; of longer ones the factors,
 * which the first part would overwrite, are put aside.
 */
#define PER_ROW (GF256_ROW / VEC_BYTES)
#define WHOLE	(4 * (size_t)GF256_ROW)

/* A vector of zeros but for a 1 in this byte, if it has one there. */
SHAPE_INLINE vec
unit_vec(size_t byte)
{
	static const uint8_t unit[2 * VEC_BYTES + 1] = {[VEC_BYTES] = 1};

	return vec_load(unit + (byte < VEC_BYTES ? VEC_BYTES - byte : VEC_BYTES + 1));
}

/*
 * Some vectors of a row, from at on. The row itself comes last: who wrote it just now did so in
 * pieces, and a load of all of them at once must wait until they are in the cache.
 */
SHAPE_INLINE void
reduce(uint8_t *row, const uint8_t *rows, size_t stride, unsigned int n, const uint8_t *factors,
	const uint16_t *pivots, size_t unit, size_t at, unsigned int width)
{
	vec sums[WIDTH_MAX];

	FOR_UNROLLED (v, width)
		sums[v] = unit_vec(unit - at - v * VEC_BYTES);
	rows += at;
	for (unsigned int r = 0; r < n; r += GF256_ROWS) {
		FOR_UNROLLED (i, GF256_ROWS) {
			factor f = factor_of(factors[*pivots++]);

			FOR_UNROLLED (v, width)
				sums[v] = vec_xor(
					sums[v], vec_mul(vec_load(rows + v * VEC_BYTES), f));
			rows += stride;
		}
	}
	FOR_UNROLLED (v, width) {
		uint8_t *p = row + at + v * VEC_BYTES;

		vec_store(p, vec_xor(vec_load(p), sums[v]));
	}
}

static void
shape_reduce(uint8_t *row, const uint8_t *rows, size_t stride, unsigned int n,
	const uint16_t *pivots, size_t unit)
{
	uint8_t aside[GF256_ROW_MAX];
	const uint8_t *factors = row;

	if (stride > WHOLE)
		factors = memcpy(aside, row, stride);
	for (size_t at = 0; at < stride; at += WHOLE) {
		switch ((stride - at) / GF256_ROW) {
		case 1:
			reduce(row, rows, stride, n, factors, pivots, unit, at, PER_ROW);
			break;
		case 2:
			reduce(row, rows, stride, n, factors, pivots, unit, at, 2 * PER_ROW);
			break;
		case 3:
			reduce(row, rows, stride, n, factors, pivots, unit, at, 3 * PER_ROW);
			break;
		default:
			reduce(row, rows, stride, n, factors, pivots, unit, at, 4 * PER_ROW);
		}
	}
}

/* Where the factors of rows lie, and how far from one to the next. */
struct factors {
	const uint8_t *next;
	size_t stride;
};

/* Some vectors of all rows. That of the row itself is not as it should be in between. */
SHAPE_INLINE void
pivot(uint8_t *rows, size_t stride, unsigned int n, uint8_t *one, factor scale,
	struct factors factors, size_t at, unsigned int width)
{
	vec x[WIDTH_MAX];

	FOR_UNROLLED (v, width)
		x[v] = vec_mul(vec_load(one + at + v * VEC_BYTES), scale);
	rows += at;
	for (unsigned int r = 0; r < n; r += GF256_ROWS) {
		FOR_UNROLLED (i, GF256_ROWS) {
			factor f = factor_of(*factors.next);

			FOR_UNROLLED (v, width) {
				uint8_t *p = rows + v * VEC_BYTES;

				vec_store(p, vec_xor(vec_load(p), vec_mul(x[v], f)));
			}
			rows += stride;
			factors.next += factors.stride;
		}
	}
	FOR_UNROLLED (v, width)
		vec_store(one + at + v * VEC_BYTES, x[v]);
}

static void
shape_pivot(uint8_t *rows, size_t stride, unsigned int n, unsigned int one, size_t at)
{
	uint8_t *row = rows + one * stride, aside[GF256_SOURCES_MAX + GF256_ROWS];
	struct factors factors = {rows + at, stride};
	factor scale = factor_of(gf256_inv(row[at]));

	if (stride > WHOLE) {
		memset(aside + n, 0, GF256_ROWS);
		for (unsigned int r = 0; r < n; r++)
			aside[r] = rows[r * stride + at];
		factors = (struct factors){aside, 1};
	}
	for (size_t done = 0; done < stride; done += WHOLE) {
		switch ((stride - done) / GF256_ROW) {
		case 1:
			pivot(rows, stride, n, row, scale, factors, done, PER_ROW);
			break;
		case 2:
			pivot(rows, stride, n, row, scale, factors, done, 2 * PER_ROW);
			break;
		case 3:
			pivot(rows, stride, n, row, scale, factors, done, 3 * PER_ROW);
			break;
		default:
			pivot(rows, stride, n, row, scale, factors, done, 4 * PER_ROW);
		}
	}
}

#define SHAPE_KERNELS(kernels_name)                                                                \
	{                                                                                          \
		.name = kernels_name, .combine = shape_combine, .mul_add = shape_mul_add,          \
		.scale = shape_scale, .reduce = shape_reduce, .pivot = shape_pivot,                \
	}

#endif
