/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a worker spends its time: always on, written by the worker, read by anyone (counter_read).
 *
 * Busy and idle time, how full bursts are and how long turns take are counted in every turn of
 * worker_loop. Cycles by stage are sampled: in one turn of OBSERVE_EVERY the loop switches sampling
 * on, and each stage marks where it ends. Virtual time never samples.
 */
#ifndef FERRY_OBSERVE_H
#define FERRY_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

#define OBSERVE_EVERY 1024 /* a power of two */

/* In the order in which a packet meets them. */
#define OBSERVE_STAGES(X)                                                                          \
	X(receive, "taken from a port")                                                            \
	X(input, "frame and link headers judged, link accounting")                                 \
	X(forward, "Pathlet, copies, delivery, headers of own links and egress")                   \
	X(handed, "taken over from other workers, up to where they go on")                         \
	X(timers, "sources that are due, reorder windows")                                         \
	X(output, "to and from the rings between workers")                                         \
	X(send, "given to ports")

#define OBSERVE_ENUM(name, text) STAGE_##name,
enum stage {
	OBSERVE_STAGES(OBSERVE_ENUM) STAGE_COUNT
};
#undef OBSERVE_ENUM

/* Receive bursts by how full they were: empty, up to half, more, full. */
enum burst_fill {
	BURST_EMPTY,
	BURST_HALF,
	BURST_MORE,
	BURST_FULL,
	BURST_FILLS
};

/* Turns by their length: bin i holds those below 2^i microseconds, the last all others. */
#define OBSERVE_TURN_BINS 16

struct worker_load {
	uint64_t busy_ns;
	uint64_t idle_ns; /* sleep included */
	uint64_t polls;
	uint64_t polls_busy;
	uint64_t sleeps;
	uint64_t bursts[BURST_FILLS];
	uint64_t turns[OBSERVE_TURN_BINS]; /* busy ones */

	/* Of sampled turns. */
	uint64_t stage_cycles[STAGE_COUNT];
	uint64_t stage_packets[STAGE_COUNT];

	/* The worker's own: this turn's. */
	bool sampling;
	uint64_t mark; /* TSC where the stage before ended */
	uint64_t turn_cycles[STAGE_COUNT];
	uint32_t turn_packets[STAGE_COUNT];
};

/* Where a stage ends that dealt with n packets. */
static inline void
observe_stage(struct worker_load *load, enum stage stage, uint32_t n)
{
	uint64_t now;

	if (likely(!load->sampling))
		return;
	now = rte_rdtsc();
	load->turn_cycles[stage] += now - load->mark;
	load->turn_packets[stage] += n;
	load->mark = now;
}

/* The turn that begins here is sampled, into turn_cycles and turn_packets. */
static inline void
observe_sample(struct worker_load *load)
{
	memset(load->turn_cycles, 0, sizeof(load->turn_cycles));
	memset(load->turn_packets, 0, sizeof(load->turn_packets));
	load->sampling = true;
	load->mark = rte_rdtsc();
}

/* Begins a turn; one of many is sampled. */
static inline void
observe_begin(struct worker_load *load)
{
	load->sampling = false;
	if (unlikely((load->polls++ & (OBSERVE_EVERY - 1)) == 0))
		observe_sample(load);
}

/* Ends a turn in which there was something to do: an idle one says nothing of stages. */
static inline void
observe_keep(struct worker_load *load)
{
	if (likely(!load->sampling))
		return;
	for (int i = 0; i < STAGE_COUNT; i++) {
		load->stage_cycles[i] += load->turn_cycles[i];
		load->stage_packets[i] += load->turn_packets[i];
	}
}

static inline void
observe_burst(struct worker_load *load, uint32_t n, uint32_t size)
{
	/* 0, 1..size/2, ..size-1, size: sums of comparisons, no branch. */
	load->bursts[(n > 0) + (n > size / 2) + (n == size)]++;
}

/* A busy turn of ns. */
static inline void
observe_turn(struct worker_load *load, uint64_t ns)
{
	uint32_t us = (uint32_t)(ns >> 10);
	uint32_t bin = us == 0 ? 0 : 32 - (uint32_t)__builtin_clz(us);

	load->turns[bin < OBSERVE_TURN_BINS ? bin : OBSERVE_TURN_BINS - 1]++;
}

#endif
