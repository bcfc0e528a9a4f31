/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of ferrytop: they fit a terminal, numbers fit their cells, rows are in order. */
#include "unit.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "top_spark.h"
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
		assert_true(view->nb_columns <= TOP_COLUMNS_MAX);
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
		{9e30, ">999E"},
		{-9e30, "<-999E"},
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
expect_text(void (*put)(double value, char text[TOP_TEXT]), double value, const char *wanted)
{
	char text[TOP_TEXT];

	put(value, text);
	assert_string_equal(text, wanted);
}

static void
test_shares_and_times(void **state)
{
	(void)state;
	expect_text(top_share, 0.0123, "1.23%");
	expect_text(top_share, 0.9999, "99.99%");
	expect_text(top_share, 1, "100%");
	expect_text(top_share, 1.25, "125%");
	expect_text(top_share, 1e308, ">9999%");
	expect_text(top_share, -0.001, "-0.10%");
	expect_text(top_share, -1e308, "<-999%");
	expect_text(top_share, (double)NAN, "-");
	expect_text(top_us, 123, "123us");
	expect_text(top_us, 1234, "1.2ms");
	expect_text(top_us, 12345, "12.3ms");
	expect_text(top_us, 99949, "99.9ms");
	expect_text(top_us, 99951, "100ms");
	expect_text(top_us, 123400, "123ms");
	expect_text(top_us, -12345, "-12ms");
	expect_text(top_us, 1234000, "1.23s");
	expect_text(top_us, 12340000, "12.3s");
	expect_text(top_us, 2e9, ">999s");
	expect_text(top_us, -2e9, "<-999s");
	expect_text(top_us, (double)NAN, "-");
}

static bool
is_one_of(const char *title, const char *const *titles)
{
	while (*titles != NULL && strcmp(title, *titles) != 0)
		titles++;
	return *titles != NULL;
}

/* Ids are as long as they are, and names. */
static bool
takes_what_is_left(const struct top_column *column)
{
	static const char *const titles[] = {
		"PEER", "CONF", "SESS", "WORKER", "NAME", "PORT", "REASON", NULL};

	return is_one_of(column->title, titles);
}

static void
check_fit(const union ferry_stats_record *record)
{
	for (size_t i = 0; i < top_nb_views; i++) {
		for (size_t k = 0; k < top_views[i].nb_columns; k++) {
			const struct top_column *column = &top_views[i].columns[k];
			char text[TOP_TEXT];

			if (takes_what_is_left(column))
				continue;
			column->text(record, text);
			if (strlen(text) > (size_t)abs(column->width))
				fail_msg("\"%s\" in %s of %s", text, column->title,
					top_views[i].name);
		}
	}
}

/* Whatever a record holds, its texts fit: no unit is cut off. */
static void
test_texts_fit(void **state)
{
	static const double values[] = {1e-9, 0.00004, 0.099949, 0.12, 0.99994, 0.99996, 1, 9.9994,
		9.9996, 99.99, 999.4, 999.6, 9949, 9951, 99949, 99951, 123400, 999499, 999501,
		9.9949e6, 9.9951e6, 99.949e6, 99.951e6, 999.4e6, 2147483647, 999.6e6, 9.9e20, 1e300,
		DBL_MAX, (double)NAN, (double)INFINITY};
	static const uint64_t words[] = {
		0, 9994, 9995, 99949, 999499, 999500, UINT32_MAX, UINT64_MAX / 1000, UINT64_MAX};
	union ferry_stats_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			double value = sign * values[i];

			for (uint32_t w = 0; w < FERRY_STATS_WORDS; w++)
				memcpy(&record.words[w], &value, sizeof(value));
			check_fit(&record);
		}
	}
	/* Counters, and every word for a state: of 32 bits each. */
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) + 20; i++) {
		uint64_t small = i - sizeof(words) / sizeof(words[0]);
		uint64_t word = i < sizeof(words) / sizeof(words[0]) ? words[i]
								     : small << 32 | small;

		for (uint32_t w = 0; w < FERRY_STATS_WORDS; w++)
			record.words[w] = word;
		check_fit(&record);
	}
}

