/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of the last so many sequence numbers have come: a bitmap that moves with the highest (as
 * RFC 6479 does for IPsec). Sequences are 64 bits here; who has 32 on the wire extends them
 * (RFC 1982) first.
 *
 * In order it costs one addition: the run of sequences from marked + 1 to highest has come whole,
 * and gets its bits when something else comes.
 *
 * A sequence that leaves out more than a window less one block (a whole one, of one block) may be
 * damaged or forged; were it taken, what really comes would be too old. As RFC 3550, A.1, has it
 * for RTP, it is taken once another one continues from it, and none was taken between them that is
 * higher than all before. So a jump that is real costs one packet. Where few of many come, each far
 * from the one before, that costs one packet too: the next one may be as far from one that was
 * taken so, until the first that is not.
 *
 * Who forges two in a row moves the window to where they say. The way back: seq_behind.h.
 *
 * One owner; anyone may read missing.
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
	SEQ_FAR, /* higher by nearly a window or more, and the first that says so */
};

/*
 * Of fewer sequences than this one comes at least: a fast source sends as many in a second, so that
 * a link which lets one packet a second pass is not taken for one that lets none. More than any
 * window; and of the 2^32 that a session has, two at random are so close once in 4096 times.
 */
#define SEQ_SPARSE (UINT64_C(1) << 20)

/*
 * So many of a gap count as missing at most: more than a link loses in a minute. What leaves out
 * more was no loss, and with all that a link loses in its life the sum stays far from 2^63.
 */
#define SEQ_MISSING (UINT64_C(1) << 32)

/*
 * What the next sequence in order touches stands last and together, so that an owner of many
 * windows can keep it in a cache line with its other busy state.
 */
struct seq_window {
	uint64_t *bits;	  /* size / 64 words, the owner's memory */
	uint64_t first;	  /* the lowest that counts as expected */
	uint64_t missing; /* sequences from first to highest that have not come */
	uint64_t marked;  /* up to here the bits say what came; above it all came */
	/*
	 * The last that was SEQ_FAR since highest moved; or highest, if that is far from such a one
	 * too; 0 = none.
	 */
	uint64_t doubted;

	uint32_t size; /* a power of two, at least 64 */
	bool started;  /* something was taken */
	uint64_t highest;
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

/* The slow branches: first, gap, late, duplicate, too old, far ahead. */
enum seq_verdict seq_window_take_slow(struct seq_window *win, uint64_t seq);

/* Is it SEQ_TOO_OLD? Something must have been taken before. */
static inline bool
seq_window_is_old(const struct seq_window *win, uint64_t seq)
{
	return seq / 64 + win->size / 64 <= win->highest / 64;
}

/*
 * Does one that the window does not take continue from another such one? It may be reordered within
 * a window, and be the next that came of so many.
 */
static inline bool
seq_window_continues(const struct seq_window *win, uint64_t before, uint64_t seq)
{
	return seq - before + win->size < SEQ_SPARSE + win->size;
}

/* Would this be taken as SEQ_LATE? Something must have been taken before. */
bool seq_window_lacks(const struct seq_window *win, uint64_t seq);

/* The sequence after the highest? Something must have been taken before. */
static inline bool
seq_window_is_next(const struct seq_window *win, uint64_t seq)
{
	return seq == win->highest + 1;
}

/* Takes that one. */
static inline void
seq_window_next(struct seq_window *win, uint64_t seq)
{
	win->highest = seq;
}

/* Takes a sequence, or says why not (SEQ_DUPLICATE, SEQ_TOO_OLD, SEQ_FAR). */
static inline enum seq_verdict
seq_window_take(struct seq_window *win, uint64_t seq)
{
	if (unlikely(!seq_window_is_next(win, seq) || !win->started))
		return seq_window_take_slow(win, seq);
	seq_window_next(win, seq);
	return SEQ_IN_ORDER;
}

/* Different sequences taken. */
static inline uint64_t
seq_window_received(const struct seq_window *win)
{
	return win->started ? win->highest - win->first + 1 - win->missing : 0;
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
