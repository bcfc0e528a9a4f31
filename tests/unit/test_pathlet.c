/* SPDX-License-Identifier: BSD-3-Clause */
/* pathlet_parse against a plain recursive reader, on random trees, damaged trees and noise. */
#include "unit.h"

#include "pathlet.h"
#include "rng.h"

#define OWN 77

static struct rng rng;

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* Depth of a Pathlet of len bytes; one that lies inside counts for nothing, nor what follows it. */
static uint32_t
oracle_depth(const uint8_t *p, uint32_t len)
{
	uint32_t deepest = 0;

	for (uint32_t at = 6; at + 6 <= len;) {
		uint32_t inner = get16(p + at), depth;

		if (inner < 6 || at + inner > len)
			break;
		depth = oracle_depth(p + at, inner);
		deepest = depth > deepest ? depth : deepest;
		at += inner;
	}
	return deepest + 1;
}

static enum drop_reason
oracle_inside(const uint8_t *p, uint32_t length, uint32_t *branches)
{
	uint32_t ids[100], n = 0;

	for (uint32_t at = 6; at < length; at += get16(p + at)) {
		uint32_t id;

		if (length - at < 6 || get16(p + at) < 6 || get16(p + at) > length - at)
			return DROP_pathlet_malformed;
		id = get32(p + at + 2) & 0x7fffffff;
		if (id == 0 || id == OWN)
			return DROP_pathlet_malformed;
		for (uint32_t i = 0; i < n; i++)
			if (ids[i] == id)
				return DROP_pathlet_malformed;
		ids[n++] = id;
	}
	*branches = n;
	return DROP_none;
}

static enum drop_reason
oracle(const uint8_t *p, uint32_t len, uint32_t *branches)
{
	enum drop_reason inside;
	uint32_t length;

	if (len < 6)
		return DROP_pathlet_truncated;
	length = get16(p);
	if ((get32(p + 2) & 0x7fffffff) != OWN)
		return DROP_pathlet_wrong_node;
	if (length < 6 || length > 512)
		return DROP_pathlet_malformed;
	if (len < length + 24)
		return DROP_pathlet_truncated;
	inside = oracle_inside(p, length, branches);
	if (inside != DROP_none)
		return inside;
	if ((p[2] & 0x80) == 0 && *branches == 0)
		return DROP_pathlet_dead_end;
	return oracle_depth(p, length) > 32 ? DROP_pathlet_too_deep : DROP_none;
}

/* A random tree into at most room bytes; returns its length. */
static uint32_t
grow(uint8_t *p, uint32_t room, uint32_t id, uint32_t bushy)
{
	uint32_t len = 6;

	while (len + 6 <= room && rng_below(&rng, 100) < bushy)
		len += grow(p + len, room - len, 1 + rng_below(&rng, 100), bushy);
	p[0] = (uint8_t)(len >> 8);
	p[1] = (uint8_t)len;
	p[2] = rng_below(&rng, 2) != 0 ? 0x80 : 0;
	p[3] = 0;
	p[4] = 0;
	p[5] = (uint8_t)id;
	return len;
}

static uint32_t transits, ends;

/* The fast path's question has the same answer, but for inner NodeIDs that no neighbour has. */
static void
check_transit(const uint8_t *p, uint32_t len, enum drop_reason reason, uint32_t branches)
{
	bool expected = reason == DROP_none && branches == 1 && (p[2] & 0x80) == 0 &&
			get16(p) <= PATHLET_DEPTH_CERTAIN;
	uint32_t inner = get32(p + 8) & 0x7fffffff;

	if (pathlet_is_transit((const struct pathlet_hdr *)p, len, pathlet_transit_key(OWN)) !=
		expected) {
		assert_false(expected);
		assert_true(inner == 0 || inner == OWN);
	}
	transits += expected;
}

static void
check_end(const uint8_t *p, uint32_t len, enum drop_reason reason, uint32_t branches)
{
	bool expected = reason == DROP_none && branches == 0;

	assert_int_equal(
		pathlet_is_end((const struct pathlet_hdr *)p, len, pathlet_transit_key(OWN)),
		expected);
	ends += expected;
}

/* A memory block of exactly the given length, so that a sanitizer sees what is read beyond it. */
static enum drop_reason
check(const uint8_t *bytes, uint32_t len)
{
	uint8_t *exact = malloc(len != 0 ? len : 1);
	uint32_t branches = 0;
	struct pathlet_view view;
	enum drop_reason reason;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	reason = pathlet_parse(exact, len, OWN, &view);
	assert_int_equal(reason, oracle(exact, len, &branches));
	if (len >= 2 * sizeof(struct pathlet_hdr))
		check_transit(exact, len, reason, branches);
	check_end(exact, len, reason, branches);
	if (reason == DROP_none) {
		uint32_t at = 6;

		assert_int_equal(view.length, get16(exact));
		assert_int_equal(view.destination, exact[2] >> 7);
		assert_int_equal(view.nb_branches, branches);
		for (uint32_t i = 0; i < branches; i++) {
			assert_int_equal(view.branches[i].off, at);
			assert_int_equal(view.branches[i].len, get16(exact + at));
			assert_int_equal(view.branches[i].node, get32(exact + at + 2) & 0x7fffffff);
			at += view.branches[i].len;
		}
	}
	free(exact);
	return reason;
}

