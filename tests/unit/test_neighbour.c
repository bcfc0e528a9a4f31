/* SPDX-License-Identifier: BSD-3-Clause */
/* The neighbour state machine alone: what it asks for and tells, and when. */
#include "underlay_harness.h"

#include <stdio.h>
#include <string.h>

#define LOG_MAX 4096

/* Everything that the table does, as text: "time-in-ms what;" */
struct world {
	struct neighbour_table table;
	uint64_t now;
	char log[LOG_MAX];
	unsigned int asked, changed;
	bool met[16][256]; /* who was asked, by the end of the address */
	bool alive;
};

static const struct rte_ether_addr mac_a = {.addr_bytes = {2, 0, 0, 0, 0, 0xa}};
static const struct rte_ether_addr mac_b = {.addr_bytes = {2, 0, 0, 0, 0, 0xb}};
static const struct rte_ether_addr mac_c = {.addr_bytes = {2, 0, 0, 0, 0, 0xc}};

static void
note(struct world *w, const char *what)
{
	const size_t len = strlen(w->log);

	snprintf(w->log + len, LOG_MAX - len, "%lu %s;", (unsigned long)(w->now / MS), what);
}

static void
on_solicit(void *ctx, const struct neighbour *n, const struct rte_ether_addr *at)
{
	struct world *w = ctx;
	char what[32];

	w->asked++;
	w->met[n->addr.bytes[2] % 16][n->addr.bytes[3]] = true;
	snprintf(what, sizeof(what), at != NULL ? "ask %x" : "ask all",
		at != NULL ? at->addr_bytes[5] : 0);
	note(w, what);
}

static void
on_changed(void *ctx, const struct neighbour *n)
{
	struct world *w = ctx;
	char what[32];

	w->changed++;
	snprintf(what, sizeof(what), n->has_mac ? "use %x" : "use none", n->mac.addr_bytes[5]);
	note(w, what);
}

static void
on_event(void *ctx, enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old)
{
	static const char *const names[] = {"resolved", "resolved again", "changed", "silent",
		"answers again", "unresolved", "still unresolved"};

	(void)n;
	assert_int_equal(event == NEIGHBOUR_CHANGED, old != NULL);
	note(ctx, names[event]);
}

static bool
on_alive(void *ctx, const struct neighbour *n)
{
	const struct world *w = ctx;

	(void)n;
	return w->alive;
}

static void
world_init(struct world *w, uint64_t seed)
{
	const struct neighbour_ops ops = {
		.ctx = w,
		.solicit = on_solicit,
		.changed = on_changed,
		.alive = on_alive,
		.event = on_event,
	};

	memset(w, 0, sizeof(*w));
	neighbour_init(&w->table, &ops, seed);
	neighbour_port(&w->table, 0, 0, true);
}

/* Turns until a time (not included), each tick exactly when it was asked for. */
static void
turn(struct world *w, uint64_t until)
{
	uint64_t next = neighbour_tick(&w->table, w->now);

	while (next < until) {
		assert_true(next > w->now);
		w->now = next;
		next = neighbour_tick(&w->table, w->now);
	}
	w->now = until;
}

static void
expect_log(struct world *w, const char *expected)
{
	assert_string_equal(w->log, expected);
	w->log[0] = '\0';
}

static enum neighbour_verdict
answer(struct world *w, const struct rte_ether_addr *from)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_learn(&w->table, w->now, 0, &a, from, true, true);
}

static enum neighbour_verdict
hint(struct world *w, const struct rte_ether_addr *from)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_learn(&w->table, w->now, 0, &a, from, false, true);
}

static struct neighbour *
need(struct world *w)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_need(&w->table, w->now, 0, &a);
}

/* A world with one neighbour, which has just answered. */
static struct neighbour *
begin(struct world *w, uint64_t seed)
{
	struct neighbour *n;

	world_init(w, seed);
	n = need(w);
	neighbour_tick(&w->table, 0);
	answer(w, &mac_a);
	return n;
}

