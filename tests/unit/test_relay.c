/* SPDX-License-Identifier: BSD-3-Clause */
/* What bench/relay counts with: sequences beside a record of each, percentiles beside a sort. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include <rte_common.h>

#include "relay_frame.h"
#include "relay_latency.h"
#include "relay_sequence.h"
#include "rng.h"

#define RANGE (4 * RELAY_WINDOW)

static struct relay_sequence sequence;
static uint8_t seen[RANGE];

/* Takes each of the sequences but lost ones, some twice, in an order mixed over mix places. */
static void
check_mixed(uint64_t seed, uint32_t lost_of_1000, uint32_t twice_of_1000, uint32_t mix)
{
	uint64_t taken = 0, duplicates = 0, reordered = 0, next = 0, n = 0;
	static uint32_t order[2 * RANGE];
	struct rng rng;

	rng_seed(&rng, seed);
	memset(seen, 0, sizeof(seen));
	for (uint32_t seq = 0; seq < RANGE; seq++) {
		if (rng_below(&rng, 1000) < lost_of_1000)
			continue;
		order[n++] = seq;
		if (rng_below(&rng, 1000) < twice_of_1000)
			order[n++] = seq;
	}
	for (uint64_t i = 0; mix > 0 && i + mix < n; i++) {
		uint64_t with = i + rng_below(&rng, mix);
		uint32_t swap = order[i];

		/* Nothing moves up by more than the window holds. */
		if (order[with] - order[i] > RELAY_WINDOW / 64)
			continue;
		order[i] = order[with];
		order[with] = swap;
	}
	relay_sequence_reset(&sequence);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t seq = order[i];

		relay_sequence_take(&sequence, seq);
		if (seen[seq]) {
			duplicates++;
			continue;
		}
		seen[seq] = 1;
		taken++;
		if (seq < next)
			reordered++;
		else
			next = seq + 1;
	}
	assert_int_equal(sequence.taken, taken);
	assert_int_equal(sequence.duplicates, duplicates);
	assert_int_equal(sequence.reordered, reordered);
	assert_int_equal(sequence.too_old, 0);
	assert_int_equal(relay_sequence_lost(&sequence, RANGE), RANGE - taken);
}

static void
test_mixed(void **state)
{
	(void)state;
	check_mixed(unit_seed() + 1, 0, 0, 0);
	check_mixed(unit_seed() + 2, 10, 0, 0);
	check_mixed(unit_seed() + 3, 0, 10, 0);
	check_mixed(unit_seed() + 4, 0, 0, 50);
	check_mixed(unit_seed() + 5, 100, 50, 20);
	check_mixed(unit_seed() + 6, 900, 50, 20);
}

static void
test_far(void **state)
{
	(void)state;
	relay_sequence_reset(&sequence);
	relay_sequence_take(&sequence, 0);
	relay_sequence_take(&sequence, 2);
	relay_sequence_take(&sequence, 10 * RELAY_WINDOW);
	assert_int_equal(sequence.taken, 3);
	assert_int_equal(relay_sequence_lost(&sequence, sequence.next), 10 * RELAY_WINDOW - 2);
	/* Out of the window: nobody knows whether it came before. */
	relay_sequence_take(&sequence, 1);
	assert_int_equal(sequence.too_old, 1);
	relay_sequence_take(&sequence, 10 * RELAY_WINDOW - RELAY_WINDOW + 1);
	assert_int_equal(sequence.reordered, 1);
	assert_int_equal(relay_sequence_lost(&sequence, sequence.next), 10 * RELAY_WINDOW - 3);
	/* What never came after the last that did. */
	assert_int_equal(
		relay_sequence_lost(&sequence, sequence.next + 5), 10 * RELAY_WINDOW - 3 + 5);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
test_latency(void **state)
{
	static const double shares[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
	static struct relay_latency latency;
	static uint64_t values[20000];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (size_t i = 0; i < RTE_DIM(values); i++) {
		values[i] = rng_next(&rng) >> (20 + rng_below(&rng, 44));
		relay_latency_add(&latency, values[i]);
	}
	qsort(values, RTE_DIM(values), sizeof(values[0]), compare);
	for (size_t i = 0; i < RTE_DIM(shares); i++) {
		size_t rank = (size_t)(shares[i] * RTE_DIM(values) + 0.999999);
		double right = (double)values[rank > 0 ? rank - 1 : 0];
		double found = relay_latency_quantile(&latency, shares[i]);

		assert_true(found >= right * 0.984 - 1 && found <= right * 1.016 + 1);
	}
	assert_int_equal(latency.max, values[RTE_DIM(values) - 1]);
}

/* What a generator that copies nothing sends lies in its packets until the seat has read it. */
static void
test_frames_of_a_trial(void **state)
{
	static const struct relay_ends ends = {.epoch = 7};
	static uint8_t buffer[2][RTE_PKTMBUF_HEADROOM + 2048], before[RELAY_PAYLOAD_MAX];
	static struct relay_frames frames;
	static struct rte_mbuf m[2];
	const struct relay_payload *payload;
	const struct link_hdr *link;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(m); i++) {
		m[i].buf_addr = buffer[i];
		m[i].data_off = RTE_PKTMBUF_HEADROOM;
		m[i].nb_segs = 1;
	}
	relay_frames_init(&frames, RELAY_IO, 64, 1, 0, &ends);
	relay_frame_write(&frames, &m[0], 0, 100);
	relay_frame_write(&frames, &m[1], 1, 101);
	memcpy(before, rte_pktmbuf_mtod(&m[1], void *), m[1].data_len);
	relay_frames_init(&frames, RELAY_IO, 1400, 2, 2, &ends);
	assert_int_equal(relay_frame_check(&frames, &m[0], &payload, &link), RELAY_STRAY);
	for (uint64_t seq = 0; seq < 3; seq++) {
		relay_frame_write(&frames, &m[0], seq, 200 + seq);
		assert_int_equal(relay_frame_check(&frames, &m[0], &payload, &link), RELAY_RIGHT);
		assert_int_equal(payload->seq, seq);
		assert_int_equal(payload->stamp, 200 + seq);
		assert_int_equal(rte_be_to_cpu_64(link->seq), 2 + seq);
	}
	assert_memory_equal(before, rte_pktmbuf_mtod(&m[1], void *), m[1].data_len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_frames_of_a_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
