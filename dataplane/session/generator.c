/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "generator.h"

#define GAP_SHIFT 20

void
generator_init(struct generator *gen, const struct generator_params *params)
{
	*gen = (struct generator){.params = *params};
	if (params->rate != 0)
		gen->gap = (uint64_t)(((unsigned __int128)params->size * 8000000000u << GAP_SHIFT) /
				      params->rate);
}

static uint64_t
exponential(struct generator *gen, double mean)
{
	return (uint64_t)(-log(rng_unit(&gen->rng)) * mean);
}

/* Frames of 0 bytes are time that passes. */
static void
next_frame(struct generator *gen)
{
	uint32_t frames = gen->params.nb_frames;

	for (uint32_t i = 0; i < frames && gen->frame_left == 0; i++) {
		gen->frame_left = gen->params.frames[gen->frame];
		gen->frame = (gen->frame + 1) % frames;
		if (gen->frame_left == 0)
			gen->due += gen->params.frame_ns;
	}
}

void
generator_start(struct generator *gen, uint64_t now)
{
	rng_seed(&gen->rng, gen->params.seed);
	gen->made = 0;
	gen->due = now;
	gen->due_rem = 0;
	gen->frame = 0;
	gen->frame_left = 0;
	if (gen->params.kind == GENERATOR_TRACE)
		next_frame(gen);
	if (gen->params.kind == GENERATOR_ONOFF)
		gen->on_until = now + exponential(gen, (double)gen->params.on_ns);
}

/* One mean gap later, the part of a nanosecond carried. */
static void
pass_gap(struct generator *gen)
{
	uint64_t step = gen->gap + gen->due_rem;

	gen->due += step >> GAP_SHIFT;
	gen->due_rem = step & ((1u << GAP_SHIFT) - 1);
}

/* Time that would fall into an off period moves behind it. */
static void
skip_off(struct generator *gen)
{
	while (gen->due >= gen->on_until) {
		uint64_t off = exponential(gen, (double)gen->params.off_ns);

		gen->due += off;
		gen->on_until += off + exponential(gen, (double)gen->params.on_ns) + 1;
	}
}

static uint16_t
next_of_trace(struct generator *gen)
{
	uint16_t size = (uint16_t)RTE_MIN(gen->frame_left, (uint32_t)gen->params.size);

	gen->frame_left -= size;
	if (gen->frame_left == 0) {
		gen->due += gen->params.frame_ns;
		next_frame(gen);
	}
	return size;
}

uint16_t
generator_next(struct generator *gen)
{
	gen->made++;
	switch (gen->params.kind) {
	case GENERATOR_TRACE:
		return next_of_trace(gen);
	case GENERATOR_POISSON:
		gen->due += exponential(gen, (double)gen->gap * 0x1p-20);
		break;
	case GENERATOR_ONOFF:
		pass_gap(gen);
		skip_off(gen);
		break;
	default:
		pass_gap(gen);
	}
	return gen->params.size;
}

void
generator_fill(uint8_t *payload, uint16_t len, uint64_t number)
{
	rte_be64_t n = rte_cpu_to_be_64(number);
	uint16_t head = RTE_MIN(len, (uint16_t)sizeof(n));

	memcpy(payload, &n, head);
	memset(payload + head, (int)(number & 0xff), len - head);
}
