/* SPDX-License-Identifier: BSD-3-Clause */
/* Thresholds: what is told, and when. */
#include "unit.h"

#include <math.h>

#include "stats_alert.h"

struct told {
	char text[1024];
	size_t n;
};

static void
tell(void *ctx, const struct stats_alert *alert)
{
	struct told *told = ctx;

	told->n += (size_t)snprintf(told->text + told->n, sizeof(told->text) - told->n,
		"%s %s %lu %s %g %g;", stats_level_name(alert->level), stats_name_word(alert->name),
		(unsigned long)alert->id, alert->node, alert->value, alert->threshold);
}

static struct stats_alerts *
make(struct told *told)
{
	struct stats_threshold thresholds[STATS_NAME_COUNT];

	for (int i = 0; i < STATS_NAME_COUNT; i++)
		thresholds[i] = (struct stats_threshold){INFINITY, INFINITY};
	thresholds[STATS_FRACLOST] = (struct stats_threshold){0.1, 0.5};
	thresholds[STATS_INJITTER] = (struct stats_threshold){INFINITY, 1000};
	return stats_alerts_new(thresholds, tell, told);
}

static void
expect(struct stats_alerts *alerts, struct told *told, const struct stats_stream *streams,
	size_t count, const char *text)
{
	told->n = 0;
	told->text[0] = 0;
	assert_int_equal(stats_alerts_check(alerts, streams, count), 0);
	assert_string_equal(told->text, text);
}

static void
test_levels(void **state)
{
	struct told told = {0};
	struct stats_alerts *alerts = make(&told);
	struct stats_stream s;
	size_t count;

	(void)state;
	stats_stream_begin(&s, 5);
	stats_stream_set(&s, STATS_FRACLOST, 0.09, "left");
	stats_stream_set(&s, STATS_RATE, 1e12, "left");
	expect(alerts, &told, &s, 1, "");
	stats_stream_set(&s, STATS_FRACLOST, 0.1, "left");
	expect(alerts, &told, &s, 1, "warning fraclost 5 left 0.1 0.1;");
	expect(alerts, &told, &s, 1, "");
	/* Swings about the threshold say nothing. */
	stats_stream_set(&s, STATS_FRACLOST, 0.096, "left");
	expect(alerts, &told, &s, 1, "");
	stats_stream_set(&s, STATS_FRACLOST, 0.6, "left");
	expect(alerts, &told, &s, 1, "danger fraclost 5 left 0.6 0.5;");
	stats_stream_set(&s, STATS_FRACLOST, 0.48, "left");
	expect(alerts, &told, &s, 1, "");
	stats_stream_set(&s, STATS_FRACLOST, 0.47, "left");
	expect(alerts, &told, &s, 1, "warning fraclost 5 left 0.47 0.1;");
	assert_int_equal(stats_alerts_list(alerts, &count)[0].level, STATS_WARNING);
	assert_int_equal(count, 1);
	stats_stream_set(&s, STATS_FRACLOST, 0.05, "left");
	expect(alerts, &told, &s, 1, "clear fraclost 5 left 0.05 0.1;");
	(void)stats_alerts_list(alerts, &count);
	assert_int_equal(count, 0);
	stats_alerts_free(alerts);
}

/* The average is good, one leaf is not: it is named. */
static void
test_nodes(void **state)
{
	struct told told = {0};
	struct stats_alerts *alerts = make(&told);
	struct stats_stream sum = {0}, leaf;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "leaf_%d", i);
		stats_stream_begin(&leaf, 5);
		stats_stream_set(&leaf, STATS_FRACLOST, i == 70 ? 0.9 : i == 20 ? 0.2 : 0, name);
		stats_stream_add(&sum, &leaf);
	}
	assert_true(sum.values[STATS_FRACLOST].mean < 0.1);
	expect(alerts, &told, &sum, 1, "danger fraclost 5 leaf_70 0.9 0.5;");
	/* That one is well again; another was hidden behind it. */
	sum.values[STATS_FRACLOST].max = 0.2;
	strcpy(sum.values[STATS_FRACLOST].maxnode, "leaf_20");
	expect(alerts, &told, &sum, 1,
		"clear fraclost 5 leaf_70 0.2 0.1;warning fraclost 5 leaf_20 0.2 0.1;");
	stats_alerts_free(alerts);
}

/* Streams come and go; two values of one stream. */
static void
test_streams(void **state)
{
	struct told told = {0};
	struct stats_alerts *alerts = make(&told);
	struct stats_stream s[3];
	size_t count;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		stats_stream_begin(&s[i], i);
		stats_stream_set(&s[i], STATS_FRACLOST, 0.2, "left");
	}
	stats_stream_set(&s[1], STATS_INJITTER, 2000, "right");
	expect(alerts, &told, s, 3,
		"warning fraclost 0 left 0.2 0.1;danger injitter 1 right 2000 1000;"
		"warning fraclost 1 left 0.2 0.1;warning fraclost 2 left 0.2 0.1;");
	expect(alerts, &told, &s[1], 1, "clear fraclost 0 left 0 0.1;clear fraclost 2 left 0 0.1;");
	(void)stats_alerts_list(alerts, &count);
	assert_int_equal(count, 2);
	/* A value that is no longer said. */
	s[1].values[STATS_INJITTER].weight = 0;
	expect(alerts, &told, &s[1], 1, "clear injitter 1 right 2000 1000;");
	expect(alerts, &told, NULL, 0, "clear fraclost 1 left 0 0.1;");
	stats_alerts_free(alerts);
}

/* Thresholds that stay say nothing again; one that goes takes its alert along. */
static void
test_other_thresholds(void **state)
{
	struct stats_threshold thresholds[STATS_NAME_COUNT];
	struct told told = {0};
	struct stats_alerts *alerts = make(&told);
	struct stats_stream s;

	(void)state;
	for (int i = 0; i < STATS_NAME_COUNT; i++)
		thresholds[i] = (struct stats_threshold){INFINITY, INFINITY};
	stats_stream_begin(&s, 5);
	stats_stream_set(&s, STATS_FRACLOST, 0.2, "left");
	expect(alerts, &told, &s, 1, "warning fraclost 5 left 0.2 0.1;");
	thresholds[STATS_FRACLOST] = (struct stats_threshold){0.1, 0.5};
	stats_alerts_set(alerts, thresholds);
	expect(alerts, &told, &s, 1, "");
	thresholds[STATS_FRACLOST] = (struct stats_threshold){0.1, 0.2};
	stats_alerts_set(alerts, thresholds);
	expect(alerts, &told, &s, 1, "danger fraclost 5 left 0.2 0.2;");
	thresholds[STATS_FRACLOST] = (struct stats_threshold){INFINITY, INFINITY};
	stats_alerts_set(alerts, thresholds);
	expect(alerts, &told, &s, 1, "clear fraclost 5 left 0.2 0.2;");
	stats_alerts_free(alerts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_other_thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
