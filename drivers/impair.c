/* SPDX-License-Identifier: BSD-3-Clause */
#include "impair.h"

/* rng_unit is above 0 and at most 1: 0 never happens, 1 always. */
static bool
chance(struct rng *rng, double share)
{
	return share > 0 && rng_unit(rng) <= share;
}

/* Uniform in (0, most]; 0 if most is 0. */
static uint64_t
span(struct rng *rng, uint64_t most)
{
	return most == 0 ? 0 : 1 + rng_next(rng) % most;
}

static enum impair_fate
fate(struct impair *line)
{
	const struct impair_params *p = &line->params;

	if (line->bad ? chance(&line->rng, p->burst_end) : chance(&line->rng, p->burst_begin))
		line->bad = !line->bad;
	if (line->bad)
		return chance(&line->rng, p->burst_loss) ? IMPAIR_LOST_BURST : IMPAIR_PASS;
	return chance(&line->rng, p->loss) ? IMPAIR_LOST : IMPAIR_PASS;
}

struct impair_verdict
impair_next(struct impair *line)
{
	const struct impair_params *p = &line->params;
	struct impair_verdict verdict = {.fate = fate(line)};

	if (verdict.fate != IMPAIR_PASS)
		return verdict;
	if (p->jitter_ns != 0)
		verdict.jitter = rng_next(&line->rng) % (p->jitter_ns + 1);
	if (chance(&line->rng, p->reorder))
		verdict.held = span(&line->rng, p->reorder_ns);
	if (chance(&line->rng, p->duplicate)) {
		verdict.duplicate = true;
		verdict.duplicate_after = span(&line->rng, p->duplicate_ns);
	}
	return verdict;
}
