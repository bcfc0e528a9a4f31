/* SPDX-License-Identifier: BSD-3-Clause */
#include "seq_window.h"

/* Where the bit of a sequence within the window is. */
static inline uint64_t *
word_of(struct seq_window *win, uint64_t seq)
{
	if (seq / 64 == win->highest / 64)
		return &win->word;
	return &win->bits[(seq & (win->size - 1)) / 64];
}

static inline void
mark(struct seq_window *win, uint64_t seq)
{
	*word_of(win, seq) |= UINT64_C(1) << (seq % 64);
	win->received++;
}

/*
 * Moves the window up to seq. It holds size - 63 sequences at least: the word of the highest is
 * cleared from its first bit on, together with what it held one turn ago.
 */
static void
advance(struct seq_window *win, uint64_t seq)
{
	uint64_t from = win->highest / 64 + 1, to = seq / 64;
	uint32_t words = win->size / 64;

	if (to >= from) {
		win->bits[(from - 1) % words] = win->word;
		win->word = 0;
	}
	if (to >= from + words)
		from = to - words + 1;
	for (uint64_t word = from; word <= to; word++)
		win->bits[word % words] = 0;
	win->highest = seq;
}

enum seq_verdict
seq_window_take_slow(struct seq_window *win, uint64_t seq)
{
	if (win->received == 0) {
		memset(win->bits, 0, win->size / 8);
		win->first = seq;
		win->highest = seq;
		win->word = 0;
		mark(win, seq);
		return SEQ_IN_ORDER;
	}
	if (seq > win->highest) {
		bool gap = seq != win->highest + 1;

		advance(win, seq);
		mark(win, seq);
		return gap ? SEQ_AHEAD : SEQ_IN_ORDER;
	}
	if (seq / 64 + win->size / 64 <= win->highest / 64)
		return SEQ_TOO_OLD;
	if (*word_of(win, seq) & (UINT64_C(1) << (seq % 64)))
		return SEQ_DUPLICATE;
	/* Reordered before the first that was seen: it was sent, so it was to be expected. */
	if (seq < win->first)
		win->first = seq;
	mark(win, seq);
	return SEQ_LATE;
}
