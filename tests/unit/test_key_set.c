/* SPDX-License-Identifier: BSD-3-Clause */
/* key_set against a plain array; one thread, so that what is deferred is free at once. */
#include "unit.h"

#include <errno.h>

#include "key_set.h"
#include "rng.h"
#include "unit_reclaim.h"

#define KEYS 3000

/* Keys alike in their low or high halves, the smallest and the largest. */
static uint64_t
some_key(struct rng *rng, uint32_t i)
{
	switch (i % 4) {
	case 0:
		return i / 4 + 1;
	case 1:
		return (uint64_t)(i / 4 + 1) << 32;
	case 2:
		return UINT64_MAX - i / 4;
	default:
		return rng_next(rng) | UINT64_C(1) << 40;
	}
}

static void
test_random(void **state)
{
	static uint64_t keys[KEYS];
	static bool there[KEYS];
	struct key_set set;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	assert_int_equal(key_set_init(&set), 0);
	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = some_key(&rng, i);
	for (uint32_t step = 0; step < 60000; step++) {
		uint32_t i = rng_below(&rng, step < 30000 ? KEYS : KEYS / 10);

		there[i] = rng_below(&rng, 3) != 0;
		if (there[i])
			assert_int_equal(key_set_add(&set, keys[i], &reclaim), 0);
		else
			key_set_remove(&set, keys[i]);
		assert_int_equal(key_set_has(&set, keys[i]), there[i]);
		for (uint32_t k = 0; step % 6000 == 0 && k < KEYS; k++)
			assert_int_equal(key_set_has(&set, keys[k]), there[k]);
		reclaim_poll(&reclaim);
	}
	for (uint32_t k = 0; k < KEYS; k++)
		assert_int_equal(key_set_has(&set, keys[k]), there[k]);
	key_set_free(&set);
}

/* Keys whose own bucket is one and the same, the table's last: they fill those behind it, too. */
static uint64_t
crowding_key(const struct key_set *set, uint64_t after)
{
	const struct key_table *table = key_set_table(set);

	do
		after++;
	while (key_table_home(table, after) != table->mask);
	return after;
}

static void
test_crowded(void **state)
{
	enum {
		CROWD = 3 * KEY_BUCKET_KEYS - 2
	};
	uint64_t keys[CROWD + 1], key = 0;
	struct key_set set;

	(void)state;
	assert_int_equal(key_set_init(&set), 0);
	assert_true(CROWD < set.table->mask * 4);
	for (uint32_t i = 0; i <= CROWD; i++)
		key = keys[i] = crowding_key(&set, key);
	for (uint32_t i = 0; i < CROWD; i++)
		assert_int_equal(key_set_add(&set, keys[i], &reclaim), 0);
	assert_int_equal(set.table->reach, 2);
	for (uint32_t i = 0; i <= CROWD; i++)
		assert_int_equal(key_set_has(&set, keys[i]), i < CROWD);
	/* Room that a removed key leaves hides none of those behind it, and is used again. */
	for (uint32_t i = 0; i < CROWD / 2; i++)
		key_set_remove(&set, keys[i]);
	for (uint32_t i = 0; i <= CROWD; i++)
		assert_int_equal(key_set_has(&set, keys[i]), i >= CROWD / 2 && i < CROWD);
	assert_int_equal(key_set_add(&set, keys[CROWD], &reclaim), 0);
	assert_true(key_bucket_has(key_table_bucket(set.table, keys[CROWD]), keys[CROWD]));
	/* Twice there is once there. */
	assert_int_equal(key_set_add(&set, keys[CROWD - 1], &reclaim), 0);
	key_set_remove(&set, keys[CROWD - 1]);
	assert_false(key_set_has(&set, keys[CROWD - 1]));
	key_set_free(&set);
}

/* Keys that come and go must not fill the table up. */
static void
test_churn(void **state)
{
	struct key_set set;
	const struct key_table *first;

	(void)state;
	assert_int_equal(key_set_init(&set), 0);
	first = set.table;
	for (uint64_t key = 1; key <= 200000; key++) {
		assert_int_equal(key_set_add(&set, key, &reclaim), 0);
		if (key > 10)
			key_set_remove(&set, key - 10);
		reclaim_poll(&reclaim);
	}
	assert_ptr_equal(set.table, first);
	assert_int_equal(set.table->live, 10);
	assert_false(key_set_has(&set, 5));
	assert_true(key_set_has(&set, 200000));
	/* Free places hold it, and it is in none. */
	assert_false(key_set_has(&set, KEY_SET_NO_KEY));
	assert_int_equal(key_set_add(&set, KEY_SET_NO_KEY, &reclaim), -EINVAL);
	key_set_remove(&set, KEY_SET_NO_KEY);
	assert_int_equal(set.table->live, 10);
	key_set_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_crowded),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests_name("key_set", tests, unit_reclaim_begin, unit_reclaim_end);
}
