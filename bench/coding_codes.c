/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Encoding and decoding of whole generations. Every source packet is lost, and as many combinations
 * come: the most work that there is. What is decoded is compared with what was sent, before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "coding.h"
#include "gf256.h"
#include "rlnc_combine.h"
#include "rlnc_decoder.h"

#define HEAD	    sizeof(struct rlnc_symbol_head)
#define FAR	    98304 /* packets in all, that no cache holds */
#define FAR_QUICK   2048
#define TURN_BYTES  (1 << 20) /* of products in a turn */
#define TURNS	    40
#define BOUND_OUTS  4
#define REPAIR_PART 10 /* of a systematic generation: a repair packet for so many sources */

/* Source packets, their combinations, and room for what is decoded. */
struct generation {
	struct rte_mbuf *sources[CODING_K_MAX], *coded[CODING_K_MAX], *decoded[CODING_K_MAX];
	struct rlnc_held vectors[CODING_K_MAX];
};

struct scene {
	unsigned int k, n, next; /* generations, which is next */
	struct generation *generations;
	struct rlnc_seeds encoded, decoded;
	uint16_t seeds[CODING_K_MAX]; /* of combinations of full rank, one after the other */
	uint8_t coeffs[CODING_K_MAX * CODING_K_MAX];
	struct rlnc_decoder decoder;
	void *memory;
};

enum work {
	REPAIR,	      /* a systematic generation: what its repair packets cost */
	ENCODE,	      /* as many combinations as there are sources */
	DECODE,	      /* the coefficients come in the packets, as after a relay */
	DECODE_SEEDS, /* they are drawn from seeds */
	WORKS,
	KERNEL = WORKS, /* the fastest there is with as many sources: into BOUND_OUTS outputs */
};

static const char *const work_names[WORKS] = {"repair", "encode", "decode", "decode_seeds"};

static void
release_nothing(struct rte_mbuf **packets, unsigned int n)
{
	(void)packets;
	(void)n;
}

/* n combinations, with room for heads; seed: of the first. */
static void
encode(struct scene *s, const struct generation *g, struct rte_mbuf *const combinations[],
	unsigned int n, uint16_t seed)
{
	uint8_t coeffs[RLNC_OUTPUTS_MAX * CODING_K_MAX], *dst[RLNC_OUTPUTS_MAX];

	for (unsigned int done = 0, outs; done < n; done += outs) {
		outs = RTE_MIN(n - done, (unsigned int)RLNC_OUTPUTS_MAX);
		for (unsigned int o = 0; o < outs; o++) {
			rlnc_seeds_coeffs(&s->encoded, seed++, coeffs + o * s->k, (uint8_t)s->k);
			dst[o] = coding_payload(combinations[done + o]);
		}
		rlnc_combine(
			g->vectors, (uint16_t)s->k, coeffs, (uint16_t)s->k, dst, (uint16_t)outs);
	}
}

/* Every combination, then all sources at once; from packets that come one after the other. */
static void
decode(struct scene *s, struct generation *g, bool seeded)
{
	struct rlnc_decoder *d = &s->decoder;
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	uint8_t *payloads[CODING_K_MAX];
	uint16_t n = 0;

	rlnc_decoder_begin(d, 0);
	for (unsigned int i = 0; i < s->k; i++) {
		struct rlnc_header h = {.kind = seeded ? RLNC_SEEDED : RLNC_RECODED,
			.n = (uint8_t)s->k,
			.seed = s->seeds[i],
			.coeffs = s->coeffs + i * s->k};

		if (rlnc_decoder_combination(d, &h, 0, g->coded[i], 0) != RLNC_HELD)
			bench_die("a combination of full rank was refused");
		n = rlnc_decoder_find(d, found, &parts);
	}
	if (n != s->k)
		bench_die("%u of %u source packets can be computed", n, s->k);
	for (unsigned int i = 0; i < s->k; i++)
		payloads[i] = coding_payload(g->decoded[i]);
	rlnc_decoder_compute(d, found, n, &parts, CODING_PAYLOAD, payloads);
	rlnc_decoder_keep(d, found, n, g->decoded);
}

static void
multiply(struct scene *s, struct generation *g)
{
	const uint8_t *src[CODING_K_MAX];
	uint8_t *dst[BOUND_OUTS];

	for (unsigned int i = 0; i < s->k; i++)
		src[i] = coding_payload(g->sources[i]);
	for (unsigned int o = 0; o < BOUND_OUTS; o++)
		dst[o] = coding_payload(g->decoded[o]);
	gf256_combine(CODING_PAYLOAD, s->k, BOUND_OUTS, s->coeffs, src, dst);
}

