/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Combinations of source packets that are more than the session's window above the highest: the
 * rule of seq_window.h, for combinations, of which several have one first sequence. One alone may
 * be damaged or forged, and would end all generations that are open. Where none goes as it is the
 * highest stays behind until something is decoded; meanwhile each is confirmed by the one before.
 * Only within a window: of combinations that are farther apart nothing is ever computed.
 *
 * The destination's owner.
 */
#ifndef FERRY_RLNC_FAR_AHEAD_H
#define FERRY_RLNC_FAR_AHEAD_H

#include "rlnc_header.h"
#include "seq_window.h"

/* The last one that was far ahead. */
struct rlnc_far_ahead {
	bool any;
	uint16_t seed;
	uint32_t first;
	uint64_t above; /* the highest sequence then */
};

/* The part of rlnc_far_ahead_refuses for one that is. */
bool rlnc_far_ahead_doubts(struct rlnc_far_ahead *far, const struct seq_window *win, uint32_t first,
	const struct rlnc_header *h);

/* Is a combination with this first sequence to be dropped as far ahead? */
static inline bool
rlnc_far_ahead_refuses(struct rlnc_far_ahead *far, const struct seq_window *win, uint32_t first,
	const struct rlnc_header *h)
{
	int32_t step = (int32_t)(first - (uint32_t)win->highest);

	return unlikely(step > (int32_t)win->size) && rlnc_far_ahead_doubts(far, win, first, h);
}

#endif
