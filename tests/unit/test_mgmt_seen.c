/* SPDX-License-Identifier: BSD-3-Clause */
/* What was seen before, and how much of whom is remembered. */
#include "unit.h"

#include "mgmt_seen.h"

static struct mgmt_seen_key
key_of(const char *from, const char *id, const char *text)
{
	struct mgmt_seen_key key;

	assert_true(mgmt_seen_key(&key, from, id, text, strlen(text)));
	return key;
}

static bool
same(struct mgmt_seen_key a, struct mgmt_seen_key b)
{
	return a.words[0] == b.words[0] && a.words[1] == b.words[1];
}

static void
test_keys(void **state)
{
	(void)state;
	assert_true(same(key_of("a", "1", "x"), key_of("a", "1", "y")));
	assert_false(same(key_of("a", "1", "x"), key_of("b", "1", "x")));
	assert_false(same(key_of("a", "1", "x"), key_of("a", "2", "x")));
	assert_true(same(key_of("a", "", "x"), key_of("a", "", "x")));
	assert_false(same(key_of("a", "", "x"), key_of("b", "", "x")));
	assert_false(same(key_of("a", "", "x"), key_of("a", "", "y")));
	assert_false(same(key_of("a", "", "1"), key_of("a", "1", "")));
	assert_false(same(key_of("ab", "c", ""), key_of("a", "bc", "")));
	assert_false(same(key_of("ai", "b", ""), key_of("a", "ib", "")));
	assert_false(same(key_of("at", "", "b"), key_of("a", "", "tb")));
}

static struct mgmt_seen_key
numbered(uint64_t n)
{
	return (struct mgmt_seen_key){{n * UINT64_C(0x9e3779b97f4a7c15), n << 1 | 1}};
}

/* Of a sender that has nothing of its own. */
static enum mgmt_seen_result
add(struct mgmt_seen *seen, struct mgmt_seen_share *share, const struct mgmt_seen_key *key,
	uint64_t now)
{
	const struct mgmt_seen_from from = {.share = share};

	return mgmt_seen_add(seen, &from, key, now);
}

/* Whatever comes again within 10 minutes is found, however many come between. */
static void
test_seen(void **state)
{
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share share = {0}, other = {0};
	struct mgmt_seen_key key;
	uint64_t now = 12345;

	(void)state;
	for (uint64_t n = 1; n <= 20000; n++) {
		key = numbered(n);
		assert_int_equal(add(&seen, &share, &key, now + n * 30), MGMT_SEEN_NEW);
	}
	now += 20000 * 30; /* 10 minutes later */
	for (uint64_t n = 20000; n >= 1; n--) {
		key = numbered(n);
		assert_int_equal(add(&seen, &other, &key, now), MGMT_SEEN_BEFORE);
	}
	/* Long after, all is forgotten. */
	for (int i = 0; i < 4; i++) {
		now += MESSAGE_AGE_MAX;
		key = numbered(30000 + (uint64_t)i);
		assert_int_equal(add(&seen, &share, &key, now), MGMT_SEEN_NEW);
	}
	key = numbered(1);
	assert_int_equal(add(&seen, &share, &key, now), MGMT_SEEN_NEW);
	mgmt_seen_free(&seen);
}

/* A neighbour that floods fills its own share alone. */
static void
test_flood(void **state)
{
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share share = {0}, other = {0};
	struct mgmt_seen_key key;

	(void)state;
	for (uint64_t n = 1; n <= MGMT_SEEN_EACH; n++) {
		key = numbered(n);
		assert_int_equal(add(&seen, &share, &key, 1), MGMT_SEEN_NEW);
	}
	key = numbered(MGMT_SEEN_EACH + 1);
	assert_int_equal(add(&seen, &share, &key, 1), MGMT_SEEN_FULL);
	assert_int_equal(add(&seen, &other, &key, 1), MGMT_SEEN_NEW);
	key = numbered(1);
	assert_int_equal(add(&seen, &share, &key, 1), MGMT_SEEN_BEFORE);
	key = numbered(MGMT_SEEN_EACH + 2);
	assert_int_equal(add(&seen, &share, &key, 1 + MESSAGE_AGE_MAX), MGMT_SEEN_NEW);
	mgmt_seen_free(&seen);
}

