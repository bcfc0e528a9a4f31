/* SPDX-License-Identifier: BSD-3-Clause */
/* ISA-L's kernels: what runs where we have none of our own, and the reference for these. */
#include <string.h>

#include <isa-l/erasure_code.h>
#include <rte_common.h>

#include "gf256_kernels.h"

#define OUTPUTS 4    /* of one call: their tables and sums must fit the stack */
#define SOURCES 64   /* of one call */
#define PIECE	1024 /* bytes of a sum that is added to something */

/* ISA-L's prototypes know no const; it does not write to sources. */
static unsigned char *
unconst(const uint8_t *p)
{
	return (unsigned char *)(uintptr_t)p;
}

struct job {
	unsigned int n_src, n_out;
	uint8_t factors[OUTPUTS * SOURCES][GF256_HALVES];
	unsigned char *src[SOURCES];
	unsigned char *dst[OUTPUTS];
};

static void
job_add(struct job *job, size_t len)
{
	uint8_t sums[OUTPUTS][PIECE];
	unsigned char *out[OUTPUTS];

	for (unsigned int o = 0; o < job->n_out; o++)
		out[o] = sums[o];
	for (size_t done = 0, n; done < len; done += n) {
		n = RTE_MIN(len - done, (size_t)PIECE);
		ec_encode_data(
			(int)n, (int)job->n_src, (int)job->n_out, job->factors[0], job->src, out);
		for (unsigned int s = 0; s < job->n_src; s++)
			job->src[s] += n;
		for (unsigned int o = 0; o < job->n_out; o++, job->dst[o - 1] += n)
			for (size_t i = 0; i < n; i++)
				job->dst[o][i] ^= sums[o][i];
	}
}

static void
combine_block(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
	size_t stride, const uint8_t *const src[], uint8_t *const dst[], bool add)
{
	struct job job;

	job.n_src = n_src;
	job.n_out = n_out;
	for (unsigned int s = 0; s < n_src; s++)
		job.src[s] = unconst(src[s]);
	for (unsigned int o = 0; o < n_out; o++) {
		job.dst[o] = dst[o];
		for (unsigned int s = 0; s < n_src; s++)
			memcpy(job.factors[o * n_src + s], gf256_halves[coeffs[o * stride + s]],
				GF256_HALVES);
	}
	if (add)
		job_add(&job, len);
	else
		ec_encode_data((int)len, (int)n_src, (int)n_out, job.factors[0], job.src, job.dst);
}

static void
isal_combine(size_t len, unsigned int n_src, unsigned int n_out, const uint8_t *coeffs,
	size_t stride, const uint8_t *const src[], uint8_t *const dst[], bool add)
{
	if (len == 0)
		return;
	for (unsigned int o = 0; o < n_out; o += OUTPUTS)
		for (unsigned int s = 0; s < n_src; s += SOURCES)
			combine_block(len, RTE_MIN(n_src - s, (unsigned int)SOURCES),
				RTE_MIN(n_out - o, (unsigned int)OUTPUTS), coeffs + o * stride + s,
				stride, src + s, dst + o, add || s > 0);
}

static void
isal_mul_add(uint8_t *dst, uint8_t c, const uint8_t *src, size_t len)
{
	if (len > 0)
		ec_encode_data_update((int)len, 1, 1, 0, gf256_halves[c], unconst(src), &dst);
}

/* In pieces: ISA-L reads the last bytes twice, and the first time has overwritten them. */
static void
isal_scale(uint8_t *dst, uint8_t c, size_t len)
{
	uint8_t product[PIECE];

	for (size_t done = 0, n; done < len; done += n) {
		unsigned char *from = dst + done, *to = product;

		n = RTE_MIN(len - done, (size_t)PIECE);
		ec_encode_data((int)n, 1, 1, gf256_halves[c], &from, &to);
		memcpy(dst + done, product, n);
	}
}

static void
isal_reduce(uint8_t *row, const uint8_t *rows, size_t stride, unsigned int n,
	const uint16_t *pivots, size_t unit)
{
	const uint8_t *src[GF256_SOURCES_MAX];
	uint8_t factors[GF256_SOURCES_MAX];

	for (unsigned int r = 0; r < n; r++) {
		factors[r] = row[pivots[r]];
		src[r] = rows + r * stride;
	}
	if (n > 0)
		isal_combine(stride, n, 1, factors, n, src, &row, true);
	row[unit] ^= 1;
}

static void
isal_pivot(uint8_t *rows, size_t stride, unsigned int n, unsigned int one, size_t at)
{
	isal_scale(rows + one * stride, gf256_inv(rows[one * stride + at]), stride);
	for (unsigned int r = 0; r < n; r++) {
		uint8_t *row = rows + r * stride;

		if (r != one && row[at] != 0)
			isal_mul_add(row, row[at], rows + one * stride, stride);
	}
}

const struct gf256_kernels gf256_isal = {
	.name = "isal",
	.combine = isal_combine,
	.mul_add = isal_mul_add,
	.scale = isal_scale,
	.reduce = isal_reduce,
	.pivot = isal_pivot,
};
