/* SPDX-License-Identifier: BSD-3-Clause */
#include "line.h"

#define LINE_SECOND UINT64_C(1000000000) /* ns */

void
line_init(struct line *line, const struct line_params *params, uint64_t seed)
{
	*line = (struct line){.params = *params};
	impair_init(&line->impair, &params->impair, seed);
}

void
line_set(struct line *line, const struct line_params *params)
{
	line->params = *params;
	line->impair.params = params->impair;
}

/* Bytes that the sender has taken and not yet sent. */
static uint64_t
bytes_waiting(const struct line *line, uint64_t now)
{
	if (line->params.rate == 0 || line->free_at <= now)
		return 0;
	return (uint64_t)((unsigned __int128)(line->free_at - now) * line->params.rate /
			  (8 * LINE_SECOND));
}

bool
line_full(const struct line *line, uint64_t now, uint32_t len)
{
	return line->params.queue != 0 && bytes_waiting(line, now) + len > line->params.queue;
}

/* When the last bit of a frame has left, if it is sent now. */
static uint64_t
send_time(struct line *line, uint64_t now, uint32_t len)
{
	uint64_t bits;

	if (line->params.rate == 0)
		return now;
	if (line->free_at <= now) {
		line->free_at = now;
		line->rest = 0;
	}
	bits = (uint64_t)len * 8 * LINE_SECOND + line->rest;
	line->free_at += bits / line->params.rate;
	line->rest = bits % line->params.rate;
	return line->free_at;
}

struct line_verdict
line_send(struct line *line, uint64_t now, uint32_t len)
{
	const struct line_params *p = &line->params;
	struct line_verdict verdict = {.mark = p->mark != 0 && bytes_waiting(line, now) >= p->mark};
	uint64_t due = send_time(line, now, len) + p->delay;
	struct impair_verdict impaired = impair_next(&line->impair);

	verdict.fate = impaired.fate;
	if (verdict.fate != IMPAIR_PASS)
		return verdict;
	due += impaired.jitter;
	if (impaired.held != 0) {
		verdict.held_back = true;
		due += impaired.held;
	} else {
		due = due > line->last_due ? due : line->last_due;
		line->last_due = due;
	}
	verdict.due = due;
	verdict.duplicate = impaired.duplicate;
	verdict.duplicate_due = due + impaired.duplicate_after;
	return verdict;
}
