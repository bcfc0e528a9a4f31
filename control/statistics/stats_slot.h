/* SPDX-License-Identifier: BSD-3-Clause */
/* A slot of the statistics ring (stats_ring.h), written and read: the sequence lock. */
#ifndef FERRY_STATS_SLOT_H
#define FERRY_STATS_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "stats_ring.h"

static inline uint64_t
stats_writing(uint64_t number)
{
	return 2 * number + 1;
}

static inline uint64_t
stats_written(uint64_t number)
{
	return 2 * number + 2;
}

/* Puts record number into its slot; words beyond n are left as they are. One writer. */
static inline void
stats_slot_put(struct ferry_stats_slot *slot, uint64_t number, const uint64_t *words, uint32_t n)
{
	__atomic_store_n(&slot->sequence, stats_writing(number), __ATOMIC_RELAXED);
	/* Nobody sees a new word without seeing that the sequence has changed. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < n; i++)
		__atomic_store_n(&slot->words[i], words[i], __ATOMIC_RELAXED);
	__atomic_store_n(&slot->sequence, stats_written(number), __ATOMIC_RELEASE);
}

static inline void
stats_slot_copy(const struct ferry_stats_slot *slot, uint64_t *words, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		words[i] = __atomic_load_n(&slot->words[i], __ATOMIC_RELAXED);
}

/* After a copy: is the sequence still what it was before it? */
static inline bool
stats_slot_unchanged(const struct ferry_stats_slot *slot, uint64_t sequence)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) == sequence;
}

#endif
