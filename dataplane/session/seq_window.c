/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "seq_window.h"

static inline void
mark(struct seq_window *win, uint64_t seq)
{
	win->bits[(seq & (win->size - 1)) / 64] |= UINT64_C(1) << (seq % 64);
}

/*
 * Moves the bits up to seq. They hold size - 63 sequences at least: the word of the highest is
 * cleared from its first bit on, together with what it held one turn ago.
 */
static void
advance(struct seq_window *win, uint64_t seq)
{
	uint64_t from = win->marked / 64 + 1, to = seq / 64;
	uint32_t words = win->size / 64;

	if (to >= from + words)
		from = to - words + 1;
	for (uint64_t word = from; word <= to; word++)
		win->bits[word % words] = 0;
	win->marked = seq;
}

/* Gives the run that came in order its bits, those that there is room for. */
static void
mark_run(struct seq_window *win)
{
	uint64_t seq = win->marked + 1, end = win->highest + 1;
	uint32_t words = win->size / 64;

	advance(win, win->highest);
	if (win->highest / 64 >= seq / 64 + words)
		seq = (win->highest / 64 - words + 1) * 64;
	while (seq < end) {
		uint64_t n = end - seq < 64 - seq % 64 ? end - seq : 64 - seq % 64;

		win->bits[seq / 64 % words] |= UINT64_MAX >> (64 - n) << (seq % 64);
		seq += n;
	}
}

/*
 * What lies so far behind the highest is remembered whatever the highest's place in its block is.
 * A window of one block remembers no more than that.
 */
static inline uint32_t
reach(const struct seq_window *win)
{
	return win->size > 64 ? win->size - 64 : win->size;
}

/* Is what lies between these two, which are not the same, more than is taken at once? */
static inline bool
is_far(const struct seq_window *win, uint64_t before, uint64_t seq)
{
	return seq - before - 1 > reach(win);
}

/*
 * One so far ahead: does it continue from the last such one? The same again says nothing. Where
 * it is as sparse the next one may be as well.
 */
static bool
is_confirmed(struct seq_window *win, uint64_t seq, uint64_t *next)
{
	uint64_t before = win->doubted;

	win->doubted = seq;
	if (before == 0 || seq == before || !seq_window_continues(win, before, seq))
		return false;
	*next = seq > before && is_far(win, before, seq) ? seq : 0;
	return true;
}

static enum seq_verdict
take_ahead(struct seq_window *win, uint64_t seq)
{
	uint64_t gap = seq - win->highest - 1, next = 0;

	if (is_far(win, win->highest, seq) && !is_confirmed(win, seq, &next))
		return SEQ_FAR;
	advance(win, seq);
	win->highest = seq;
	win->doubted = next;
	win->missing += RTE_MIN(gap, SEQ_MISSING);
	mark(win, seq);
	return gap > 0 ? SEQ_AHEAD : SEQ_IN_ORDER;
}

enum seq_verdict
seq_window_take_slow(struct seq_window *win, uint64_t seq)
{
	if (!win->started) {
		memset(win->bits, 0, win->size / 8);
		win->started = true;
		win->first = seq;
		win->highest = seq;
		win->marked = seq;
		mark(win, seq);
		return SEQ_IN_ORDER;
	}
	if (win->marked != win->highest) {
		mark_run(win);
		win->doubted = 0;
	}
	if (seq > win->highest)
		return take_ahead(win, seq);
	if (seq_window_is_old(win, seq))
		return SEQ_TOO_OLD;
	if (win->bits[(seq & (win->size - 1)) / 64] & (UINT64_C(1) << (seq % 64)))
		return SEQ_DUPLICATE;
	/* Reordered before the first that was seen: it was sent, so it was to be expected. */
	if (seq < win->first) {
		win->missing += win->first - seq;
		win->first = seq;
	}
	win->missing--;
	mark(win, seq);
	return SEQ_LATE;
}

bool
seq_window_lacks(const struct seq_window *win, uint64_t seq)
{
	/* Above marked all came. */
	if (seq > win->marked || seq_window_is_old(win, seq))
		return false;
	return (win->bits[(seq & (win->size - 1)) / 64] & (UINT64_C(1) << (seq % 64))) == 0;
}
