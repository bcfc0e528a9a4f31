/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_pause.h>

#include "destination_settle.h"

/*
 * A reader that meets an odd number waits; one that meets another number after than before may have
 * counted packets twice or not at all, and reads again.
 */
static inline void
settle_begin(struct destination *dst)
{
	__atomic_store_n(&dst->settling, dst->settling + 1, __ATOMIC_RELAXED);
	rte_smp_wmb();
}

static inline void
settle_end(struct destination *dst)
{
	__atomic_store_n(&dst->settling, dst->settling + 1, __ATOMIC_RELEASE);
}

static inline int32_t
after_step(const struct destination_line *line, int16_t step)
{
	return (int32_t)((uint32_t)line->delay + (uint32_t)(int32_t)step);
}

/* The delays of what is collected, in order; how many. */
static uint32_t
delays_of(const struct destination_line *line, uint32_t collected, int32_t *delays)
{
	uint32_t shelved = collected_shelved(collected), held = collected_held(collected);
	const struct destination_shelf *shelf = destination_shelf(line);

	for (uint32_t i = 0; i < shelved; i++)
		delays[i] = after_step(line, shelf->steps[i]);
	for (uint32_t i = 0; i < held; i++)
		delays[shelved + i] = after_step(line, line->steps[i]);
	return shelved + held;
}

void
destination_settle(struct destination *dst, struct destination_line *line)
{
	int32_t delays[DESTINATION_PENDING];
	uint32_t n = collected_packets(line->collected);
	struct destination_flow *flow;

	if (n == 0)
		return;
	(void)delays_of(line, line->collected, delays);
	flow = destination_flow(dst, line->flow);
	settle_begin(dst);
	dst->window.highest += n;
	dst->delivered.packets += n;
	dst->delivered.bytes += collected_bytes(line->collected);
	flow->received += n;
	flow->highest = (uint16_t)(flow->highest + n);
	delay_histogram_add_several(&dst->delay, delays, n, line->heard_at);
	__atomic_store_n(&line->collected, 0, __ATOMIC_RELAXED);
	settle_end(dst);
	if (dst->ordered)
		dst->next += n;
}

void
destination_bins_prefetch(const struct destination *dst, const struct destination_line *line)
{
	int32_t delays[DESTINATION_PENDING];
	uint32_t n = delays_of(line, line->collected, delays);

	if (n > 0)
		delay_histogram_prefetch(&dst->delay, delays, n);
}

void
destination_move(struct destination_line *line)
{
	uint32_t collected = line->collected, shelved = collected_shelved(collected);

	if (collected_held(collected) == 0)
		return;
	if (shelved > DESTINATION_PENDING - DESTINATION_HELD) {
		destination_settle(line_owner(line), line);
		return;
	}
	/* All that can be held: what is not is written over by the next ones. */
	memcpy(&destination_shelf(line)->steps[shelved], line->steps, sizeof(line->steps));
	__atomic_store_n(&line->collected, collected & ~COLLECTED_HELD_MASK, __ATOMIC_RELEASE);
	/* Steps that are written over after it are seen after it. */
	rte_smp_wmb();
}

void
destination_make_room(struct destination_line *line, int64_t step, uint64_t slice)
{
	if (collected_held(line->collected) == DESTINATION_HELD)
		destination_move(line);
	if (!destination_has_room(line, step, slice))
		destination_settle(line_owner(line), line);
}

/* Tries of a live reader, each spoilt by a move or by settling; more than one is seldom needed. */
#define READER_TRIES 100

/* For which one of them waits at most: tens of milliseconds. */
#define READER_PAUSES (1u << 20)

/*
 * The number when no settling is under way. Settling takes well under a microsecond, and longer
 * only for an owner without its processor: if that lasts, the number is odd, and the try spoilt.
 */
static uint32_t
when_settled(const struct destination *dst)
{
	uint32_t settling = __atomic_load_n(&dst->settling, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; (settling & 1) != 0 && i < READER_PAUSES; i++) {
		rte_pause();
		settling = __atomic_load_n(&dst->settling, __ATOMIC_ACQUIRE);
	}
	return settling;
}

static bool
settled_meanwhile(const struct destination *dst, uint32_t before)
{
	rte_smp_rmb();
	return (before & 1) != 0 || __atomic_load_n(&dst->settling, __ATOMIC_RELAXED) != before;
}

static uint32_t
read_collected(const struct destination *dst)
{
	return __atomic_load_n(&dst->line->collected, __ATOMIC_ACQUIRE);
}

struct destination_sum
destination_delivered(const struct destination *dst)
{
	struct destination_sum sum;
	uint32_t before, collected;

	for (uint32_t i = 0; i < READER_TRIES; i++) {
		before = when_settled(dst);
		collected = read_collected(dst);
		sum.packets = counter_read(&dst->delivered.packets) + collected_packets(collected);
		sum.bytes = counter_read(&dst->delivered.bytes) + collected_bytes(collected);
		if (!settled_meanwhile(dst, before))
			break;
	}
	return sum;
}

uint64_t
destination_flow_received(const struct destination *dst, uint16_t flow)
{
	const struct destination_flow *account = destination_flow_const(dst, flow);
	uint32_t before, collected;
	uint64_t received;

	for (uint32_t i = 0; i < READER_TRIES; i++) {
		before = when_settled(dst);
		received = counter_read(&account->received);
		collected = read_collected(dst);
		/* What is collected is of the line's flow: that changes only while nothing is. */
		if (__atomic_load_n(&dst->line->flow, __ATOMIC_RELAXED) == flow)
			received += collected_packets(collected);
		if (!settled_meanwhile(dst, before))
			break;
	}
	return received;
}

/* Moved steps are still in their places of the line until others are held there. */
static bool
moved_meanwhile(const struct destination *dst, uint32_t before)
{
	rte_smp_rmb();
	return collected_shelved(read_collected(dst)) != collected_shelved(before);
}

void
destination_delay(const struct destination *dst, struct delay_histogram *copy)
{
	int32_t delays[DESTINATION_PENDING];
	uint32_t before, collected, n;
	bool moved;

	for (uint32_t i = 0; i < READER_TRIES; i++) {
		before = when_settled(dst);
		*copy = dst->delay;
		collected = read_collected(dst);
		n = delays_of(dst->line, collected, delays);
		moved = moved_meanwhile(dst, collected);
		delay_histogram_add_several(copy, delays, n, destination_heard_at(dst));
		if (!moved && !settled_meanwhile(dst, before))
			break;
	}
}
