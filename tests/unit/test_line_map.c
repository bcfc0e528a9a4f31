/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * line_map and line_pool against a plain array; one thread, so that what is deferred is free at
 * once.
 */
#include "unit.h"

#include "line_map.h"
#include "rng.h"
#include "unit_reclaim.h"

#define KEYS  3000
#define SHELF (2 * LINE_BYTES)

struct object {
	uint64_t key;
	uint32_t visited;
};

static_assert(sizeof(struct object) <= LINE_BYTES, "a line");

static struct line_pool pool;
static struct object *objects[KEYS];
static bool there[KEYS];

static uint64_t
key_of(const void *object)
{
	return ((const struct object *)object)->key;
}

static void
visit(void *arg, void *object)
{
	(void)arg;
	((struct object *)object)->visited++;
}

static void
check_all(const struct line_map *map)
{
	const struct line_table *table = line_map_table(map);

	for (uint32_t i = 0; i < KEYS; i++)
		objects[i]->visited = 0;
	line_map_each(map, visit, NULL);
	for (uint32_t i = 0; i < KEYS; i++) {
		struct object *expected = there[i] ? objects[i] : NULL;

		assert_ptr_equal(line_map_find(map, objects[i]->key), expected);
		assert_int_equal(objects[i]->visited, there[i]);
		/* A guess may be another object, but not none where there is one. */
		if (there[i])
			assert_non_null(line_table_guess(table, objects[i]->key));
	}
}

/* Keys alike in their low or high halves, 0, and the largest. */
static uint64_t
some_key(struct rng *rng, uint32_t i)
{
	switch (i % 4) {
	case 0:
		return i / 4;
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
	struct line_map map;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	assert_int_equal(line_map_init(&map, &pool, key_of), 0);
	for (uint32_t i = 0; i < KEYS; i++)
		objects[i]->key = some_key(&rng, i);
	for (uint32_t step = 0; step < 60000; step++) {
		uint32_t i = rng_below(&rng, step < 30000 ? KEYS : KEYS / 10);

		if (there[i])
			line_map_remove(&map, objects[i]->key);
		else
			assert_int_equal(line_map_add(&map, objects[i], &reclaim), 0);
		there[i] = !there[i];
		assert_ptr_equal(
			line_map_find(&map, objects[i]->key), there[i] ? objects[i] : NULL);
		if (step % 6000 == 0)
			check_all(&map);
		reclaim_poll(&reclaim);
	}
	check_all(&map);
	line_map_remove(&map, UINT64_C(1) << 39); /* not there: nothing happens */
	check_all(&map);
	line_map_free(&map);
}

/* Another object whose hash is alike in all bits that a slot holds is told apart by its key. */
static void
test_alike(void **state)
{
	const uint64_t inverse = UINT64_C(0xf1de83e19937733d); /* of the hash's factor */
	struct line_map map;

	(void)state;
	assert_int_equal(UINT64_C(0x9e3779b97f4a7c15) * inverse, 1);
	assert_int_equal(line_map_init(&map, &pool, key_of), 0);
	for (uint32_t i = 0; i < 20; i++) {
		/* Hashes that differ in the lowest bits only. */
		objects[i]->key = ((UINT64_C(0x123456789abcdef) << 4) + (uint64_t)i) * inverse;
		assert_int_equal(line_map_add(&map, objects[i], &reclaim), 0);
	}
	for (uint32_t i = 0; i < 20; i++)
		assert_ptr_equal(line_map_find(&map, objects[i]->key), objects[i]);
	assert_ptr_equal(line_table_guess(line_map_table(&map), objects[19]->key), objects[0]);
	line_map_free(&map);
}

/* Objects that come and go must not fill the table up. */
static void
test_churn(void **state)
{
	struct line_map map;

	(void)state;
	assert_int_equal(line_map_init(&map, &pool, key_of), 0);
	for (uint64_t key = 0; key < 200000; key++) {
		struct object *object = objects[key % KEYS];

		if (key >= 10)
			line_map_remove(&map, key - 10);
		object->key = key;
		assert_int_equal(line_map_add(&map, object, &reclaim), 0);
		reclaim_poll(&reclaim);
	}
	assert_true(map.table->mask < 1024);
	assert_null(line_map_find(&map, 5));
	assert_ptr_equal(line_map_find(&map, 199999), objects[199999 % KEYS]);
	line_map_free(&map);
}

/*
 * Lines have numbers, owners and shelves of their own, and what is given back is taken again,
 * zeroed.
 */
static void
test_pool(void **state)
{
	uint32_t chunks = pool.nb_chunks, some = 5;

	(void)state;
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_int_equal((uintptr_t)objects[i] % LINE_BYTES, 0);
		assert_int_not_equal(line_number(objects[i]), 0);
		assert_ptr_not_equal(line_head(objects[i]), objects[i]);
		assert_ptr_equal(line_pool_at(&pool, line_number(objects[i])), objects[i]);
		assert_int_equal((uintptr_t)line_owner(objects[i]), i + 1);
		assert_int_equal((uintptr_t)line_shelf(objects[i], SHELF) % LINE_BYTES, 0);
		memset(line_shelf(objects[i], SHELF), (int)(i % 251), SHELF);
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		const uint8_t *shelf = line_shelf(objects[i], SHELF);

		for (uint32_t k = 0; k < SHELF; k++)
			assert_int_equal(shelf[k], i % 251);
		assert_int_equal((uintptr_t)line_owner(objects[i]), i + 1);
	}
	for (uint32_t i = 0; i < some; i++) {
		memset(objects[i], 0xff, LINE_BYTES);
		line_pool_give(&pool, objects[i]);
	}
	for (uint32_t i = 0; i < some; i++) {
		struct object *line = line_pool_take(&pool, (void *)(uintptr_t)(some - i));

		assert_ptr_equal(line, objects[some - 1 - i]);
		assert_int_equal(line->key, 0);
		assert_int_equal(line->visited, 0);
	}
	assert_int_equal(pool.nb_chunks, chunks);
}

static int
setup(void **state)
{
	if (unit_reclaim_begin(state) < 0)
		return -1;
	line_pool_init(&pool, SHELF);
	for (uint32_t i = 0; i < KEYS; i++) {
		objects[i] = line_pool_take(&pool, (void *)(uintptr_t)(i + 1));
		if (objects[i] == NULL)
			return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	reclaim_drain(&reclaim);
	line_pool_free(&pool);
	return unit_reclaim_end(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests_name("line_map", tests, setup, teardown);
}
