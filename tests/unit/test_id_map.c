/* SPDX-License-Identifier: BSD-3-Clause */
/* id_map against a plain array of pairs; one thread, so that what is deferred is free at once. */
#include "unit.h"

#include <errno.h>

#include "id_map.h"
#include "rng.h"
#include "unit_reclaim.h"

#define KEYS 3000

static uint64_t keys[KEYS];
static void *values[KEYS];
static uint32_t visited[KEYS];

static void
visit(void *arg, uint64_t key, void *value)
{
	(void)arg;
	for (uint32_t i = 0; i < KEYS; i++) {
		if (keys[i] == key) {
			assert_ptr_equal(values[i], value);
			visited[i]++;
			return;
		}
	}
	fail_msg("a key that nobody stored");
}

static void
check_all(const struct id_map *map)
{
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_ptr_equal(id_map_find(map, keys[i]), values[i]);
		visited[i] = 0;
	}
	id_map_each(map, visit, NULL);
	for (uint32_t i = 0; i < KEYS; i++)
		assert_int_equal(visited[i], values[i] != NULL);
}

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
	struct id_map map;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	assert_int_equal(id_map_init(&map), 0);
	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = some_key(&rng, i);
	memset(values, 0, sizeof(values));
	for (uint32_t step = 0; step < 60000; step++) {
		uint32_t i = rng_below(&rng, step < 30000 ? KEYS : KEYS / 10);
		void *value = rng_below(&rng, 3) == 0 ? NULL : &values[rng_below(&rng, KEYS)];

		assert_int_equal(id_map_set(&map, keys[i], value, &reclaim), 0);
		values[i] = value;
		assert_ptr_equal(id_map_find(&map, keys[i]), value);
		if (step % 6000 == 0)
			check_all(&map);
		reclaim_poll(&reclaim);
	}
	check_all(&map);
	id_map_free(&map);
}

/* Ids that come and go must not fill the table up. */
static void
test_churn(void **state)
{
	struct id_map map;
	char something;

	(void)state;
	assert_int_equal(id_map_init(&map), 0);
	for (uint64_t key = 1; key <= 200000; key++) {
		assert_int_equal(id_map_set(&map, key, &something, &reclaim), 0);
		if (key > 10)
			assert_int_equal(id_map_set(&map, key - 10, NULL, &reclaim), 0);
		reclaim_poll(&reclaim);
	}
	assert_true(map.table->mask < 1024);
	assert_null(id_map_find(&map, 5));
	assert_ptr_equal(id_map_find(&map, 200000), &something);
	/* Free slots hold it, and it is in none. */
	assert_null(id_map_find(&map, ID_MAP_NO_KEY));
	assert_int_equal(id_map_set(&map, ID_MAP_NO_KEY, &something, &reclaim), -EINVAL);
	id_map_free(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests_name("id_map", tests, unit_reclaim_begin, unit_reclaim_end);
}
