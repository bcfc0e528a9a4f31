/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a destination's line collects (destination_line.h), how it is added to the destination, and
 * how both are read together. The owner collects, moves and settles; destination_delivered,
 * destination_flow_received and destination_delay are for any thread.
 */
#ifndef FERRY_DESTINATION_SETTLE_H
#define FERRY_DESTINATION_SETTLE_H

#include <rte_branch_prediction.h>

#include "destination.h"

/* Adds what its line, which is dst->line, has collected. */
void destination_settle(struct destination *dst, struct destination_line *line);

/* Moves what the line holds to its shelf, or settles it if the shelf has no room for it. */
void destination_move(struct destination_line *line);

/* Makes room for a delay that is so far from the first one, or settles where it cannot. */
void destination_make_room(struct destination_line *line, int64_t step, uint64_t slice);

/*
 * Fetches the bins that settling will touch; the line, its shelf and the destination should be
 * there.
 */
void destination_bins_prefetch(const struct destination *dst, const struct destination_line *line);

/* There is room for another, and its delay can stand beside those that are there. */
static inline bool
destination_has_room(const struct destination_line *line, int64_t step, uint64_t slice)
{
	return line->collected == 0 || ((line->collected & COLLECTED_FULL) == 0 &&
					       step == (int16_t)step && line->heard_at >= slice);
}

/* The packet is the next one, as the line expects it. slice: when the current ten seconds began. */
static inline void
destination_collect(
	struct destination_line *line, uint64_t now, uint64_t slice, int32_t delay, uint32_t bytes)
{
	int64_t step = (int64_t)delay - line->delay;

	if (unlikely(!destination_has_room(line, step, slice)))
		destination_make_room(line, step, slice);
	if (line->collected == 0)
		line->delay = delay;
	line->steps[collected_held(line->collected)] = (int16_t)(delay - line->delay);
	line->heard_at = now;
	line->next++;
	line->next_of_flow++;
	/* A reader that sees it counted finds its step. */
	__atomic_store_n(&line->collected,
		line->collected + bytes + COLLECTED_HELD_ONE + COLLECTED_ONE, __ATOMIC_RELEASE);
}

#endif
