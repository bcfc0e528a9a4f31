/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a destination's line collects, its shelf and the destination together: at every moment the
 * sums and the delays of all packets, beside counters and a histogram that take them one by one.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include <rte_pause.h>

#include "../harness/test_eal.h"
#include "destination_settle.h"
#include "node.h"
#include "rng.h"

#define SHELF_BYTE 0x5a

static struct node node;
static struct destination *dst;
static uint64_t now;

/* All that came. */
static uint64_t packets, bytes;
static struct delay_histogram delays;

static void
begin(void)
{
	struct destination_params params = {
		.conference = 1, .session = 1, .window = 64, .nb_flows = 3};

	dst = destination_new(&node, &params);
	assert_non_null(dst);
	assert_int_equal(dst->line->collected, 0);
	now = DELAY_SLICE_NS;
	packets = 0;
	bytes = 0;
	memset(&delays, 0, sizeof(delays));
}

static void
come(int32_t delay, uint32_t size)
{
	destination_collect(dst->line, now, now - now % DELAY_SLICE_NS, delay, size);
}

/* What the end of a burst does. */
static void
end_burst(void)
{
	struct destination_line *line = dst->line;

	if (destination_line_is_due(line, line->next, DESTINATION_PENDING))
		destination_settle(dst, line);
	else if (destination_line_is_due(line, line->next, DESTINATION_HELD))
		destination_move(line);
}

static void
check(void)
{
	static struct delay_histogram copy;
	struct destination_sum sum = destination_delivered(dst);

	assert_int_equal(sum.packets, packets);
	assert_int_equal(sum.bytes, bytes);
	assert_int_equal(destination_flow_received(dst, 0), packets);
	destination_delay(dst, &copy);
	assert_memory_equal(&copy, &delays, sizeof(copy));
}

static void
take(int32_t delay, uint32_t size)
{
	come(delay, size);
	packets++;
	bytes += size;
	delay_histogram_add(&delays, delay, now);
	check();
}

/* Whatever comes, and whenever it is moved or settled; the next line's shelf is its own. */
static void
test_sums(void **state)
{
	struct destination *next;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	begin();
	next = dst;
	begin();
	if (next->line < dst->line)
		RTE_SWAP(next, dst);
	memset(destination_shelf(next->line), SHELF_BYTE, sizeof(struct destination_shelf));
	for (int32_t i = 0, base = 0; i < 10000; i++) {
		uint32_t size = rng_below(&rng, 100) == 0 ? COLLECTED_BYTES_MAX
							  : rng_below(&rng, 1500);

		if (rng_below(&rng, 300) == 0)
			base = (int32_t)rng_next(&rng);
		now += rng_below(&rng, 500) == 0 ? DELAY_SLICE_NS : 1000000;
		take((int32_t)((uint32_t)base + rng_below(&rng, 300)), size);
		/* At times the end is far, or was reached by another way. */
		if (i % 2000 < 1000)
			end_burst();
		if (rng_below(&rng, 400) == 0)
			destination_settle(dst, dst->line);
		if (rng_below(&rng, 50) == 0)
			destination_move(dst->line);
		check();
	}
	destination_settle(dst, dst->line);
	check();
	assert_int_equal(dst->line->collected, 0);
	assert_memory_equal(&dst->delay, &delays, sizeof(delays));
	assert_int_equal(dst->delivered.packets, packets);
	assert_int_equal(dst->delivered.bytes, bytes);
	for (size_t i = 0; i < sizeof(struct destination_shelf); i++)
		assert_int_equal(((uint8_t *)destination_shelf(next->line))[i], SHELF_BYTE);
	destination_free(dst);
	destination_free(next);
}

/* In step with its bursts a line moves every 8th packet, settles every 64th, and never between. */
static void
test_together(void **state)
{
	uint32_t settled = 0, moved = 0;

	(void)state;
	begin();
	for (int32_t i = 0; i < 64 * 20; i++) {
		uint32_t before = dst->line->collected;

		take(20000 + i * 97 % 256, 64);
		assert_int_equal(
			collected_packets(dst->line->collected), collected_packets(before) + 1);
		assert_int_equal(collected_held(dst->line->collected), collected_held(before) + 1);
		end_burst();
		settled += dst->line->collected == 0;
		moved += dst->line->collected != 0 && collected_held(dst->line->collected) == 0;
	}
	assert_int_equal(settled, 20);
	assert_int_equal(moved, 20 * 7);
	destination_free(dst);
}

/* Steps of 16 bits on either side, and the farthest apart that delays can be. */
static void
test_steps(void **state)
{
	static const int32_t steps[] = {INT16_MAX, INT16_MIN, INT16_MAX + 1, INT16_MIN - 1};
	static const int32_t bases[] = {0, -1, 1000000, INT32_MIN + 40000, INT32_MAX - 40000};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(bases); i++) {
		for (size_t j = 0; j < RTE_DIM(steps); j++) {
			begin();
			take(bases[i], 1);
			take(bases[i] + steps[j], 1);
			/* The first two can be told from that there is another settled. */
			assert_int_equal(collected_packets(dst->line->collected), j < 2 ? 2 : 1);
			take(bases[i], 1);
			destination_free(dst);
		}
	}
	begin();
	for (int i = 0; i < 200; i++)
		take(i % 2 == 0 ? INT32_MIN : INT32_MAX, 1);
	destination_free(dst);
}