/* Who comes back goes on with the share that it had; a new age is another matter. */
static void
test_flood_anew(void **state)
{
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share share = {0}, again = {0}, other = {0}, later = {0};
	struct mgmt_seen_key key;

	(void)state;
	for (uint64_t n = 1; n <= MGMT_SEEN_EACH; n++) {
		key = numbered(n);
		assert_int_equal(add(&seen, &share, &key, 1), MGMT_SEEN_NEW);
	}
	mgmt_seen_left(&seen, "flood", &share);
	mgmt_seen_back(&seen, "flood", &again);
	mgmt_seen_back(&seen, "other", &other);
	key = numbered(MGMT_SEEN_EACH + 1);
	assert_int_equal(add(&seen, &again, &key, 1), MGMT_SEEN_FULL);
	assert_int_equal(add(&seen, &other, &key, 1), MGMT_SEEN_NEW);
	mgmt_seen_back(&seen, "flood", &later);
	key = numbered(MGMT_SEEN_EACH + 2);
	assert_int_equal(add(&seen, &later, &key, 1 + MESSAGE_AGE_MAX), MGMT_SEEN_NEW);
	mgmt_seen_free(&seen);
}

/* Says so many that are new, as far as they are taken, over a connection of its own. */
static uint64_t
visit(struct mgmt_seen *seen, const char *name, uint64_t *next, uint64_t count)
{
	struct mgmt_seen_share share = {0};
	uint64_t taken = 0;

	mgmt_seen_back(seen, name, &share);
	for (uint64_t i = 0; i < count; i++) {
		struct mgmt_seen_key key = numbered((*next)++);

		taken += add(seen, &share, &key, 1) == MGMT_SEEN_NEW;
	}
	mgmt_seen_left(seen, name, &share);
	return taken;
}

/* However short its connections are: together they have one share. */
static void
test_flood_by_visits(void **state)
{
	struct mgmt_seen seen = {0};
	uint64_t next = 1, taken = 0;

	(void)state;
	for (unsigned int i = 0; i < 600; i++)
		taken += visit(&seen, "flood", &next, 1023);
	assert_int_equal(taken, MGMT_SEEN_EACH);
	assert_int_equal(visit(&seen, "other", &next, 1), 1);
	mgmt_seen_free(&seen);
}

/* Nor does it help that many others went who said more each time, or less. */
static void
test_flood_in_a_crowd(void **state)
{
	struct mgmt_seen seen = {0};
	uint64_t next = 1, taken = 0;
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < 2 * MGMT_SEEN_GONE; i++) {
		snprintf(name, sizeof(name), "node%u", i);
		assert_int_equal(visit(&seen, name, &next, 100), 100);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		taken += visit(&seen, "flood", &next, 40);
		if (i % 100 != 0)
			continue;
		snprintf(name, sizeof(name), "new%u", i);
		assert_int_equal(visit(&seen, name, &next, 2), 2);
	}
	assert_in_range(taken, MGMT_SEEN_EACH - 100, MGMT_SEEN_EACH);
	assert_int_equal(visit(&seen, "other", &next, 100), 100);
	mgmt_seen_free(&seen);
}

/*
 * A large tree below one neighbour says more than a flood has, and is heard. One that floods has
 * no more of that than its own part, and what the root says is another matter.
 */
static void
test_large_tree(void **state)
{
	static struct mgmt_seen_share nodes[1001];
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share large = {0}, flood = {0}, other = {0};
	struct mgmt_seen_key key;
	uint64_t next = 1;

	(void)state;
	for (uint64_t n = 0; n < 1000 * 200; n++) {
		const struct mgmt_seen_from from = {&large, &nodes[n % 1000]};

		key = numbered(next++);
		assert_int_equal(mgmt_seen_add(&seen, &from, &key, 1), MGMT_SEEN_NEW);
	}
	assert_int_equal(large.count, 1000 * (200 - MGMT_SEEN_NODE));
	/* Another, its only node below hostile. */
	do
		key = numbered(next++);
	while (mgmt_seen_add(&seen, &(struct mgmt_seen_from){&flood, &nodes[1000]}, &key, 1) ==
		MGMT_SEEN_NEW);
	assert_int_equal(nodes[1000].count, MGMT_SEEN_NODE);
	assert_int_equal(flood.count, MGMT_SEEN_EACH);
	for (uint64_t n = 0; n < MGMT_SEEN_EACH; n++) {
		key = numbered(next++);
		assert_int_equal(add(&seen, &other, &key, 1), MGMT_SEEN_NEW);
	}
	mgmt_seen_free(&seen);
}

