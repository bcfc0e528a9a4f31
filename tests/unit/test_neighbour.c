/* SPDX-License-Identifier: BSD-3-Clause */
/* The state machine of one neighbour alone: what it asks for and tells, and when. */
#include "neighbour_world.h"

#include <stdio.h>
#include <string.h>

static void
test_never_answers(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	world_init(&w, 1);
	assert_int_equal(neighbour_tick(&w.table, 0), NEIGHBOUR_NEVER);
	n = world_need(&w);
	world_turn(&w, 3 * S);
	assert_int_equal(n->state, NEIGHBOUR_INCOMPLETE);
	world_expect_log(&w, "0 ask all;200 ask all;500 ask all;1000 ask all;2000 ask all;");
	world_turn(&w, 26 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	world_expect_log(&w,
		"3000 unresolved;4000 ask all;6000 ask all;10000 ask all;15000 ask all;"
		"20000 ask all;25000 ask all;");
	/* told again each minute */
	world_turn(&w, 200 * S);
	assert_non_null(strstr(w.log, "65000 still unresolved;"));
	assert_non_null(strstr(w.log, "125000 still unresolved;"));
	assert_non_null(strstr(w.log, "185000 still unresolved;"));
	w.log[0] = '\0';
	assert_int_equal(world_answer(&w, &world_mac_a), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	world_expect_log(&w, "200000 use a;200000 resolved again;");
	neighbour_fini(&w.table);
}

static void
test_probes(void **state)
{
	uint64_t asked_at[20], least = UINT64_MAX, most = 0;
	struct world w;
	struct neighbour *n;
	unsigned int i;

	(void)state;
	world_init(&w, 1);
	n = world_need(&w);
	world_turn(&w, 1 * MS);
	world_answer(&w, &world_mac_a);
	world_expect_log(&w, "0 ask all;1 use a;1 resolved;");
	for (i = 0; i < 20; i++) {
		uint64_t confirmed = w.now;

		w.now = n->due;
		asked_at[i] = w.now - confirmed;
		neighbour_tick(&w.table, w.now);
		assert_int_equal(n->state, NEIGHBOUR_PROBE);
		assert_int_equal(world_answer(&w, &world_mac_a), NEIGHBOUR_TAKEN);
		assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
		least = asked_at[i] < least ? asked_at[i] : least;
		most = asked_at[i] > most ? asked_at[i] : most;
	}
	assert_int_equal(w.changed, 1);
	assert_int_equal(w.asked, 21);
	assert_true(least >= 8 * S && most < 12 * S && most - least > 1 * S);
	neighbour_fini(&w.table);
}

/* The MAC stays in use through three probes and a search, then it is given up. */
static void
test_goes_silent(void **state)
{
	struct world w;
	struct neighbour *n;
	uint64_t t;

	(void)state;
	n = world_begin(&w, 7);
	t = n->due;
	w.log[0] = '\0';
	world_turn(&w, t + 5 * S);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	assert_true(n->has_mac);
	world_turn(&w, t + 7 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	assert_false(n->has_mac);
	{
		const unsigned long ms = (unsigned long)(t / MS);
		char expected[512];

		snprintf(expected, sizeof(expected),
			"%lu ask a;%lu ask a;%lu ask a;%lu silent;%lu ask all;%lu ask all;"
			"%lu ask all;%lu ask all;%lu ask all;%lu use none;%lu unresolved;",
			ms, ms + 1000, ms + 2000, ms + 3000, ms + 3000, ms + 3200, ms + 3500,
			ms + 4000, ms + 5000, ms + 6000, ms + 6000);
		world_expect_log(&w, expected);
	}
	/* a hint is enough to try it, at once and at that MAC */
	assert_int_equal(world_hint(&w, &world_mac_b), NEIGHBOUR_TAKEN);
	assert_true(n->has_mac);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	w.log[0] = '\0';
	neighbour_tick(&w.table, w.now);
	assert_non_null(strstr(w.log, "ask b;"));
	neighbour_fini(&w.table);
}

/* It leaves requests unanswered, but what we send arrives: it is silent only when that ends. */
static void
test_alive_though_silent(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	n = world_begin(&w, 7);
	w.alive = true;
	w.log[0] = '\0';
	world_turn(&w, 60 * S);
	assert_true(n->has_mac);
	assert_null(strstr(w.log, "ask all"));
	assert_null(strstr(w.log, "silent"));
	assert_non_null(strstr(w.log, "ask a;"));
	w.alive = false;
	world_turn(&w, w.now + 19 * S);
	assert_non_null(strstr(w.log, "silent"));
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	/* Without a MAC nothing can have arrived. */
	w.alive = true;
	world_turn(&w, w.now + 10 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	neighbour_fini(&w.table);
}

static void
test_answers_while_searched(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	n = world_begin(&w, 7);
	world_turn(&w, n->due + 4 * S);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	w.log[0] = '\0';
	/* that it speaks is not that it hears us */
	assert_int_equal(world_hint(&w, &world_mac_a), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	assert_int_equal(world_answer(&w, &world_mac_a), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	assert_non_null(strstr(w.log, "answers again;"));
	assert_int_equal(w.changed, 1);
	neighbour_fini(&w.table);
}

/* The node stands still, whatever it waits for: then it asks anew, and uses the MAC so long. */
static void
test_stood_still(void **state)
{
	(void)state;
	for (uint64_t after = 0; after < 6 * S; after += 50 * MS) {
		struct world w;
		struct neighbour *n = world_begin(&w, 7);

		world_turn(&w, n->due + after);
		w.now += 3600 * S;
		w.asked = 0;
		neighbour_tick(&w.table, w.now);
		assert_int_equal(w.asked, 1);
		world_turn(&w, w.now + 900 * MS);
		assert_true(n->has_mac);
		if (after % (100 * MS) == 0) {
			world_answer(&w, &world_mac_a);
			assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
		}
		world_turn(&w, w.now + 6 * S);
		assert_int_equal(n->has_mac, after % (100 * MS) == 0);
		neighbour_fini(&w.table);
	}
}

/* Two hosts that claim one address: at most one change a second, and then who answers is asked. */
static void
test_two_claim(void **state)
{
	struct world w;
	struct neighbour *n;
	unsigned int i;

	(void)state;
	n = world_begin(&w, 1);
	w.now = 1 * S;
	assert_int_equal(world_hint(&w, &world_mac_b), NEIGHBOUR_TAKEN);
	assert_int_equal(n->changes, 1);
	w.now += 1 * MS;
	w.log[0] = '\0';
	assert_int_equal(world_hint(&w, &world_mac_c), NEIGHBOUR_KEPT);
	assert_true(rte_is_same_ether_addr(&n->mac, &world_mac_b));
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	world_turn(&w, 2 * S + MS);
	world_expect_log(&w, "2000 ask all;");
	assert_int_equal(world_answer(&w, &world_mac_c), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	world_expect_log(&w, "2001 use c;2001 changed;");
	/* a storm of claims */
	w.changed = 0;
	for (i = 0; i < 10000; i++) {
		w.now += 1 * MS;
		world_hint(&w, i % 2 == 0 ? &world_mac_a : &world_mac_b);
		neighbour_tick(&w.table, w.now);
	}
	assert_in_range(w.changed, 9, 10);
	neighbour_fini(&w.table);
}

/* An answer to nothing that was asked does not confirm, and one that replaces is checked. */
static void
test_unasked_answer(void **state)
{
	struct world w;
	struct neighbour *n;
	uint64_t due;

	(void)state;
	n = world_begin(&w, 1);
	due = n->due;
	w.now = 5 * S;
	world_answer(&w, &world_mac_a);
	assert_int_equal(n->due, due);
	world_answer(&w, &world_mac_b);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	neighbour_fini(&w.table);
}

static void
test_port_down(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	n = world_begin(&w, 1);
	w.log[0] = '\0';
	w.now = 2 * S;
	neighbour_port(&w.table, w.now, 0, false);
	world_turn(&w, 1000 * S);
	world_expect_log(&w, "");
	assert_true(n->has_mac);
	neighbour_port(&w.table, w.now, 0, true);
	neighbour_tick(&w.table, w.now);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	world_expect_log(&w, "1000000 ask a;");
	/* one that had failed is asked for at once too */
	world_turn(&w, 1007 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	neighbour_port(&w.table, w.now, 0, false);
	world_turn(&w, 1100 * S);
	w.log[0] = '\0';
	neighbour_port(&w.table, w.now, 0, true);
	neighbour_tick(&w.table, w.now);
	assert_int_equal(strncmp(w.log, "1100000 ask all;", 16), 0);
	neighbour_fini(&w.table);
}

/* One seed, one history. */
static void
test_seeded(void **state)
{
	static char logs[3][WORLD_LOG_MAX];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct world w;

		world_begin(&w, i < 2 ? 42 : 43);
		world_turn(&w, 30 * S);
		memcpy(logs[i], w.log, WORLD_LOG_MAX);
		neighbour_fini(&w.table);
	}
	assert_string_equal(logs[0], logs[1]);
	assert_string_not_equal(logs[0], logs[2]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_answers),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_goes_silent),
		cmocka_unit_test(test_alive_though_silent),
		cmocka_unit_test(test_answers_while_searched),
		cmocka_unit_test(test_stood_still),
		cmocka_unit_test(test_two_claim),
		cmocka_unit_test(test_unasked_answer),
		cmocka_unit_test(test_port_down),
		cmocka_unit_test(test_seeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
