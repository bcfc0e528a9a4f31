/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Throughput of the field's kernels against ISA-L's ec_encode_data, called as a program without
 * Ferry would: its tables made before. The two take turns on the same packets. First it is made
 * sure that they come to the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/erasure_code.h>

#include "coding.h"
#include "gf256.h"

#define OUTS_MAX   4
#define FAR	   98304 /* packets that no cache holds, of 2 KiB and more */
#define FAR_QUICK  2048
#define TURN_BYTES (1 << 19) /* a turn: as many generations as take so many products */
#define TURNS	   60

static const unsigned int outs[] = {1, 2, OUTS_MAX};

#define SHAPES RTE_DIM(outs)

/* What is computed, and what it needs. */
struct scene {
	unsigned int k, n_out;
	uint8_t coeffs[OUTS_MAX * CODING_K_MAX];
	uint8_t tables[OUTS_MAX * CODING_K_MAX * 32]; /* ISA-L's */
	uint8_t *dst[OUTS_MAX];
};

struct pair {
	struct bench_samples isal, own; /* TSC cycles a byte of one source into one output */
};

static uint8_t results[2][OUTS_MAX][CODING_PAYLOAD + 64] __rte_cache_aligned;

static void
scene_init(struct scene *s, unsigned int k, unsigned int n_out)
{
	struct rng rng;

	rng_seed(&rng, k * OUTS_MAX + n_out);
	s->k = k;
	s->n_out = n_out;
	for (unsigned int i = 0; i < k * n_out; i++)
		s->coeffs[i] = (uint8_t)(1 + rng_below(&rng, 255));
	ec_init_tables((int)k, (int)n_out, s->coeffs, s->tables);
}

static void
by_isal(struct scene *s, uint8_t *const src[])
{
	ec_encode_data(CODING_PAYLOAD, (int)s->k, (int)s->n_out, s->tables,
		(unsigned char **)(uintptr_t)src, s->dst);
}

static void
by_us(struct scene *s, uint8_t *const src[])
{
	gf256_combine(CODING_PAYLOAD, s->k, s->n_out, s->coeffs,
		(const uint8_t *const *)(uintptr_t)src, s->dst);
}

/* Outputs lie as payloads do. */
static void
output_to(struct scene *s, unsigned int which)
{
	for (unsigned int o = 0; o < s->n_out; o++)
		s->dst[o] = results[which][o] + CODING_AT % 64;
}

static void
payloads(struct coding_pool *pool, unsigned int k, uint8_t *src[])
{
	struct rte_mbuf **packets = coding_pool_next(pool, k);

	for (unsigned int i = 0; i < k; i++)
		src[i] = coding_payload(packets[i]);
}

/* Turns of one of the two; the list of addresses is made in the turn, as a caller would. */
static void
turn(struct bench_meter *meter, struct scene *s, struct coding_pool *pool,
	void (*by)(struct scene *s, uint8_t *const src[]))
{
	unsigned int n = TURN_BYTES / (s->k * s->n_out * CODING_PAYLOAD) + 1;
	uint8_t *src[CODING_K_MAX];

	meter->last = rte_rdtsc();
	for (unsigned int i = 0; i < n; i++) {
		payloads(pool, s->k, src);
		by(s, src);
	}
	bench_meter_turn(meter, rte_rdtsc(), n * s->k * s->n_out);
}

/* Begins with a turn that tells how long they take. */
static void
start(struct bench_meter *meter, struct scene *s, struct coding_pool *pool,
	void (*by)(struct scene *s, uint8_t *const src[]))
{
	uint64_t begin = rte_rdtsc();

	bench_meter_start(meter, 0);
	turn(meter, s, pool, by);
	bench_meter_start(meter, rte_rdtsc() - begin);
}

static void
check(struct scene *s, struct coding_pool *pool)
{
	uint8_t *src[CODING_K_MAX];

	payloads(pool, s->k, src);
	output_to(s, 0);
	by_isal(s, src);
	output_to(s, 1);
	by_us(s, src);
	for (unsigned int o = 0; o < s->n_out; o++)
		if (memcmp(results[0][o] + CODING_AT % 64, s->dst[o], CODING_PAYLOAD) != 0)
			bench_die("output %u of %u, k = %u: not the bytes of ISA-L", o, s->n_out,
				s->k);
}

static double
cycles_a_byte(const struct bench_meter *meter)
{
	if (meter->packets == 0)
		bench_die("the core was taken away in each turn");
	return (double)meter->cycles / (double)meter->packets / CODING_PAYLOAD;
}