/*
 * All neighbours together have an end, and then the root is heard all the same; it has one too. So
 * is a node below that said little, and what need not be remembered.
 */
static void
test_full(void **state)
{
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share shares[6] = {0}, own = {0};
	const struct mgmt_seen_from node = {&shares[0], &own}, last = {&shares[5], NULL};
	struct mgmt_seen_key key;
	uint64_t next = 1, taken = 0;

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		do
			key = numbered(next++);
		while (add(&seen, &shares[i], &key, 1) == MGMT_SEEN_NEW);
		taken += shares[i].count;
	}
	assert_int_equal(taken, MGMT_SEEN_MAX);
	assert_int_equal(shares[5].count, 0);
	for (uint64_t n = 0; n < MGMT_SEEN_NODE; n++) {
		key = numbered(next++);
		assert_int_equal(mgmt_seen_add(&seen, &node, &key, 1), MGMT_SEEN_NEW);
	}
	key = numbered(next++);
	assert_int_equal(mgmt_seen_add(&seen, &node, &key, 1), MGMT_SEEN_FULL);
	for (uint64_t n = 0; n < MGMT_SEEN_EACH; n++)
		assert_true(mgmt_seen_count(&seen, &last, 1));
	assert_false(mgmt_seen_count(&seen, &last, 1));
	do
		key = numbered(next++);
	while (add(&seen, &seen.root, &key, 1) == MGMT_SEEN_NEW);
	assert_int_equal(seen.root.count, MGMT_SEEN_MAX);
	/* A new age: all have as much again. */
	key = numbered(next++);
	assert_int_equal(mgmt_seen_add(&seen, &node, &key, 1 + MESSAGE_AGE_MAX), MGMT_SEEN_NEW);
	assert_int_equal(own.count, 1);
	key = numbered(next++);
	assert_int_equal(mgmt_seen_add(&seen, &last, &key, 1 + MESSAGE_AGE_MAX), MGMT_SEEN_NEW);
	assert_int_equal(seen.all_count, 1);
	mgmt_seen_free(&seen);
}

/* Many without a place say what they can: who has one is heard. */
static void
test_strangers(void **state)
{
	struct mgmt_seen seen = {0};
	struct mgmt_seen_share shares[200] = {0}, other = {0};
	const struct mgmt_seen_from first = {.share = &shares[0], .stranger = true};
	struct mgmt_seen_key key;
	uint64_t next = 1, taken = 0;

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		const struct mgmt_seen_from from = {.share = &shares[i], .stranger = true};

		do
			key = numbered(next++);
		while (mgmt_seen_add(&seen, &from, &key, 1) == MGMT_SEEN_NEW);
		taken += shares[i].count;
	}
	assert_int_equal(shares[0].count, MGMT_SEEN_STRANGER);
	assert_int_equal(taken, MGMT_SEEN_EACH);
	assert_int_equal(seen.all_count, 0);
	key = numbered(next++);
	assert_int_equal(add(&seen, &other, &key, 1), MGMT_SEEN_NEW);
	/* Nor is it more of what need not be remembered, or for longer than the others'. */
	for (taken = 0; mgmt_seen_count(&seen, &first, 1); taken++)
		;
	assert_int_equal(taken, MGMT_SEEN_STRANGER);
	assert_int_equal(shares[0].count, MGMT_SEEN_STRANGER);
	key = numbered(next++);
	assert_int_equal(mgmt_seen_add(&seen, &first, &key, 1 + MESSAGE_AGE_MAX), MGMT_SEEN_NEW);
	assert_int_equal(seen.strangers.count, 1);
	mgmt_seen_free(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_anew),
		cmocka_unit_test(test_flood_by_visits),
		cmocka_unit_test(test_flood_in_a_crowd),
		cmocka_unit_test(test_large_tree),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
