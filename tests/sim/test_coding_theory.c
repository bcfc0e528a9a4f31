/* SPDX-License-Identifier: BSD-3-Clause */
/* Where coding wins by theory, it wins here, nearly as much. */
#include "coding_scene.h"
#include "small.h"

static void
check(const struct coding_figure *f, double share)
{
	printf("rate %.3f of %.3f, repair %.3f\n", f->rate, f->theory, f->repair);
	assert_int_equal(f->wrong, 0);
	assert_true(f->rate >= share * f->theory);
	/* What waited before may come too, no more. */
	assert_true(f->rate <= 1.02 * f->sent);
}

/* Both receivers nearly at rate 2; the best routing has 1.5. */
static void
test_butterfly(void **state)
{
	struct coding_figure coded = coding_butterfly(1, 2, true);
	struct coding_figure plain = coding_butterfly(1, 2, false);

	(void)state;
	check(&coded, 0.95);
	assert_true(plain.rate <= 1.5);
}

/* The rate of one hop, not the product of all. */
static void
test_line(void **state)
{
	struct coding_figure line = coding_line(1, 4, 3, 0.1);

	(void)state;
	check(&line, 0.94);
	assert_true(line.rate > 0.9 * 0.9 * 1.02);
}

static void
test_two_paths(void **state)
{
	struct coding_figure paths = coding_two_paths(1, 3, 0.05, 0.2);

	(void)state;
	check(&paths, 0.95);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_butterfly),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_two_paths),
	};

	sim_eal(1024);
	return cmocka_run_group_tests_name("coding_theory", tests, NULL, NULL);
}
