/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of a line: a sender with a rate and a queue, the way to the far end, and what goes
 * wrong on it (impair.h). Decides only when each frame arrives, if it does; who asks holds the
 * frames. Pure: times are nanoseconds of the caller's clock, which never runs back.
 */
#ifndef FERRY_LINE_H
#define FERRY_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "impair.h"

struct line_params {
	uint64_t rate;	/* bit/s of frames as ports give them; 0 = no limit */
	uint64_t delay; /* ns from the last bit sent to arrival */
	uint64_t queue; /* bytes not yet sent, at most; 0 = no limit; only with a rate */
	uint64_t mark;	/* such bytes from which ECN-capable frames are marked; 0 = never */
	struct impair_params impair;
};

struct line {
	struct line_params params;
	struct impair impair;
	uint64_t free_at;  /* the sender has sent what it took */
	uint64_t rest;	   /* ... and so much of a nanosecond later, in 1/rate */
	uint64_t last_due; /* frames that are not held back keep their order */
};

struct line_verdict {
	enum impair_fate fate;
	bool mark; /* whatever its fate: it would be marked */
	bool held_back;
	bool duplicate;
	uint64_t due; /* of IMPAIR_PASS only, as all below */
	uint64_t duplicate_due;
};

void line_init(struct line *line, const struct line_params *params, uint64_t seed);

/* Other properties for what is not yet sent. */
void line_set(struct line *line, const struct line_params *params);

/* No room in the queue for a frame of so many bytes. */
bool line_full(const struct line *line, uint64_t now, uint32_t len);

/* The next frame, for which there is room. What is lost takes its sender's time all the same. */
struct line_verdict line_send(struct line *line, uint64_t now, uint32_t len);

#endif
