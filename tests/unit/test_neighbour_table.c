/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of neighbours: who is kept in it, and many of them asked side by side. */
#include "neighbour_world.h"

static void
test_references(void **state)
{
	const struct underlay_addr a = address("192.0.2.2");
	struct world w;
	struct neighbour *n;

	(void)state;
	world_init(&w, 1);
	assert_int_equal(world_hint(&w, &world_mac_a), NEIGHBOUR_STRANGER);
	assert_null(neighbour_find(&w.table, 0, &a));
	n = world_need(&w);
	assert_ptr_equal(world_need(&w), n);
	assert_int_equal(n->refs, 2);
	/* the same address by another port is another neighbour */
	assert_ptr_not_equal(neighbour_need(&w.table, 0, 1, &a), n);
	neighbour_release(&w.table, n);
	assert_ptr_equal(neighbour_find(&w.table, 0, &a), n);
	neighbour_release(&w.table, n);
	assert_null(neighbour_find(&w.table, 0, &a));
	assert_non_null(neighbour_find(&w.table, 1, &a));
	neighbour_fini(&w.table);
}

/* Many at once: 32 requests a millisecond, all within the time, and each walk meets each once. */
static void
test_many(void **state)
{
	struct underlay_addr a = address("10.0.0.0");
	struct neighbour *n;
	unsigned int i, seen = 0;
	struct world w;

	(void)state;
	world_init(&w, 1);
	for (i = 1; i <= 1000; i++) {
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		neighbour_need(&w.table, 0, 0, &a);
	}
	assert_int_equal(neighbour_tick(&w.table, 0), 1 * MS);
	assert_int_equal(w.asked, 32);
	world_turn(&w, 32 * MS);
	assert_int_equal(w.asked, 1000);
	for (n = neighbour_next(&w.table, NULL); n != NULL; n = neighbour_next(&w.table, n)) {
		assert_int_equal(n->asked, 1);
		seen++;
	}
	assert_int_equal(seen, 1000);
	neighbour_fini(&w.table);
}

/* More silent ones than requests may leave, called but ten times a second: each has its turn. */
static void
test_more_than_can_be_asked(void **state)
{
	struct underlay_addr a = address("10.0.0.0");
	struct world w;

	(void)state;
	world_init(&w, 1);
	for (unsigned int i = 1; i <= 2500; i++) {
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		neighbour_need(&w.table, 0, 0, &a);
	}
	for (w.now = 0; w.now < 30 * S; w.now += 100 * MS)
		(void)neighbour_tick(&w.table, w.now);
	for (unsigned int i = 1; i <= 2500; i++)
		assert_true(w.met[i >> 8][i & 255]);
	neighbour_fini(&w.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_more_than_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
