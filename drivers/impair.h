/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens to a frame on a bad line: loss, each frame for itself and in bursts (Gilbert 1960,
 * Elliott 1963: a chain of two states, good and bad, that moves once a frame), jitter, reordering,
 * duplication. Decides only; who asks holds the frames. Pure: no clock, seeded.
 */
#ifndef FERRY_IMPAIR_H
#define FERRY_IMPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

/* All shares are probabilities, 0 to 1. All zero = a perfect line. */
struct impair_params {
	double loss;	       /* lost in the good state, each frame for itself */
	double burst_begin;    /* good to bad, a frame */
	double burst_end;      /* bad to good, a frame */
	double burst_loss;     /* lost in the bad state */
	double reorder;	       /* frames held back, so that later ones pass them */
	uint64_t reorder_ns;   /* for so long at most; uniform above 0 */
	uint64_t jitter_ns;    /* every frame, uniform from 0; the line keeps their order */
	double duplicate;      /* frames that come twice */
	uint64_t duplicate_ns; /* the second after so long at most; uniform above 0 */
};

struct impair {
	struct impair_params params;
	struct rng rng;
	bool bad;
};

enum impair_fate {
	IMPAIR_PASS,
	IMPAIR_LOST,	   /* for itself */
	IMPAIR_LOST_BURST, /* in the bad state */
};

struct impair_verdict {
	enum impair_fate fate;
	bool duplicate;
	uint64_t jitter;	  /* ns */
	uint64_t held;		  /* ns; 0 = not held back */
	uint64_t duplicate_after; /* ns behind the first */
};

static inline void
impair_init(struct impair *line, const struct impair_params *params, uint64_t seed)
{
	*line = (struct impair){.params = *params};
	rng_seed(&line->rng, seed);
}

/* The fate of the next frame. */
struct impair_verdict impair_next(struct impair *line);

#endif
