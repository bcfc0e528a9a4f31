/* SPDX-License-Identifier: BSD-3-Clause */
/* A program's start: what was tried is undone in reverse, wherever it ends. */
#include <string.h>

#include "boot_table.h"
#include "unit.h"

#define ROWS 4

/* What was called: A to D boot, a to d undo. */
struct record {
	char calls[2 * ROWS + 1];
	int result;   /* of the step that fails */
	char fails;   /* which; 0: none */
	size_t until; /* so many calls, then it ends early */
};

static int
called(struct record *r, char what)
{
	r->calls[strlen(r->calls)] = what;
	return what == r->fails ? r->result : 0;
}

#define BOOT(name, letter)                                                                         \
	static int name(void *ctx)                                                                 \
	{                                                                                          \
		return called(ctx, letter);                                                        \
	}
#define UNDO(name, letter)                                                                         \
	static void name(void *ctx)                                                                \
	{                                                                                          \
		(void)called(ctx, letter);                                                         \
	}

BOOT(boot_a, 'A')
BOOT(boot_b, 'B')
BOOT(boot_d, 'D')
UNDO(undo_a, 'a')
UNDO(undo_c, 'c')
UNDO(undo_d, 'd')

static const struct boot_row rows[ROWS] = {
	{"first", boot_a, undo_a},
	{"not undone", boot_b, NULL},
	{"only undone", NULL, undo_c},
	{"last", boot_d, undo_d},
};

static bool
ends(void *ctx)
{
	const struct record *r = ctx;

	return strlen(r->calls) >= r->until;
}

/* All that is called, and how many steps were tried. */
static size_t
run(struct record *r, bool (*until)(void *ctx), int expected)
{
	size_t up = ROWS + 1;

	assert_int_equal(boot_table_up(rows, ROWS, until, r, &up), expected);
	boot_table_down(rows, up, r);
	return up;
}

static void
test_all(void **state)
{
	struct record r = {.until = 100};

	(void)state;
	assert_int_equal(run(&r, NULL, 0), ROWS);
	assert_string_equal(r.calls, "ABDdca");
	memset(r.calls, 0, sizeof(r.calls));
	assert_int_equal(run(&r, ends, 0), ROWS);
	assert_string_equal(r.calls, "ABDdca");
}

static void
test_fails(void **state)
{
	static const struct {
		char at;
		size_t up;
		const char *calls;
	} cases[] = {{'A', 1, "Aa"}, {'B', 2, "ABa"}, {'D', ROWS, "ABDdca"}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct record failed = {.fails = cases[i].at, .result = -1};
		struct record mistakes = {.fails = cases[i].at, .result = 1};

		assert_int_equal(run(&failed, NULL, -1), cases[i].up);
		assert_string_equal(failed.calls, cases[i].calls);
		assert_int_equal(run(&mistakes, NULL, 1), cases[i].up);
		assert_string_equal(mistakes.calls, cases[i].calls);
	}
}

static void
test_ends_early(void **state)
{
	static const char *const calls[] = {"", "Aa", "ABa"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct record r = {.until = i};

		assert_int_equal(run(&r, ends, 0), i);
		assert_string_equal(r.calls, calls[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
