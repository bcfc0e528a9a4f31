/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the packets of a built-in generator are due and how large they are: constant rate, Poisson,
 * on-off (exponential times on and off, constant rate while on), or the frames of a video trace,
 * each cut into packets. Seeded: the same seed gives the same times and sizes.
 */
#ifndef FERRY_GENERATOR_H
#define FERRY_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

enum generator_kind {
	GENERATOR_CONSTANT,
	GENERATOR_POISSON,
	GENERATOR_ONOFF,
	GENERATOR_TRACE
};

struct generator_params {
	uint8_t kind;		/* enum generator_kind */
	uint16_t size;		/* bytes of payload of a packet; trace: at most so many */
	uint64_t rate;		/* bit/s of payload while on; trace: not used */
	uint64_t on_ns, off_ns; /* means, on-off */
	const uint32_t *frames; /* trace: sizes in bytes, not owned, outlives the generator */
	uint32_t nb_frames;	/* the trace begins anew after its last */
	uint64_t frame_ns;	/* time between frames */
	uint64_t count;		/* packets to make in all; 0 = no end */
	uint64_t seed;
};

struct generator {
	struct generator_params params;
	struct rng rng;
	uint64_t due;	  /* time of the next packet, ns */
	uint64_t due_rem; /* and so many 2^-20 ns */
	uint64_t gap;	  /* mean time between packets, 2^-20 ns */
	uint64_t on_until;
	uint64_t made;
	uint32_t frame;	     /* of the trace */
	uint32_t frame_left; /* bytes of it still to come */
};

void generator_init(struct generator *gen, const struct generator_params *params);

/* The generator starts, or starts anew, at now. */
void generator_start(struct generator *gen, uint64_t now);

/* True when it has made all its packets. */
static inline bool
generator_done(const struct generator *gen)
{
	return gen->params.count != 0 && gen->made >= gen->params.count;
}

/* Size of the packet that is due at gen->due, then moves on to the next. */
uint16_t generator_next(struct generator *gen);

/* Payload: len bytes of a pattern that begins with the packet's number. */
void generator_fill(uint8_t *payload, uint16_t len, uint64_t number);

#endif
