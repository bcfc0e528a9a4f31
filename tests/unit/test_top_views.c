/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of ferrytop: they fit a terminal, numbers fit their cells, rows are in order. */
#include "unit.h"

#include <math.h>

#include "top_views.h"

static void
test_width(void **state)
{
	(void)state;
	for (size_t i = 0; i < top_nb_views; i++) {
		const struct top_view *view = &top_views[i];
		int width = (int)view->nb_columns - 1;

		for (size_t k = 0; k < view->nb_columns; k++) {
			width += abs(view->columns[k].width);
			assert_true(strlen(view->columns[k].title) <=
				    (size_t)abs(view->columns[k].width));
		}
		if (width > 79)
			fail_msg("%s is %d columns wide", view->name, width);
		assert_true(view->sort < view->nb_columns);
	}
}

static void
test_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{7, "7"},
		{999, "999"},
		{1000, "1.00k"},
		{9994, "9.99k"},
		{9996, "10.0k"},
		{99960, "100k"},
		{999499, "999k"},
		{999500, "1.00M"},
		{12345678, "12.3M"},
		{2.5e9, "2.50G"},
		{9e20, "900E"},
		{-1234, "-1.23k"},
		{(double)NAN, "-"},
		{(double)INFINITY, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TOP_TEXT];

		top_number(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
test_order(void **state)
{
	union ferry_stats_record records[4] = {0};
	const struct ferry_stats_snapshot snapshot = {.records = records, .count = 4};
	const union ferry_stats_record **rows;
	static const double rates[] = {5, (double)NAN, 70, 6};
	static const char *const names[] = {"d", "b", "c", "a"};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		records[i].head.type = FERRY_STATS_LINK;
		records[i].head.index = i;
		records[i].link.tx_bps = rates[i];
		strcpy(records[i].link.name, names[i]);
	}
	assert_string_equal(top_views[1].name, "links");
	/* By rate, what is not known last; turned round; by name. */
	assert_int_equal(top_rows(&top_views[1], &snapshot, 3, false, &rows), 4);
	assert_int_equal(rows[0]->head.index, 2);
	assert_int_equal(rows[1]->head.index, 3);
	assert_int_equal(rows[3]->head.index, 1);
	free(rows);
	assert_int_equal(top_rows(&top_views[1], &snapshot, 3, true, &rows), 4);
	assert_int_equal(rows[1]->head.index, 0);
	free(rows);
	assert_int_equal(top_rows(&top_views[1], &snapshot, 1, false, &rows), 4);
	assert_int_equal(rows[0]->head.index, 3);
	assert_int_equal(rows[3]->head.index, 0);
	free(rows);
	assert_int_equal(top_rows(&top_views[0], &snapshot, 0, false, &rows), 0);
	free(rows);
	assert_float_equal(top_rate(&snapshot), 81, 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