/* One run of one shape, ISA-L and what gf256 uses in turn. */
static void
measure(struct pair *pair, unsigned int k, unsigned int n_out, struct coding_pool *pool,
	unsigned int turns)
{
	struct bench_meter isal, own;
	static struct scene s;

	scene_init(&s, k, n_out);
	check(&s, pool);
	output_to(&s, 0);
	start(&isal, &s, pool, by_isal);
	start(&own, &s, pool, by_us);
	for (unsigned int i = 0; i < turns || coding_goes_on(&isal, i) || coding_goes_on(&own, i);
		i++) {
		turn(&isal, &s, pool, by_isal);
		turn(&own, &s, pool, by_us);
	}
	bench_add(&pair->isal, cycles_a_byte(&isal));
	bench_add(&pair->own, cycles_a_byte(&own));
	bench_meter_end(&isal);
	bench_meter_end(&own);
}

static void
print_pair(const struct pair *pair)
{
	struct bench_stat isal = bench_stat(&pair->isal), own = bench_stat(&pair->own);
	struct bench_stat ratio = bench_ratio(&pair->isal, &pair->own);

	printf(" | %6.1f %6.1f  %4.2f (%4.2f..%4.2f)", coding_rate(1, isal.median),
		coding_rate(1, own.median), ratio.median, ratio.min, ratio.max);
}

static void
figures(const struct pair *pair, unsigned int k, unsigned int n_out, const char *where)
{
	char key[64];

	snprintf(key, sizeof(key), "encode%u_ratio_isal_k%u_%s", n_out, k, where);
	bench_figure(key, bench_ratio(&pair->isal, &pair->own).median);
	if (k == CODING_K && strcmp(where, "near") == 0 && n_out != 2) {
		snprintf(key, sizeof(key), "encode%u_ratio_isal", n_out);
		bench_figure(key, bench_ratio(&pair->isal, &pair->own).median);
	}
	snprintf(key, sizeof(key), "kernel%u_gbytes_k%u_%s", n_out, k, where);
	bench_figure(key, coding_rate(1, bench_stat(&pair->own).median));
}

/* Near and far, for all sizes. */
static void
by_size(const struct bench_options *options, struct coding_pool *near, struct coding_pool *far)
{
	static struct pair pairs[CODING_KS][SHAPES][2];
	unsigned int turns = options->quick ? 1 : TURNS;

	for (unsigned int run = 0; run < options->runs; run++)
		for (unsigned int i = 0; i < CODING_KS * SHAPES; i++) {
			unsigned int k = i / SHAPES, o = i % SHAPES;

			near->n = near->next = coding_k[k];
			measure(&pairs[k][o][0], coding_k[k], outs[o], near, turns);
			measure(&pairs[k][o][1], coding_k[k], outs[o], far, turns);
		}
	printf("\nMany sources into one or several: 10^9 products of a byte a second (k x bytes x "
	       "outputs / time), %s, beside ISA-L\n\n"
	       "         | in cache                           | from memory\n"
	       "   k out |   isal    own  ratio               |   isal    own  ratio\n",
		gf256_used->name);
	for (unsigned int i = 0; i < CODING_KS * SHAPES; i++) {
		unsigned int k = i / SHAPES, o = i % SHAPES;

		printf(" %3u %3u", coding_k[k], outs[o]);
		print_pair(&pairs[k][o][0]);
		print_pair(&pairs[k][o][1]);
		printf("\n");
		figures(&pairs[k][o][0], coding_k[k], outs[o], "near");
		figures(&pairs[k][o][1], coding_k[k], outs[o], "far");
	}
}

/* Every set of kernels that the processor can run. */
static void
by_kernels(const struct bench_options *options, struct coding_pool *near)
{
	const struct gf256_kernels *kernels;

	near->n = near->next = CODING_K;
	printf("\nEach set of kernels that this processor can run, k = %u, in cache\n\n"
	       "                | 1 output                           | 4 outputs\n"
	       "                |   isal    own  ratio               |   isal    own  ratio\n",
		CODING_K);
	for (unsigned int i = 0; (kernels = gf256_kernels(i)) != NULL; i++) {
		struct pair pairs[2] = {0};

		gf256_use(kernels);
		for (unsigned int run = 0; run < options->runs; run++)
			for (unsigned int o = 0; o < 2; o++)
				measure(&pairs[o], CODING_K, o == 0 ? 1 : OUTS_MAX, near,
					options->quick ? 1 : TURNS);
		printf(" %-14s", kernels->name);
		for (unsigned int o = 0; o < 2; o++) {
			char key[64];

			print_pair(&pairs[o]);
			snprintf(key, sizeof(key), "%s%u_ratio_isal", kernels->name,
				o == 0 ? 1 : OUTS_MAX);
			bench_figure(key, bench_ratio(&pairs[o].isal, &pairs[o].own).median);
		}
		printf("\n");
	}
	gf256_use(NULL);
}

void
coding_kernels(const struct bench_options *options)
{
	struct coding_pool near, far;
	uint32_t n;

	coding_pool_init(&near, "near", CODING_K_MAX);
	coding_pool_init(&far, "far", options->quick ? FAR_QUICK : FAR);
	n = near.n;
	by_size(options, &near, &far);
	by_kernels(options, &near);
	near.n = n;
	coding_pool_free(&near);
	coding_pool_free(&far);
}
