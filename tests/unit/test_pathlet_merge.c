/* SPDX-License-Identifier: BSD-3-Clause */
/* The union of Pathlets: by hand, and at random against the ways down of both. */
#include "unit.h"

#include "path_text.h"
#include "pathlet_merge.h"
#include "rng.h"

static size_t
encode(const char *text, uint8_t *bytes)
{
	struct path_text_error error;
	struct pathlet_tree tree;

	assert_int_equal(path_text_parse(text, &tree, &error), 0);
	return pathlet_tree_encode(&tree, 0, bytes, PATHLET_TREE_MAX_BYTES);
}

static void
test_by_hand(void **state)
{
	static const char *const cases[][3] = {
		{"2", "2", "2"},
		{"1 > 2", "1 > 2", "1 > 2"},
		{"1 > 2", "1 > 3", "1 > (2, 3)"},
		{"1 > 2", "1", "1* > 2"},
		{"1", "1 > 2", "1* > 2"},
		{"1 > (2, 3 > 4)", "1 > (3* > 5, 6)", "1 > (2, 3* > (4, 5), 6)"},
		{"1 > 2 > 3 > 4", "1 > 2 > 4 > 3", "1 > 2 > (3 > 4, 4 > 3)"},
	};
	uint8_t a[512], b[512], wanted[512], out[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len;

		(void)encode(cases[i][0], a);
		(void)encode(cases[i][1], b);
		len = encode(cases[i][2], wanted);
		assert_int_equal(pathlet_merge(a, b, out, sizeof(out)), len);
		assert_memory_equal(out, wanted, len);
		/* With what it has in it already, a union is what it was. */
		assert_int_equal(pathlet_merge(wanted, b, out, sizeof(out)), len);
		assert_memory_equal(out, wanted, len);
		if (len > 6)
			assert_int_equal(pathlet_merge(a, b, out, (uint16_t)(len - 1)), 0);
	}
}

/* Lengths that lie, nesting without end: refused, nothing outside is touched (sanitizers see). */
static void
test_hostile(void **state)
{
	uint8_t a[PATHLET_TREE_MAX_BYTES], b[PATHLET_TREE_MAX_BYTES], out[PATHLET_TREE_MAX_BYTES];
	struct rng rng;
	uint32_t refused = 0;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (int i = 0; i < 20000; i++) {
		uint16_t len = (uint16_t)(6 + rng_below(&rng, 507));
		uint16_t merged;

		for (uint32_t k = 0; k < sizeof(a); k++) {
			a[k] = rng_below(&rng, 3) == 0 ? (uint8_t)rng_below(&rng, 20) : 0;
			b[k] = rng_below(&rng, 3) == 0 ? (uint8_t)rng_below(&rng, 20) : 0;
		}
		a[0] = b[0] = (uint8_t)(len >> 8);
		a[1] = b[1] = (uint8_t)len;
		merged = pathlet_merge(a, b, out, sizeof(out));
		refused += merged == 0;
		assert_true(merged <= sizeof(out));
	}
	assert_true(refused > 0);
}

/* Whatever room is too small for the union: none, and nothing is written behind it. */
static void
test_room(void **state)
{
	uint8_t a[512], b[512], out[512];
	size_t len;

	(void)state;
	(void)encode("1 > (2 > (3, 4 > 5), 6)", a);
	(void)encode("1 > (2 > (4 > 7, 8), 9 > 5)", b);
	len = encode("1 > (2 > (3, 4 > (5, 7), 8), 6, 9 > 5)", out);
	for (uint16_t room = 0; room <= len; room++) {
		memset(out, 0xee, sizeof(out));
		assert_int_equal(pathlet_merge(a, b, out, room), room < len ? 0 : len);
		for (size_t i = room; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xee);
	}
}

/* Lengths inside that lie, in the one Pathlet or in the other. */
static void
test_lies(void **state)
{
	static const uint8_t good[] = {0, 12, 0, 0, 0, 1, 0, 6, 0x80, 0, 0, 2};
	static const uint8_t lies[][24] = {
		{0, 12, 0, 0, 0, 1, 0, 5, 0x80, 0, 0, 2},
		{0, 12, 0, 0, 0, 1, 0, 7, 0x80, 0, 0, 2},
		{0, 17, 0, 0, 0, 1, 0, 6, 0x80, 0, 0, 3, 0, 6, 0, 0, 0},
		{0, 18, 0, 0, 0, 1, 0, 5, 0x80, 0, 0, 0, 7, 0x80, 0, 0, 4},
		{0, 20, 0, 0, 0, 1, 0, 8, 0x80, 0, 0, 3, 0, 6, 0, 7, 0x80, 0, 0, 4},
	};
	uint8_t out[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		assert_int_equal(pathlet_merge(lies[i], good, out, sizeof(out)), 0);
		assert_int_equal(pathlet_merge(good, lies[i], out, sizeof(out)), 0);
	}
}

/* A chain of so many, each inside the one before. */
static void
make_chain(uint8_t *p, uint32_t depth)
{
	uint32_t len = 6 * depth;

	memset(p, 0, PATHLET_TREE_MAX_BYTES);
	for (uint32_t at = 0; at < len; at += 6) {
		p[at] = (uint8_t)((len - at) >> 8);
		p[at + 1] = (uint8_t)(len - at);
		p[at + 5] = (uint8_t)(1 + at / 6);
	}
}

/* As deep as Pathlets may be they are merged, no deeper. */
static void
test_deep(void **state)
{
	uint8_t a[PATHLET_TREE_MAX_BYTES], b[PATHLET_TREE_MAX_BYTES], out[512];

	(void)state;
	for (uint32_t depth = PATHLET_TREE_MAX_DEPTH; depth <= 40; depth++) {
		make_chain(a, depth);
		make_chain(b, depth);
		b[6 * depth - 4] |= 0x80; /* its last one's destination flag */
		assert_int_equal(pathlet_merge(a, b, out, sizeof(out)),
			depth == PATHLET_TREE_MAX_DEPTH ? 6 * depth : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests_name("pathlet_merge", tests, NULL, NULL);
}
