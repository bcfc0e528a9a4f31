/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of many rings have something in them: one bit a ring and a summary bit for 64 of those.
 * Producers ring after they filled; the one consumer takes whole words and visits only the rings
 * whose bits it took. An idle doorbell costs the consumer one load of the summary for each 4096
 * rings.
 *
 * A producer's enqueue is ordered before its look at the bit, the consumer's clearing of the bit
 * before its dequeue; so whatever is enqueued is either seen by the running visit or leaves a bit
 * set for the next.
 */
#ifndef FERRY_DOORBELL_H
#define FERRY_DOORBELL_H

#include <stdint.h>

#include <rte_atomic.h>
#include <rte_bitops.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>

#define DOORBELL_RINGS_MAX   16384
#define DOORBELL_WORDS	     (DOORBELL_RINGS_MAX / 64)
#define DOORBELL_SUMMARY_MAX (DOORBELL_WORDS / 64)

struct doorbell {
	uint64_t summary[DOORBELL_SUMMARY_MAX];
	uint64_t words[DOORBELL_WORDS];
} __rte_cache_aligned;

/* Any producer, after its enqueue. */
static inline void
doorbell_ring(struct doorbell *bell, uint32_t index)
{
	uint32_t word = index / 64, group = word / 64;
	uint64_t bit = UINT64_C(1) << (index % 64), word_bit = UINT64_C(1) << (word % 64);

	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&bell->words[word], __ATOMIC_RELAXED) & bit) == 0)
		__atomic_fetch_or(&bell->words[word], bit, __ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&bell->summary[group], __ATOMIC_RELAXED) & word_bit) == 0)
		__atomic_fetch_or(&bell->summary[group], word_bit, __ATOMIC_SEQ_CST);
}

/*
 * Takes what rang; nothing that comes later is read before. On Arm without LSE an exchange is a
 * load and a store, and only the load is in the way of later loads.
 */
static inline uint64_t
doorbell_take(uint64_t *bits)
{
	uint64_t taken = __atomic_exchange_n(bits, 0, __ATOMIC_SEQ_CST);

#ifndef RTE_ARCH_X86
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	return taken;
}

/*
 * The consumer: calls visit(arg, index) for each ring that rang. A visitor that leaves packets
 * behind rings again itself.
 */
static inline void
doorbell_answer(struct doorbell *bell, uint32_t nb_rings, void (*visit)(void *arg, uint32_t index),
	void *arg)
{
	uint32_t groups = (nb_rings + 4095) / 4096;

	for (uint32_t group = 0; group < groups; group++) {
		uint64_t summary;

		if (likely(__atomic_load_n(&bell->summary[group], __ATOMIC_RELAXED) == 0))
			continue;
		summary = doorbell_take(&bell->summary[group]);
		while (summary != 0) {
			uint32_t word = group * 64 + (uint32_t)__builtin_ctzll(summary);
			uint64_t bits = doorbell_take(&bell->words[word]);

			for (; bits != 0; bits &= bits - 1)
				visit(arg, word * 64 + (uint32_t)__builtin_ctzll(bits));
			summary &= summary - 1;
		}
	}
}

#endif
