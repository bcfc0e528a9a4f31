/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of the sequences 0, 1, 2, ... came back: exactly, as long as none comes later than
 * RELAY_WINDOW after one that was sent after it. In order and with nothing missing, a burst costs
 * one comparison a packet. One thread.
 */
#ifndef FERRY_BENCH_RELAY_SEQUENCE_H
#define FERRY_BENCH_RELAY_SEQUENCE_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#define RELAY_WINDOW 65536 /* a power of two; more than all rings between the two ends hold */

struct relay_sequence {
	uint64_t next;	  /* above the highest that came */
	uint64_t missing; /* below next, and not older than the window */
	uint64_t gone;	  /* missing when they left the window */
	uint64_t taken;	  /* each once */
	uint64_t duplicates;
	uint64_t reordered;		  /* came after a higher one */
	uint64_t too_old;		  /* below the window: duplicate or late, nobody knows */
	uint64_t bits[RELAY_WINDOW / 64]; /* set: missing */
};

void relay_sequence_reset(struct relay_sequence *s);

/* Anything that is not the next one, or while some are missing. */
void relay_sequence_take_slow(struct relay_sequence *s, uint64_t seq);

static inline void
relay_sequence_take(struct relay_sequence *s, uint64_t seq)
{
	if (unlikely(seq != s->next || s->missing != 0)) {
		relay_sequence_take_slow(s, seq);
		return;
	}
	s->next++;
	s->taken++;
}

/* Of the first sent ones: how many never came. */
static inline uint64_t
relay_sequence_lost(const struct relay_sequence *s, uint64_t sent)
{
	return s->gone + s->missing + (sent > s->next ? sent - s->next : 0);
}

#endif