static void
do_work(struct scene *s, enum work work)
{
	unsigned int n = work == REPAIR ? (s->k + REPAIR_PART - 1) / REPAIR_PART : s->k;
	struct generation *g = &s->generations[s->next++ % s->n];

	switch (work) {
	case REPAIR:
	case ENCODE:
		/* Not where those are that are decoded. */
		encode(s, g, g->decoded, n, 0);
		break;
	case KERNEL:
		multiply(s, g);
		break;
	default:
		decode(s, g, work == DECODE_SEEDS);
	}
}

/* The order in which sources are found is that of the combinations' pivots: of the sequences. */
static void
check(struct scene *s, bool seeded)
{
	for (unsigned int i = 0; i < s->n; i++) {
		struct generation *g = &s->generations[i];

		decode(s, g, seeded);
		for (unsigned int j = 0; j < s->k; j++) {
			const struct rlnc_held *held = &s->decoder.sources[j];

			if (memcmp(held->at, coding_payload(g->sources[j]), CODING_PAYLOAD) != 0)
				bench_die("source packet %u of %u was decoded wrongly", j, s->k);
		}
	}
}

static bool
full_rank(const uint8_t *coeffs, unsigned int k)
{
	size_t bytes = rlnc_solver_bytes((uint16_t)k, (uint16_t)k);
	void *memory = rte_malloc(NULL, bytes, 64);
	struct rlnc_solver solver;
	bool full = true;

	if (memory == NULL)
		bench_die("there is no memory for a solver");
	rlnc_solver_init(&solver, memory, (uint16_t)k, (uint16_t)k);
	for (unsigned int i = 0; i < k && full; i++) {
		memcpy(rlnc_solver_candidate(&solver), coeffs + i * k, k);
		full = rlnc_solver_add(&solver, (uint16_t)i);
	}
	rte_free(memory);
	return full;
}

static void
choose_seeds(struct scene *s)
{
	uint16_t seed = 1;

	do {
		for (unsigned int i = 0; i < s->k; i++) {
			s->seeds[i] = seed++;
			rlnc_seed_coeffs(s->seeds[i], s->coeffs + i * s->k, (uint8_t)s->k);
		}
	} while (!full_rank(s->coeffs, s->k));
}

static void
make_generation(struct scene *s, struct generation *g, struct coding_pool *pool)
{
	memcpy(g->sources, coding_pool_next(pool, s->k), s->k * sizeof(g->sources[0]));
	memcpy(g->coded, coding_pool_next(pool, s->k), s->k * sizeof(g->coded[0]));
	memcpy(g->decoded, coding_pool_next(pool, s->k), s->k * sizeof(g->decoded[0]));
	for (unsigned int i = 0; i < s->k; i++) {
		rte_pktmbuf_reset(g->sources[i]);
		g->sources[i]->data_off = CODING_AT;
		(void)rte_pktmbuf_append(g->sources[i], CODING_PAYLOAD);
		rlnc_held_set(&g->vectors[i],
			(struct rlnc_symbol_head){.length = rte_cpu_to_be_16(CODING_PAYLOAD)},
			g->sources[i], 0);
		rte_pktmbuf_reset(g->coded[i]);
		g->coded[i]->data_off = CODING_AT;
		(void)rte_pktmbuf_append(g->coded[i], CODING_PAYLOAD + HEAD);
		rte_pktmbuf_reset(g->decoded[i]);
		g->decoded[i]->data_off = CODING_AT;
		(void)rte_pktmbuf_append(g->decoded[i], CODING_PAYLOAD);
	}
	encode(s, g, g->coded, s->k, s->seeds[0]);
}

/* As many generations as the pool has packets for. */
static void
scene_init(struct scene *s, unsigned int k, struct coding_pool *pool, unsigned int n)
{
	*s = (struct scene){.k = k, .n = n};
	s->generations = calloc(n, sizeof(*s->generations));
	s->memory = rte_malloc(NULL, rlnc_decoder_bytes((uint16_t)k, (uint16_t)k), 64);
	if (s->generations == NULL || s->memory == NULL)
		bench_die("there is no memory for %u generations", n);
	rlnc_decoder_init(&s->decoder, s->memory, (uint16_t)k, (uint16_t)k, release_nothing);
	s->decoder.seeds = &s->decoded;
	choose_seeds(s);
	pool->next = 0;
	for (unsigned int i = 0; i < n; i++)
		make_generation(s, &s->generations[i], pool);
	check(s, false);
	check(s, true);
}

static void
scene_free(struct scene *s)
{
	free(s->generations);
	rte_free(s->memory);
}