static void
test_never_answers(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	world_init(&w, 1);
	assert_int_equal(neighbour_tick(&w.table, 0), NEIGHBOUR_NEVER);
	n = need(&w);
	turn(&w, 3 * S);
	assert_int_equal(n->state, NEIGHBOUR_INCOMPLETE);
	expect_log(&w, "0 ask all;200 ask all;500 ask all;1000 ask all;2000 ask all;");
	turn(&w, 26 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	expect_log(&w, "3000 unresolved;4000 ask all;6000 ask all;10000 ask all;15000 ask all;"
		       "20000 ask all;25000 ask all;");
	/* told again each minute */
	turn(&w, 200 * S);
	assert_non_null(strstr(w.log, "65000 still unresolved;"));
	assert_non_null(strstr(w.log, "125000 still unresolved;"));
	assert_non_null(strstr(w.log, "185000 still unresolved;"));
	w.log[0] = '\0';
	assert_int_equal(answer(&w, &mac_a), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	expect_log(&w, "200000 use a;200000 resolved again;");
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
	n = need(&w);
	turn(&w, 1 * MS);
	answer(&w, &mac_a);
	expect_log(&w, "0 ask all;1 use a;1 resolved;");
	for (i = 0; i < 20; i++) {
		uint64_t confirmed = w.now;

		w.now = n->due;
		asked_at[i] = w.now - confirmed;
		neighbour_tick(&w.table, w.now);
		assert_int_equal(n->state, NEIGHBOUR_PROBE);
		assert_int_equal(answer(&w, &mac_a), NEIGHBOUR_TAKEN);
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
	n = begin(&w, 7);
	t = n->due;
	w.log[0] = '\0';
	turn(&w, t + 5 * S);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	assert_true(n->has_mac);
	turn(&w, t + 7 * S);
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
		expect_log(&w, expected);
	}
	/* a hint is enough to try it, at once and at that MAC */
	assert_int_equal(hint(&w, &mac_b), NEIGHBOUR_TAKEN);
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
	n = begin(&w, 7);
	w.alive = true;
	w.log[0] = '\0';
	turn(&w, 60 * S);
	assert_true(n->has_mac);
	assert_null(strstr(w.log, "ask all"));
	assert_null(strstr(w.log, "silent"));
	assert_non_null(strstr(w.log, "ask a;"));
	w.alive = false;
	turn(&w, w.now + 19 * S);
	assert_non_null(strstr(w.log, "silent"));
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	/* Without a MAC nothing can have arrived. */
	w.alive = true;
	turn(&w, w.now + 10 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	neighbour_fini(&w.table);
}

static void
test_answers_while_searched(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	n = begin(&w, 7);
	turn(&w, n->due + 4 * S);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	w.log[0] = '\0';
	/* that it speaks is not that it hears us */
	assert_int_equal(hint(&w, &mac_a), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	assert_int_equal(answer(&w, &mac_a), NEIGHBOUR_TAKEN);
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
		struct neighbour *n = begin(&w, 7);

		turn(&w, n->due + after);
		w.now += 3600 * S;
		w.asked = 0;
		neighbour_tick(&w.table, w.now);
		assert_int_equal(w.asked, 1);
		turn(&w, w.now + 900 * MS);
		assert_true(n->has_mac);
		if (after % (100 * MS) == 0) {
			answer(&w, &mac_a);
			assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
		}
		turn(&w, w.now + 6 * S);
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
	n = begin(&w, 1);
	w.now = 1 * S;
	assert_int_equal(hint(&w, &mac_b), NEIGHBOUR_TAKEN);
	assert_int_equal(n->changes, 1);
	w.now += 1 * MS;
	w.log[0] = '\0';
	assert_int_equal(hint(&w, &mac_c), NEIGHBOUR_KEPT);
	assert_true(rte_is_same_ether_addr(&n->mac, &mac_b));
	assert_int_equal(n->state, NEIGHBOUR_SEARCH);
	turn(&w, 2 * S + MS);
	expect_log(&w, "2000 ask all;");
	assert_int_equal(answer(&w, &mac_c), NEIGHBOUR_TAKEN);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	expect_log(&w, "2001 use c;2001 changed;");
	/* a storm of claims */
	w.changed = 0;
	for (i = 0; i < 10000; i++) {
		w.now += 1 * MS;
		hint(&w, i % 2 == 0 ? &mac_a : &mac_b);
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
	n = begin(&w, 1);
	due = n->due;
	w.now = 5 * S;
	answer(&w, &mac_a);
	assert_int_equal(n->due, due);
	answer(&w, &mac_b);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	neighbour_fini(&w.table);
}

static void
test_port_down(void **state)
{
	struct world w;
	struct neighbour *n;

	(void)state;
	n = begin(&w, 1);
	w.log[0] = '\0';
	w.now = 2 * S;
	neighbour_port(&w.table, w.now, 0, false);
	turn(&w, 1000 * S);
	expect_log(&w, "");
	assert_true(n->has_mac);
	neighbour_port(&w.table, w.now, 0, true);
	neighbour_tick(&w.table, w.now);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	expect_log(&w, "1000000 ask a;");
	/* one that had failed is asked for at once too */
	turn(&w, 1007 * S);
	assert_int_equal(n->state, NEIGHBOUR_FAILED);
	neighbour_port(&w.table, w.now, 0, false);
	turn(&w, 1100 * S);
	w.log[0] = '\0';
	neighbour_port(&w.table, w.now, 0, true);
	neighbour_tick(&w.table, w.now);
	assert_int_equal(strncmp(w.log, "1100000 ask all;", 16), 0);
	neighbour_fini(&w.table);
}

static void
test_references(void **state)
{
	const struct underlay_addr a = address("192.0.2.2");
	struct world w;
	struct neighbour *n;

	(void)state;
	world_init(&w, 1);
	assert_int_equal(hint(&w, &mac_a), NEIGHBOUR_STRANGER);
	assert_null(neighbour_find(&w.table, 0, &a));
	n = need(&w);
	assert_ptr_equal(need(&w), n);
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
	turn(&w, 32 * MS);
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

/* One seed, one history. */
static void
test_seeded(void **state)
{
	static char logs[3][LOG_MAX];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct world w;

		begin(&w, i < 2 ? 42 : 43);
		turn(&w, 30 * S);
		memcpy(logs[i], w.log, LOG_MAX);
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
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_more_than_can_be_asked),
		cmocka_unit_test(test_seeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
