/* SPDX-License-Identifier: BSD-3-Clause */
#include "rlnc_far_ahead.h"

bool
rlnc_far_ahead_doubts(struct rlnc_far_ahead *far, const struct seq_window *win, uint32_t first,
	const struct rlnc_header *h)
{
	int32_t most = (int32_t)win->size, step = (int32_t)(first - far->first);
	struct rlnc_far_ahead before = *far;

	/* Nothing is known that it could be ahead of. */
	if (!win->started)
		return false;
	*far = (struct rlnc_far_ahead){
		.any = true, .seed = h->seed, .first = first, .above = win->highest};
	if (!before.any || before.above != win->highest || step < -most || step > most)
		return true;
	/* The same once more, by another path? */
	return step == 0 && h->kind == RLNC_SEEDED && h->seed == before.seed;
}
