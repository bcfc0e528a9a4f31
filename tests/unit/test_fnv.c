/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums that its authors published: files of nodes and of roots outlive a version of Ferry. */
#include "unit.h"

#include "fnv.h"

static void
test_published(void **state)
{
	(void)state;
	assert_true(fnv_add(FNV_BEGIN, "", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(fnv_add(FNV_BEGIN, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(fnv_add(FNV_BEGIN, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void
test_parts(void **state)
{
	static const uint8_t bytes[] = {'f', 0, 0xff, 'b', 0x80, 'r'};

	(void)state;
	for (size_t first = 0; first < 6; first++) {
		uint64_t sum = fnv_add(FNV_BEGIN, bytes, first);

		sum = fnv_add(sum, &bytes[first], 6 - first);
		assert_true(sum == fnv_add(FNV_BEGIN, bytes, 6));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests_name("fnv", tests, NULL, NULL);
}
