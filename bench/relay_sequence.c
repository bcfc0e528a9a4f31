/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "relay_sequence.h"

void
relay_sequence_reset(struct relay_sequence *s)
{
	memset(s, 0, sizeof(*s));
}

static inline uint64_t
bit_of(uint64_t seq)
{
	return UINT64_C(1) << (seq % 64);
}

static inline uint64_t *
word_of(struct relay_sequence *s, uint64_t seq)
{
	return &s->bits[seq % RELAY_WINDOW / 64];
}

/* next moves on by one; its place in the window may still speak of one that leaves it. */
static void
advance(struct relay_sequence *s, bool missing)
{
	uint64_t *word = word_of(s, s->next), bit = bit_of(s->next);

	if (*word & bit) {
		s->gone++;
		s->missing--;
	}
	*word = missing ? *word | bit : *word & ~bit;
	s->missing += missing;
	s->next++;
}

void
relay_sequence_take_slow(struct relay_sequence *s, uint64_t seq)
{
	uint64_t *word = word_of(s, seq);

	if (seq >= s->next) {
		/* Whatever is further away than the window leaves it at once. */
		if (seq - s->next > RELAY_WINDOW) {
			s->gone += s->missing + (seq - s->next - RELAY_WINDOW);
			s->missing = 0;
			memset(s->bits, 0, sizeof(s->bits));
			s->next = seq - RELAY_WINDOW;
		}
		while (s->next < seq)
			advance(s, true);
		advance(s, false);
		s->taken++;
		return;
	}
	if (s->next - seq > RELAY_WINDOW) {
		s->too_old++;
		return;
	}
	if ((*word & bit_of(seq)) == 0) {
		s->duplicates++;
		return;
	}
	*word &= ~bit_of(seq);
	s->missing--;
	s->taken++;
	s->reordered++;
}
