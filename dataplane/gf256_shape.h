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
 * It defines shape_combine, shape_spread_add and shape_scale. Loops over outputs and vectors are
 * unrolled: their bounds are constants where these functions are inlined.
 */
#ifndef FERRY_GF256_SHAPE_H
#define FERRY_GF256_SHAPE_H

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
 * Bytes up to the first boundary of a vector, if it is the same in all sources, as in packets of
 * one session. Each load that crosses a boundary is two; with more outputs, loads are not what
 * counts.
 */
static size_t
first_piece(size_t len, const uint8_t *const src[], unsigned int n_src)
{
	uintptr_t off = (uintptr_t)src[0] % VEC_BYTES, differs = 0;

	if (off == 0 || len < ALIGNED_FROM)
		return 0;
	for (unsigned int s = 1; s < n_src; s++)
		differs |= (uintptr_t)src[s] ^ (uintptr_t)src[0];
	return differs % VEC_BYTES == 0 ? VEC_BYTES - off : 0;
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

	for (unsigned int o = 0, n; o < n_out; o += n) {
		struct job job = {coeffs + o * stride, stride, src, dst + o, n_src, add};

		n = n_out - o < OUTPUTS ? n_out - o : OUTPUTS;
		if (n <= 2 && first > 0)
			groups[n - 1](&job, 0, first);
		groups[n - 1](&job, n <= 2 ? first : 0, n <= 2 ? len - first : len);
	}
}

/* width vectors of the source are held, and each output's added to. */
SHAPE_INLINE void
spread(unsigned int n_out, const uint8_t *coeffs, const uint8_t *src, uint8_t *const dst[],
	size_t at, unsigned int width, bool is_cut, vec_cut cut)
{
	vec x[WIDTH_MAX];

	FOR_UNROLLED (v, width)
		x[v] = load(src + at + v * VEC_BYTES, is_cut && v == width - 1, cut);
	for (unsigned int o = 0; o < n_out; o++) {
		factor f = factor_of(coeffs[o]);
		uint8_t *to = dst[o] + at;

		FOR_UNROLLED (v, width) {
			bool last = is_cut && v == width - 1;
			vec old = load(to + v * VEC_BYTES, last, cut);

			store(to + v * VEC_BYTES, last, cut, vec_xor(old, vec_mul(x[v], f)));
		}
	}
}

static void
shape_spread_add(size_t len, unsigned int n_out, const uint8_t *coeffs, const uint8_t *src,
	uint8_t *const dst[])
{
	vec_cut all = cut_of(VEC_BYTES);
	size_t at = 0;

	for (; len - at >= 4 * VEC_BYTES; at += 4 * VEC_BYTES)
		spread(n_out, coeffs, src, dst, at, 4, false, all);
	if (len - at > 2 * VEC_BYTES) {
		spread(n_out, coeffs, src, dst, at, 2, false, all);
		at += 2 * VEC_BYTES;
	}
	if (len - at > VEC_BYTES)
		spread(n_out, coeffs, src, dst, at, 2, true, cut_of(len - at - VEC_BYTES));
	else if (len > at)
		spread(n_out, coeffs, src, dst, at, 1, true, cut_of(len - at));
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

#endif
