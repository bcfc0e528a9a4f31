/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session's sliding window at a destination: the last source packets, those of two windows of the
 * source at least, and the combinations that reach into them. It moves up with the newest sequence
 * that a packet speaks of; what falls out at its lower end is given up, combinations that need it
 * with it. A source packet is late when more than the deadline has passed since a packet first
 * spoke of it.
 *
 * Memory is the caller's; one owner.
 */
#ifndef FERRY_RLNC_WINDOW_H
#define FERRY_RLNC_WINDOW_H

#include "rlnc_decoder.h"

struct rlnc_window {
	struct rlnc_decoder d;
	bool begun;
	uint32_t end; /* one above the newest sequence */
	uint64_t deadline;
	uint64_t heard_at; /* last packet that spoke of what it holds, ns */
	uint64_t *since;   /* by column: when its sequence was spoken of first, ns */
	struct rlnc_seeds seeds;
};

/* Packets that it holds at most; k: source packets of the source's window. */
uint32_t rlnc_window_hold(uint8_t k);

size_t rlnc_window_bytes(uint8_t k);
/* memory has alignment 64; deadline in ns; release as rlnc_decoder.h says. */
void rlnc_window_init(
	struct rlnc_window *win, void *memory, uint8_t k, uint64_t deadline, rlnc_release *release);

/* Releases everything; the next packet begins anew. Returns combinations that were held. */
uint32_t rlnc_window_reset(struct rlnc_window *win);

/*
 * A packet speaks of n sequences from first on: moves up if need be. Returns combinations that were
 * given up.
 */
uint32_t rlnc_window_reach(struct rlnc_window *win, uint32_t first, uint8_t n, uint64_t now);

/* The sequence is in play (rlnc_decoder.h), but its time is over. */
static inline bool
rlnc_window_is_late(const struct rlnc_window *win, uint32_t seq, uint64_t now)
{
	return now - win->since[seq & win->d.mask] > win->deadline;
}

#endif
