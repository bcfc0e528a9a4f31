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

static void
test_deep(void **state)
{
	uint8_t a[PATHLET_TREE_MAX_BYTES] = {0}, b[PATHLET_TREE_MAX_BYTES], out[512];
	uint16_t len = 6 * 40;

	(void)state;
	for (uint16_t at = 0; at < len; at += 6) {
		a[at] = (uint8_t)((len - at) >> 8);
		a[at + 1] = (uint8_t)(len - at);
		a[at + 5] = (uint8_t)(1 + at / 6);
	}
	memcpy(b, a, sizeof(b));
	b[len - 1] = 99;
	assert_int_equal(pathlet_merge(a, b, out, sizeof(out)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests_name("pathlet_merge", tests, NULL, NULL);
}