static void
test_trees(void **state)
{
	uint32_t seen[DROP_COUNT] = {0};
	uint8_t bytes[700];

	(void)state;
	rng_seed(&rng, unit_seed());
	for (int i = 0; i < 200000; i++) {
		uint32_t bushy = 20 + rng_below(&rng, 75);
		uint32_t len = grow(bytes, 6 + rng_below(&rng, 540), OWN, bushy), all;

		memset(bytes + len, 0, 24);
		all = len + 24;
		for (uint32_t damage = rng_below(&rng, 4); damage > 1; damage--)
			bytes[rng_below(&rng, len < 40 ? len : 40)] ^= 1u << rng_below(&rng, 8);
		if (rng_below(&rng, 10) == 0)
			all = rng_below(&rng, all + 1);
		seen[check(bytes, all)]++;
	}
	assert_true(seen[DROP_none] > 1000);
	assert_true(transits > 1000 && ends > 1000);
	assert_true(seen[DROP_pathlet_truncated] > 100);
	assert_true(seen[DROP_pathlet_wrong_node] > 100);
	assert_true(seen[DROP_pathlet_malformed] > 1000);
	assert_true(seen[DROP_pathlet_dead_end] > 100);
}

static void
test_noise(void **state)
{
	uint8_t bytes[600];

	(void)state;
	rng_seed(&rng, unit_seed() + 1);
	for (int i = 0; i < 100000; i++) {
		for (uint32_t b = 0; b < sizeof(bytes); b++)
			bytes[b] = (uint8_t)(rng_next(&rng) >> 40);
		bytes[0] = 0;
		if (rng_below(&rng, 4) != 0)
			memcpy(bytes + 2, (uint8_t[]){0x80, 0, 0, OWN}, 4);
		check(bytes, rng_below(&rng, sizeof(bytes) + 1));
	}
}

/* One below another, ids in turn. */
static uint32_t
chain(uint8_t *p, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++) {
		uint32_t len = (depth - i) * 6;

		memcpy(p + 6 * i, (uint8_t[]){len >> 8, len, 0, 0, 0, i == 0 ? OWN : 1 + i % 2}, 6);
	}
	p[6 * depth - 4] = 0x80;
	return depth * 6;
}

static void
test_depth(void **state)
{
	uint8_t bytes[600] = {0};

	(void)state;
	assert_int_equal(check(bytes, chain(bytes, 32) + 24), DROP_none);
	assert_int_equal(check(bytes, chain(bytes, 33) + 24), DROP_pathlet_too_deep);
	/* A branch that lies deep inside does not hide one beside it that is too deep. */
	memset(bytes, 0, sizeof(bytes));
	chain(bytes + 18, 32);
	memcpy(bytes + 18 + 2, (uint8_t[]){0, 0, 0, 9}, 4);
	memcpy(bytes, (uint8_t[]){0, 18 + 32 * 6, 0x80, 0, 0, OWN}, 6);
	memcpy(bytes + 6, (uint8_t[]){0, 12, 0, 0, 0, 8}, 6);
	memcpy(bytes + 12, (uint8_t[]){0, 200, 0, 0, 0, 7}, 6);
	assert_int_equal(check(bytes, 18 + 32 * 6 + 24), DROP_pathlet_too_deep);
}

/* The longest Pathlet, and one that is longer by a byte, which one inside it fills. */
static void
test_longest(void **state)
{
	for (uint32_t len = PATHLET_TREE_MAX_BYTES - 1; len <= PATHLET_TREE_MAX_BYTES + 1; len++) {
		uint8_t bytes[PATHLET_TREE_MAX_BYTES + 64] = {0};
		struct pathlet_view view;

		bytes[0] = (uint8_t)(len >> 8);
		bytes[1] = (uint8_t)len;
		bytes[5] = 1;
		bytes[6] = (uint8_t)((len - 6) >> 8);
		bytes[7] = (uint8_t)(len - 6);
		bytes[11] = 2;
		(void)state;
		assert_int_equal(pathlet_parse(bytes, sizeof(bytes), 1, &view),
			len <= PATHLET_TREE_MAX_BYTES ? DROP_none : DROP_pathlet_malformed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests_name("pathlet", tests, NULL, NULL);
}