static void
turn(struct bench_meter *meter, struct scene *s, enum work work)
{
	unsigned int outs = work == REPAIR   ? (s->k + REPAIR_PART - 1) / REPAIR_PART
			    : work == KERNEL ? BOUND_OUTS
					     : s->k;
	unsigned int n = TURN_BYTES / (s->k * outs * CODING_PAYLOAD) + 1;

	meter->last = rte_rdtsc();
	for (unsigned int i = 0; i < n; i++)
		do_work(s, work);
	bench_meter_turn(meter, rte_rdtsc(), n * s->k);
}

/* Of each work, in turn: TSC cycles a source packet. */
static void
measure(struct bench_samples samples[WORKS + 1], struct scene *s, unsigned int turns)
{
	struct bench_meter meters[WORKS + 1];
	bool again = true;

	for (enum work work = 0; work <= WORKS; work++) {
		uint64_t begin = rte_rdtsc();

		bench_meter_start(&meters[work], 0);
		turn(&meters[work], s, work);
		bench_meter_start(&meters[work], rte_rdtsc() - begin);
	}
	for (unsigned int i = 0; i < turns || again; i++) {
		again = false;
		for (enum work work = 0; work <= WORKS; work++) {
			turn(&meters[work], s, work);
			again |= coding_goes_on(&meters[work], i);
		}
	}
	for (enum work work = 0; work <= WORKS; work++) {
		if (meters[work].packets == 0)
			bench_die("the core was taken away in each turn");
		bench_add(
			&samples[work], (double)meters[work].cycles / (double)meters[work].packets);
		bench_meter_end(&meters[work]);
	}
}

static double
gbps(double cycles)
{
	return 8 * coding_rate(CODING_PAYLOAD, cycles);
}

static void
report(const struct bench_samples samples[WORKS + 1], unsigned int k, const char *where)
{
	char key[64];

	printf(" %3u %-5s", k, where);
	for (enum work work = 0; work < WORKS; work++) {
		struct bench_stat cycles = bench_stat(&samples[work]);

		printf(" | %6.1f (%6.1f..%6.1f) %7.0f", gbps(cycles.median), gbps(cycles.max),
			gbps(cycles.min), cycles.median);
		snprintf(key, sizeof(key), "%s_gbps_k%u_%s", work_names[work], k, where);
		bench_figure(key, gbps(cycles.median));
		if (work == DECODE && strcmp(where, "near") == 0) {
			snprintf(key, sizeof(key), "decode_gbps_k%u", k);
			bench_figure(key, gbps(cycles.median));
		}
		snprintf(key, sizeof(key), "%s_cycles_k%u_%s", work_names[work], k, where);
		bench_figure(key, cycles.median);
	}
	printf("\n");
}

/* The least that k multiply-accumulates a packet cost, beside what decoding costs. */
static void
bound(const struct bench_samples samples[WORKS + 1], enum work work, unsigned int k)
{
	struct bench_samples least = {0};
	struct bench_stat ratio;
	char key[64];

	for (unsigned int i = 0; i < samples[KERNEL].n; i++)
		bench_add(&least, samples[KERNEL].value[i] / BOUND_OUTS * k);
	ratio = bench_ratio(&least, &samples[work]);
	printf("%s, k = %u: %.2f (%.2f..%.2f) of what k multiply-accumulates a packet allow\n",
		work_names[work], k, ratio.median, ratio.min, ratio.max);
	snprintf(key, sizeof(key), "%s_ratio_bound_k%u", work_names[work], k);
	bench_figure(key, ratio.median);
}

void
coding_codes(const struct bench_options *options)
{
	static struct bench_samples near[CODING_KS][WORKS + 1], far[CODING_KS][WORKS + 1];
	unsigned int turns = options->quick ? 1 : TURNS;
	struct coding_pool pool;
	struct scene s;

	coding_pool_init(&pool, "codes", options->quick ? FAR_QUICK : FAR);
	for (unsigned int run = 0; run < options->runs; run++)
		for (unsigned int i = 0; i < CODING_KS; i++) {
			scene_init(&s, coding_k[i], &pool, 1);
			measure(near[i], &s, turns);
			scene_free(&s);
			scene_init(&s, coding_k[i], &pool, pool.n / 3 / coding_k[i]);
			measure(far[i], &s, turns);
			scene_free(&s);
		}
	coding_pool_free(&pool);
	printf("\nWhole generations: Gbit/s of source payload, and TSC cycles a source packet\n\n"
	       "   k       | repair, a tenth                  | all of them combinations         "
	       "| decode all of these              | the same, drawn from seeds\n");
	for (unsigned int i = 0; i < CODING_KS; i++) {
		report(near[i], coding_k[i], "near");
		report(far[i], coding_k[i], "far");
	}
	printf("\n");
	for (unsigned int i = 0; i < CODING_KS; i++) {
		bound(near[i], DECODE, coding_k[i]);
		bound(near[i], DECODE_SEEDS, coding_k[i]);
	}
}
