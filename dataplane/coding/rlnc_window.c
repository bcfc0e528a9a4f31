/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "rlnc_window.h"

static uint16_t
columns_of(uint8_t k)
{
	return (uint16_t)rte_align32pow2(2u * RTE_MAX(k, (uint8_t)8));
}

static uint16_t
slots_of(uint8_t k)
{
	return RTE_MAX(k, (uint8_t)8);
}

uint32_t
rlnc_window_hold(uint8_t k)
{
	return (uint32_t)columns_of(k) + RTE_ALIGN_CEIL(slots_of(k), 8);
}

static size_t
since_bytes(uint8_t k)
{
	return RTE_ALIGN_CEIL(columns_of(k) * sizeof(uint64_t), 64);
}

size_t
rlnc_window_bytes(uint8_t k)
{
	return since_bytes(k) + rlnc_decoder_bytes(columns_of(k), slots_of(k));
}

void
rlnc_window_init(
	struct rlnc_window *win, void *memory, uint8_t k, uint64_t deadline, rlnc_release *release)
{
	*win = (struct rlnc_window){.deadline = deadline, .since = memory};
	memset(win->since, 0, since_bytes(k));
	rlnc_decoder_init(
		&win->d, (uint8_t *)memory + since_bytes(k), columns_of(k), slots_of(k), release);
	win->d.seeds = &win->seeds;
}

uint32_t
rlnc_window_reset(struct rlnc_window *win)
{
	uint32_t gone = win->d.solver.nb_rows;

	rlnc_decoder_begin(&win->d, win->d.base);
	win->begun = false;
	return gone;
}

uint32_t
rlnc_window_reach(struct rlnc_window *win, uint32_t first, uint8_t n, uint64_t now)
{
	uint32_t end = first + n, columns = rlnc_decoder_columns(&win->d), gone = 0, base;

	if (!win->begun) {
		/* What was sent before the first that came may still be repaired. */
		rlnc_decoder_begin(&win->d, end - columns);
		win->begun = true;
		win->end = end - columns;
	}
	if (likely((int32_t)(end - win->end) <= 0)) {
		/* What is below the window does not keep it from being given up. */
		if (likely((int32_t)(end - win->d.base) > 0))
			win->heard_at = now;
		return 0;
	}
	win->heard_at = now;
	base = end - columns;
	if ((int32_t)(base - win->d.base) > 0)
		gone = rlnc_decoder_move(&win->d, base);
	if (end - win->end > columns)
		win->end = base;
	while (win->end != end)
		win->since[win->end++ & win->d.mask] = now;
	return gone;
}