/* A line full of the largest common payloads; none of another slice beside what it has. */
static void
test_full(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < DESTINATION_PENDING; i++)
		take(i, COLLECTED_BYTES_MAX);
	assert_int_equal(collected_packets(dst->line->collected), DESTINATION_PENDING);
	assert_int_equal(collected_held(dst->line->collected), DESTINATION_HELD);
	take(0, 0);
	assert_int_equal(dst->line->collected, COLLECTED_ONE | COLLECTED_HELD_ONE);
	now += DELAY_SLICE_NS;
	take(0, 0);
	assert_int_equal(dst->line->collected, COLLECTED_ONE | COLLECTED_HELD_ONE);
	destination_free(dst);
}

/* Sequences go on from their greatest to 0. */
static void
test_wrap(void **state)
{
	(void)state;
	begin();
	dst->line->next = UINT32_MAX - 99;
	dst->line->next_of_flow = UINT16_MAX - 49;
	dst->window.highest = ((uint64_t)1 << 32) + dst->line->next - 1;
	dst->first.highest = (uint16_t)(dst->line->next_of_flow - 1);
	for (int i = 0; i < 300; i++) {
		take(i, 1);
		end_burst();
	}
	destination_settle(dst, dst->line);
	assert_int_equal(dst->line->next, 200);
	assert_int_equal(dst->line->next_of_flow, 250);
	assert_int_equal((uint32_t)dst->window.highest, 199);
	assert_int_equal(dst->first.highest, 249);
	destination_free(dst);
}

/* What comes is of the line's flow, before it is settled and after. */
static void
test_flow(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 10; i++)
		take(i, 1);
	destination_settle(dst, dst->line);
	dst->line->flow = 2;
	for (int i = 0; i < 7; i++)
		come(i, 1);
	for (int settled = 0; settled < 2; settled++) {
		assert_int_equal(destination_flow_received(dst, 0), 10);
		assert_int_equal(destination_flow_received(dst, 1), 0);
		assert_int_equal(destination_flow_received(dst, 2), 7);
		destination_settle(dst, dst->line);
	}
	assert_int_equal(destination_flow(dst, 0)->highest, 10);
	assert_int_equal(destination_flow(dst, 2)->highest, 7);
	destination_free(dst);
}

#define READINGS 20000
#define SIZE	 100
#define LEAST	 20000
#define JITTER	 256

static uint64_t coming, came; /* the owner's, before and after */
static uint32_t ended;
static cpu_set_t cpus; /* the reader's */

static uint32_t
settling_now(void)
{
	return __atomic_load_n(&dst->settling, __ATOMIC_ACQUIRE);
}

/* A reading while the owner works; true: it says what is right for some moment of it. */
static bool
read_sums(void)
{
	uint64_t least = __atomic_load_n(&came, __ATOMIC_ACQUIRE), most;
	struct destination_sum sum = destination_delivered(dst);
	uint64_t flow = destination_flow_received(dst, 0);

	rte_smp_rmb();
	most = __atomic_load_n(&coming, __ATOMIC_ACQUIRE);
	return sum.packets >= least && sum.packets <= most && sum.bytes == sum.packets * SIZE &&
	       flow >= sum.packets && flow <= most;
}

static int32_t
delay_of(uint64_t i)
{
	return LEAST + (int32_t)(i * 97 % JITTER);
}

/* The delays are just those of the first so many that came, of which each 256 have each once. */
static bool
are_first(const struct delay_histogram *h)
{
	uint32_t expected[2 * DELAY_BINS] = {0};

	for (uint64_t i = 0; i < JITTER; i++)
		expected[delay_histogram_index(h, delay_of(i))] +=
			(uint32_t)(h->count / JITTER + (i < h->count % JITTER));
	return memcmp(h->bins, expected, sizeof(expected)) == 0 &&
	       (h->count < JITTER || h->max == LEAST + JITTER - 1);
}

static bool
read_delays(void)
{
	uint64_t least = __atomic_load_n(&came, __ATOMIC_ACQUIRE), most;
	static struct delay_histogram copy;

	destination_delay(dst, &copy);
	rte_smp_rmb();
	most = __atomic_load_n(&coming, __ATOMIC_ACQUIRE);
	return copy.count >= least && copy.count <= most && are_first(&copy);
}

/* The reader's thread. What so many moves and settlings disturbed that it gave up is not judged. */
static void *
read_on(void *wrong)
{
	uint32_t judged = 0;

	/* On another core if there is one; on the owner's it meets less. */
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	while (judged < READINGS && *(uint32_t *)wrong == 0) {
		uint32_t before = settling_now();
		bool right = (judged % 2 == 0 ? read_sums : read_delays)();

		rte_smp_rmb();
		if (settling_now() - before >= 10)
			continue;
		judged++;
		*(uint32_t *)wrong += !right;
	}
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void
test_reader(void **state)
{
	uint32_t wrong = 0;
	pthread_t reader;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	begin();
	coming = 0;
	came = 0;
	ended = 0;
	assert_return_code(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	CPU_CLR(sched_getcpu(), &cpus);
	assert_int_equal(pthread_create(&reader, NULL, read_on, &wrong), 0);
	for (uint32_t i = 0; __atomic_load_n(&ended, __ATOMIC_ACQUIRE) == 0; i++) {
		__atomic_store_n(&coming, i + 1, __ATOMIC_RELEASE);
		come(delay_of(i), SIZE);
		end_burst();
		__atomic_store_n(&came, i + 1, __ATOMIC_RELEASE);
		now += 1000;
		for (uint32_t k = rng_below(&rng, 4); k > 0; k--)
			rte_pause();
	}
	pthread_join(reader, NULL);
	assert_int_equal(wrong, 0);
	destination_free(dst);
}

static int
setup(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	line_pool_init(&node.destination_lines, sizeof(struct destination_shelf));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	line_pool_free(&node.destination_lines);
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_reader),
	};

	return cmocka_run_group_tests_name("destination_settle", tests, setup, teardown);
}