/* Of the column of that title, in a line of so many columns (0: its own width). */
static void
cell_of(size_t view, const char *title, const union ferry_stats_record *record, int room,
	char text[TOP_TEXT])
{
	int widths[TOP_COLUMNS_MAX], width = 0;

	top_widths(&top_views[view], &record, 1, room, widths);
	for (size_t k = 0; k < top_views[view].nb_columns; k++)
		width += widths[k] + (k > 0);
	if (room >= 80 && width > room)
		fail_msg("%s is %d columns wide", top_views[view].name, width);
	for (size_t k = 0; k < top_views[view].nb_columns; k++) {
		if (strcmp(top_views[view].columns[k].title, title) == 0) {
			top_cell(&top_views[view].columns[k], record, widths[k], text);
			assert_int_equal(strlen(text), widths[k]);
			return;
		}
	}
	fail_msg("no column %s", title);
}

static void
expect_id(size_t view, const char *title, const union ferry_stats_record *record, uint32_t id)
{
	char wanted[TOP_TEXT], text[TOP_TEXT];

	snprintf(wanted, sizeof(wanted), "%u", id);
	cell_of(view, title, record, INT_MAX, text);
	assert_string_equal(text, wanted);
}

/* Ids are never rounded: two of them that differ look different. */
static void
test_ids(void **state)
{
	static const uint32_t ids[] = {12310, 12340, 99999, 123456789, 2147483647, 4294967295};
	union ferry_stats_record link = {0}, feeder = {0}, session = {0};
	char text[TOP_TEXT];

	(void)state;
	strcpy(session.session.session_name, "a-rather-long-name-of-a-session");
	strcpy(link.link.name, "a-rather-long-name-of-a-node");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		link.link.id = feeder.feeder.id = ids[i];
		session.session.conference = session.session.session = ids[i];
		expect_id(1, "PEER", &link, ids[i]);
		expect_id(2, "PEER", &feeder, ids[i]);
		for (size_t view = 3; view <= 4; view++) {
			expect_id(view, "CONF", &session, ids[i]);
			expect_id(view, "SESS", &session, ids[i]);
		}
	}
	/* In 80 columns too; where not, the cut is to be seen. */
	link.link.id = 2147483647;
	cell_of(1, "PEER", &link, 80, text);
	assert_string_equal(text, "2147483647");
	session.session.conference = 1231;
	session.session.session = 1234;
	cell_of(3, "CONF", &session, 80, text);
	assert_string_equal(text, "1231");
	cell_of(3, "SESS", &session, 80, text);
	assert_string_equal(text, "1234");
	session.session.session = 2147483647;
	cell_of(4, "SESS", &session, 0, text);
	assert_string_equal(text, "~647");
	cell_of(3, "NAME", &session, 0, text);
	assert_string_equal(text, "a-r~");
	cell_of(3, "NAME", &session, INT_MAX, text);
	assert_string_equal(text, "a-rather-long-name-of-a-session");
	session.session.session_name[0] = 0;
	cell_of(3, "NAME", &session, 0, text);
	assert_string_equal(text, "-   ");
}

/* What a file says may be anything: bars have a height all the same. */
static void
test_sparks(void **state)
{
	static const double values[] = {
		-1, 3, -DBL_MAX, (double)NAN, (double)INFINITY, 4, 0, 1e-300};
	static const unsigned int heights[] = {0, 6, 0, 0, 0, 8, 0, 1};
	struct top_spark spark = {.n = 0};

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		top_spark_add(&spark, values[i]);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(top_spark_height(&spark, i), heights[i]);
	for (unsigned int i = 0; i < TOP_SPARK; i++) {
		top_spark_add(&spark, i % 2 == 0 ? DBL_MAX : -1);
		assert_true(spark.n <= TOP_SPARK);
	}
	for (unsigned int i = 0; i < TOP_SPARK; i++)
		assert_int_equal(top_spark_height(&spark, i), i % 2 == 0 ? TOP_SPARK_HEIGHT : 0);
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
		cmocka_unit_test(test_shares_and_times),
		cmocka_unit_test(test_texts_fit),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_sparks),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
