/* SPDX-License-Identifier: BSD-3-Clause */
#include "tfrc_history.h"
#include "tfrc_math.h"

#include <string.h>

#include <rte_common.h>

#define ONE	     (UINT64_C(1) << 32)		/* a discount factor of 1 */
#define THRESHOLD    (ONE / 4)				/* 5.5 */
#define INTERVAL_MAX (UINT64_C(1) << (32 + TFRC_SHIFT)) /* the least p above 0 is 2^-32 */

/* Sums of sizes times weights (units of 2^-48 packets) and of weights (2^-32). */
struct average {
	unsigned __int128 size;
	uint64_t weight;
};

/* w_i of 5.4 for n = 8, five times. */
static const uint8_t weights[TFRC_INTERVALS] = {5, 5, 5, 5, 4, 3, 2, 1};

void
tfrc_history_init(struct tfrc_history *history, bool small_packets)
{
	*history = (struct tfrc_history){.small_packets = small_packets};
}

static void
add(struct average *a, uint64_t size, unsigned weight, uint64_t discount)
{
	a->size += (unsigned __int128)size * weight * discount;
	a->weight += weight * discount;
}

/* I_1 to I_k with their discounts: I_tot1 and W_tot1 of 5.5. */
static struct average
closed_intervals(const struct tfrc_history *history)
{
	struct average a = {0};

	for (unsigned i = 0; i < history->count; i++)
		add(&a, history->size[i], weights[i], history->discount[i]);
	return a;
}

static uint64_t
packets(uint64_t n)
{
	return n < INTERVAL_MAX >> TFRC_SHIFT ? n << TFRC_SHIFT : INTERVAL_MAX;
}

/* tfrc-sp: an interval of at most two round-trip times counts each of its losses (RFC 4828, 3). */
static bool
is_short(const struct tfrc_history *history, uint64_t end, uint64_t rtt)
{
	return history->small_packets && end <= history->begin_time + 2 * rtt;
}

static uint64_t
open_size(const struct tfrc_history *history, uint64_t highest)
{
	/* One more, but not before the shift: from 0 to the last sequence of all there are 2^64. */
	return packets(highest - history->begin_seq) + (UINT64_C(1) << TFRC_SHIFT);
}

static uint64_t
closing_size(const struct tfrc_history *history, uint64_t seq, uint64_t time, uint64_t rtt)
{
	uint64_t size = packets(seq - history->begin_seq);

	if (is_short(history, time, rtt) && history->losses > 1)
		return RTE_MAX(size / history->losses, UINT64_C(1));
	return size;
}

/*
 * DF of 5.5 for an open interval of this size. It is set anew with each packet, so it is 1 between
 * the beginning of an event and the next packet.
 */
static uint64_t
general_discount(const struct tfrc_history *history, uint64_t size, uint64_t highest)
{
	struct average a = closed_intervals(history);
	unsigned __int128 mean2 = 2 * a.size / a.weight;
	uint64_t factor;

	if ((history->fresh && history->fresh_seq == highest) || size <= mean2)
		return ONE;
	factor = (uint64_t)((mean2 << 32) / size);
	return factor < THRESHOLD ? THRESHOLD : factor;
}

static void
shift(struct tfrc_history *history, uint64_t size, uint64_t general)
{
	for (unsigned i = 0; i < history->count; i++)
		history->discount[i] = tfrc_muldiv(history->discount[i], general, ONE);
	if (history->count < TFRC_INTERVALS)
		history->count++;
	memmove(&history->size[1], &history->size[0],
		sizeof(history->size[0]) * (TFRC_INTERVALS - 1));
	memmove(&history->discount[1], &history->discount[0],
		sizeof(history->discount[0]) * (TFRC_INTERVALS - 1));
	history->size[0] = size;
	history->discount[0] = ONE;
}

void
tfrc_history_event(struct tfrc_history *history, uint64_t seq, uint64_t time, uint64_t highest,
	uint64_t rtt, uint64_t first)
{
	if (history->count == 0) {
		shift(history, first, ONE);
	} else {
		uint64_t size = closing_size(history, seq, time, rtt);
		uint64_t current = open_size(history, highest);

		shift(history, size, general_discount(history, current, highest));
	}
	history->events++;
	history->losses = 0;
	history->begin_seq = seq;
	history->begin_time = time;
	history->fresh = true;
	history->fresh_seq = highest;
}

/* Weights over sizes, as a rate in units of 2^-32. */
static uint64_t
inverse(const struct average *a)
{
	return (uint64_t)(((unsigned __int128)a->weight << (32 + TFRC_SHIFT)) / a->size);
}

uint32_t
tfrc_history_rate(const struct tfrc_history *history, uint64_t highest, uint64_t now, uint64_t rtt)
{
	struct average with = {0}, without;
	uint64_t current, general, p, p_with;

	if (history->count == 0)
		return 0;
	without = closed_intervals(history);
	p = inverse(&without);
	if (!is_short(history, now, rtt)) {
		current = open_size(history, highest);
		general = general_discount(history, current, highest);
		add(&with, current, weights[0], ONE);
		for (unsigned i = 1; i < history->count; i++)
			add(&with, history->size[i - 1], weights[i],
				tfrc_muldiv(history->discount[i - 1], general, ONE));
		p_with = inverse(&with);
		if (p_with < p)
			p = p_with;
	}
	if (p >= UINT32_MAX)
		return UINT32_MAX;
	return p == 0 ? 1 : (uint32_t)p;
}
