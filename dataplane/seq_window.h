/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of the last so many sequence numbers have come: a bitmap that moves with the highest (as
 * RFC 6479 does for IPsec). In order it costs one bit. Sequences are 64 bits here; who has 32 on
 * the wire extends them (RFC 1982) first.
 *
 * One owner. Loss needs no state of its own: it is what should have come less what came.
 */
#ifndef FERRY_SEQ_WINDOW_H
#define FERRY_SEQ_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>

enum seq_verdict {
	SEQ_IN_ORDER, /* the one after the highest, or the first of all */
	SEQ_AHEAD,    /* higher, with a gap */
	SEQ_LATE,     /* lower, within the window, not seen before */
	SEQ_DUPLICATE,
	SEQ_TOO_OLD,
};

/*
 * What the next sequence in order touches stands last and together, so that an owner of many
 * windows can keep it in a cache line with its other busy state: the word of the highest is kept
 * here and goes to bits only when the window leaves it.
 */
struct seq_window {
	uint64_t *bits; /* size / 64 words, the owner's memory */
	uint64_t first; /* the lowest that counts as expected */
	uint32_t size;	/* a power of two, at least 64 */

	uint64_t highest;
	uint64_t received; /* different sequences taken; 0 = nothing yet */
	uint64_t word;	   /* bits of the 64 sequences among which the highest is */
};

static inline void
seq_window_init(struct seq_window *win, uint64_t *bits, uint32_t size)
{
	memset(bits, 0, size / 8);
	*win = (struct seq_window){.size = size, .bits = bits};
}

/* Forgets everything; the next sequence is the first. */
static inline void
seq_window_reset(struct seq_window *win)
{
	seq_window_init(win, win->bits, win->size);
}

/* The slow branches: first, gap, late, duplicate, too old. */
enum seq_verdict seq_window_take_slow(struct seq_window *win, uint64_t seq);

/* Takes the sequence after the highest; something must have been taken before. */
static inline void
seq_window_next(struct seq_window *win)
{
	uint64_t seq = ++win->highest;

	if (unlikely(seq % 64 == 0)) {
		win->bits[((seq - 1) & (win->size - 1)) / 64] = win->word;
		win->word = 0;
	}
	win->word |= UINT64_C(1) << (seq % 64);
	win->received++;
}

/* Takes a sequence, or says why not (SEQ_DUPLICATE, SEQ_TOO_OLD). */
static inline enum seq_verdict
seq_window_take(struct seq_window *win, uint64_t seq)
{
	if (unlikely(seq != win->highest + 1 || win->received == 0))
		return seq_window_take_slow(win, seq);
	seq_window_next(win);
	return SEQ_IN_ORDER;
}

/* Sequences up to the highest that have not come. */
static inline uint64_t
seq_window_missing(const struct seq_window *win)
{
	return win->received == 0 ? 0 : win->highest - win->first + 1 - win->received;
}

/*
 * A 32-bit sequence as the 64-bit one nearest to a known one (RFC 1982 serial numbers); below
 * zero it stays low, and is then too old for any window.
 */
static inline uint64_t
seq_extend(uint64_t near, uint32_t seq)
{
	int32_t step = (int32_t)(seq - (uint32_t)near);

	return near + (uint64_t)(int64_t)step;
}

#endif
