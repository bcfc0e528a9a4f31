/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables whose keys are what neighbours say: keys that are chosen to collide do not. */
#include "../harness/test_eal.h"
#include "unit.h"

#include "feeder_queue.h"
#include "hash.h"
#include "recode_store.h"
#include "rng.h"
#include "worker.h"

#define QUEUES	    4096
#define GENERATIONS 1024
#define SPAN	    4
#define HOLD	    UINT64_C(1000000000)
#define CHAIN_MAX   31
#define TABLES	    20 /* each with a number of its own */

/* A packet, that nobody looks into, waits and goes: the queue stays, without packets. */
static void
pass_through(struct feeder_pool *pool, uint32_t conference)
{
	struct feeder_queue *q = feeder_queue_get(pool, 0, conference);

	assert_non_null(q);
	assert_true(feeder_queue_push(pool, q, (struct rte_mbuf *)pool, 100, false, 0));
	assert_ptr_equal(feeder_queue_pop(pool, q), pool);
	feeder_queue_rest(pool, q);
}

/* Conferences that all go into the first bucket by hash_id, on the link with index 0. */
static void
test_conferences(void **state)
{
	static uint32_t conferences[QUEUES];
	struct feeder_pool pool;
	uint32_t n = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (uint32_t conference = 0; n < QUEUES; conference++)
		if (hash_id(conference) >> (64 - rte_log2_u32(2 * QUEUES)) == 0)
			conferences[n++] = conference;
	for (uint32_t t = 0; t < TABLES; t++) {
		uint32_t longest = 0;

		assert_int_equal(feeder_pool_init(&pool, 1, QUEUES, 1, rng_next(&rng)), 0);
		for (uint32_t i = 0; i < QUEUES; i++)
			pass_through(&pool, conferences[i]);
		for (uint32_t b = 0; b < 2 * QUEUES; b++) {
			n = 0;
			for (uint32_t i = pool.buckets[b]; i != FEEDER_NONE;
				i = pool.queues[i].chain)
				n++;
			longest = RTE_MAX(longest, n);
		}
		assert_in_range(longest, 1, CHAIN_MAX);
		feeder_pool_free(&pool);
	}
}

/* Generations of one session, by their first sequence, in the same way. */
static void
test_generations(void **state)
{
	static struct worker w;
	struct rng rng;

	(void)state;
	timer_wheel_init(&w.wheel, &w, 0);
	rng_seed(&rng, unit_seed());
	for (uint32_t t = 0; t < TABLES; t++) {
		struct recode_store *store = recode_store_new(
			GENERATIONS, 1, SPAN, HOLD, rng_next(&rng));
		struct recode_key key = {.conference = 9, .session = 40, .epoch = 7};
		uint64_t session = hash_id((uint64_t)key.conference << 32 | key.session);
		uint32_t longest = 0, made = 0;

		assert_non_null(store);
		for (; made < GENERATIONS; key.first++) {
			uint64_t mix = session ^ ((uint64_t)key.first << 16 | key.epoch);

			if (hash_id(mix) >> store->shift != 0)
				continue;
			assert_non_null(recode_get(&w, store, &key));
			made++;
		}
		for (uint32_t b = 0; b < 2 * GENERATIONS; b++) {
			uint32_t n = 0;

			for (uint32_t i = store->buckets[b]; i != RECODE_NONE;
				i = store->generations[i].chain)
				n++;
			longest = RTE_MAX(longest, n);
		}
		assert_in_range(longest, 1, CHAIN_MAX);
		timer_stop(&w.wheel, &store->timer);
		recode_store_free(store);
	}
}

static int
begin_eal(void **state)
{
	(void)state;
	return test_eal(64, false);
}

static int
end_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conferences),
		cmocka_unit_test(test_generations),
	};

	return cmocka_run_group_tests_name("hash", tests, begin_eal, end_eal);
}
