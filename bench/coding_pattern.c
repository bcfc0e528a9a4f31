/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "coding_pattern.h"
#include "gf256.h"
#include "rlnc_solver.h"

void
coding_pattern_coeffs(uint32_t repair, uint8_t *coeffs)
{
	rlnc_seed_coeffs((uint16_t)repair, coeffs, CODING_K);
}

void
coding_pattern_header(uint32_t number, uint8_t *to)
{
	struct rlnc_header h = {
		.kind = RLNC_SYSTEMATIC, .final = true, .n = CODING_K, .index = (uint8_t)number};

	if (number >= CODING_K) {
		h.kind = RLNC_SEEDED;
		h.seed = (uint16_t)(number - CODING_K);
	}
	rlnc_header_write(&h, to);
}

void
coding_pattern_combine(const struct coding_pattern *pattern, uint32_t repair, const void *bytes,
	size_t n, void *to)
{
	uint8_t sum = pattern->sums[repair];
	const uint8_t *from = bytes;
	uint8_t *out = to;

	for (size_t i = 0; i < n; i++)
		out[i] = gf256_mul(sum, from[i]);
}

static void
sum_coefficients(struct coding_pattern *p)
{
	for (uint32_t r = 0; r < PATTERN_REPAIRS; r++) {
		uint8_t coeffs[CODING_K];

		coding_pattern_coeffs(r, coeffs);
		for (unsigned int i = 0; i < CODING_K; i++)
			p->sums[r] ^= coeffs[i];
	}
}

/* Whether all sources can be known of what comes. */
static bool
is_enough(const struct coding_pattern *p, uint32_t which, void *memory)
{
	struct rlnc_solver solver;
	uint16_t rows[RLNC_SOLVER_SLOTS_MAX];

	rlnc_solver_init(&solver, memory, CODING_K, PATTERN_REPAIRS);
	for (uint8_t i = 0; i < p->nb_come[which]; i++) {
		uint8_t number = p->come[which][i];

		if (number < CODING_K) {
			rlnc_solver_learn(&solver, number);
			continue;
		}
		coding_pattern_coeffs(number - CODING_K, rlnc_solver_candidate(&solver));
		(void)rlnc_solver_add(&solver, rlnc_solver_free_slot(&solver));
	}
	return solver.nb_known + rlnc_solver_solved(&solver, rows) == CODING_K;
}

void
coding_pattern_init(struct coding_pattern *pattern, bool coded, bool lossy)
{
	void *memory = rte_malloc(NULL, rlnc_solver_bytes(CODING_K, PATTERN_REPAIRS), 64);
	struct rng rng;

	if (memory == NULL)
		bench_die("there is no memory for a solver");
	*pattern = (struct coding_pattern){.coded = coded};
	sum_coefficients(pattern);
	rng_seed(&rng, 1);
	for (uint32_t g = 0; g < PATTERN_GENERATIONS; g++) {
		do {
			pattern->nb_come[g] = 0;
			for (uint32_t i = 0; i < (coded ? PATTERN_SENT : CODING_K); i++)
				if (!lossy || rng_below(&rng, PATTERN_LOSS) != 0)
					pattern->come[g][pattern->nb_come[g]++] = (uint8_t)i;
		} while (coded && !is_enough(pattern, g, memory));
		pattern->come_sum += pattern->nb_come[g];
	}
	rte_free(memory);
}

double
coding_pattern_share(const struct coding_pattern *pattern)
{
	return (double)pattern->come_sum / PATTERN_GENERATIONS / CODING_K;
}
