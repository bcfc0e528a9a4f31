/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's own figures between two reports. */
#include "unit.h"

#include "stats_own.h"

#define SECOND UINT64_C(1000000000)
#define EPOCH  (UINT64_C(1700000000) * SECOND)

/* A worker, a source (1, 1), a destination (1, 2), and the node. */
struct fixture {
	union ferry_stats_record records[4];
	struct ferry_stats_snapshot snapshot;
	struct stats_own own;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->snapshot = (struct ferry_stats_snapshot){.records = f->records, .count = 4};
	f->records[0].head.type = FERRY_STATS_WORKER;
	for (int i = 1; i <= 2; i++) {
		f->records[i].head.type = FERRY_STATS_SESSION;
		f->records[i].session.conference = 1;
		f->records[i].session.session = (uint32_t)i;
		f->records[i].session.role = (uint32_t)i;
	}
	f->records[3].head.type = FERRY_STATS_NODE;
	f->records[3].node.utc_ns = EPOCH;
	f->records[3].node.uptime_ns = 100 * SECOND;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	stats_own_free(&f->own);
	free(f);
	return 0;
}

/* Time goes by, and traffic with it. */
static void
go_on(struct fixture *f, uint64_t seconds, uint64_t packets, uint64_t lost)
{
	f->records[0].worker.busy_ns += seconds * SECOND / 4;
	f->records[0].worker.idle_ns += seconds * SECOND * 3 / 4;
	f->records[3].node.utc_ns += seconds * SECOND;
	f->records[3].node.uptime_ns += seconds * SECOND;
	f->records[1].session.packets += packets + lost;
	f->records[1].session.bytes += (packets + lost) * 100;
	f->records[2].session.packets += packets;
	f->records[2].session.bytes += packets * 100;
	f->records[2].session.lost += lost;
	f->records[2].session.jitter_us = 12.5;
	f->records[2].session.delays[3] += packets;
}

static struct stats_stream *
take(struct fixture *f)
{
	struct stats_stream *streams;
	size_t count;

	assert_int_equal(stats_own_take(&f->own, &f->snapshot, "left", &streams, &count), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(streams[i].weight, 1);
		assert_int_equal(streams[i].id, i == 0 ? 0 : UINT64_C(1) << 32 | (uint64_t)i);
	}
	return streams;
}

static void
test_intervals(void **state)
{
	struct fixture *f = *state;
	struct stats_stream *s = take(f);

	/* Since the start: nothing yet. */
	assert_int_equal(s[0].start, 1700000000 - 100);
	assert_int_equal(s[0].end, 1700000000);
	assert_int_equal(s[0].values[STATS_CPULOAD].weight, 0);
	free(s);
	for (int i = 0; i < 3; i++) {
		go_on(f, 30, 900, 100);
		s = take(f);
		assert_int_equal(s[2].end - s[2].start, 30);
		assert_float_equal(s[0].values[STATS_CPULOAD].mean, 0.25, 1e-12);
		assert_int_equal(s[0].values[STATS_RATE].weight, 0);
		assert_float_equal(s[1].values[STATS_RATE].mean, 1000 * 800 / 30.0, 1e-6);
		assert_float_equal(s[2].values[STATS_RATE].mean, 900 * 800 / 30.0, 1e-6);
		assert_float_equal(s[2].values[STATS_CPULOAD].mean, 0.25, 1e-12);
		assert_int_equal(s[1].values[STATS_FRACLOST].weight, 0);
		assert_float_equal(s[2].values[STATS_FRACLOST].mean, 0.1, 1e-12);
		assert_float_equal(s[2].values[STATS_CUMPKTLOST].mean, 100 * (i + 1), 0);
		assert_float_equal(s[2].lost_sum, 100 * (i + 1), 0);
		assert_float_equal(s[2].values[STATS_INJITTER].mean, 12.5, 0);
		assert_string_equal(s[2].values[STATS_INJITTER].maxnode, "left");
		assert_false(s[1].has_owd);
		assert_int_equal(s[2].owd[3], 900);
		free(s);
	}
}

/* Losses that are taken back, a session that begins anew, UTC that is set back. */
static void
test_back(void **state)
{
	struct fixture *f = *state;
	struct stats_stream *s;

	go_on(f, 10, 100, 50);
	free(take(f));
	go_on(f, 10, 100, 0);
	f->records[2].session.lost -= 20;
	s = take(f);
	assert_float_equal(s[2].values[STATS_FRACLOST].mean, 0, 0);
	assert_float_equal(s[2].values[STATS_CUMPKTLOST].mean, 30, 0);
	free(s);
	f->records[2].session.packets = 7;
	f->records[2].session.bytes = 700;
	memset(f->records[2].session.delays, 0, sizeof(f->records[2].session.delays));
	f->records[2].session.delays[0] = 7;
	go_on(f, 10, 0, 0);
	s = take(f);
	assert_int_equal(s[2].owd[0], 7);
	assert_float_equal(s[2].values[STATS_RATE].mean, 560, 1e-9);
	free(s);
	f->records[3].node.utc_ns -= 3600 * SECOND;
	s = take(f);
	assert_int_equal(s[2].values[STATS_RATE].weight, 0);
	free(s);
}

/* Defined again, and what it counts has passed what the old one counted: that is none of its own.
 */
static void
test_defined_again(void **state)
{
	struct fixture *f = *state;
	struct stats_stream *s;

	free(take(f));
	go_on(f, 10, 10, 5);
	free(take(f));
	for (int i = 1; i <= 2; i++) {
		f->records[i].session.packets = 0;
		f->records[i].session.bytes = 0;
		f->records[i].session.lost = 0;
		f->records[i].session.number++;
	}
	f->records[2].session.delays[3] = 0;
	go_on(f, 10, 900, 100);
	s = take(f);
	assert_float_equal(s[1].values[STATS_RATE].mean, 1000 * 800 / 10.0, 1e-6);
	assert_float_equal(s[2].values[STATS_RATE].mean, 900 * 800 / 10.0, 1e-6);
	assert_float_equal(s[2].values[STATS_FRACLOST].mean, 0.1, 1e-12);
	assert_int_equal(s[2].owd[3], 900);
	free(s);
	/* From then on it is the one that was there. */
	go_on(f, 10, 10, 0);
	s = take(f);
	assert_int_equal(s[2].owd[3], 10);
	free(s);
}

/* Rates are of the time that went by, however UTC was set meanwhile. */
static void
test_clock_set(void **state)
{
	static const int64_t steps[] = {-3600, 3600, -5};
	struct fixture *f = *state;
	struct stats_stream *s;

	free(take(f));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		go_on(f, 10, 900, 100);
		f->records[3].node.utc_ns += (uint64_t)steps[i] * SECOND;
		s = take(f);
		assert_int_equal(s[1].values[STATS_RATE].weight, 1);
		assert_float_equal(s[1].values[STATS_RATE].mean, 1000 * 800 / 10.0, 1e-6);
		assert_int_equal(s[1].end, f->records[3].node.utc_ns / SECOND);
		assert_int_equal(s[1].end - s[1].start, 10);
		free(s);
	}
}

static void
test_full(void **state)
{
	struct fixture *f = *state;
	struct stats_stream *s;
	size_t count;

	go_on(f, 100, 1000, 0);
	free(take(f));
	go_on(f, 100, 1000, 0);
	assert_int_equal(stats_own_full(&f->snapshot, "left", &s, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(s[2].end - s[2].start, 300);
	assert_int_equal(s[2].owd[3], 2000);
	assert_float_equal(s[2].values[STATS_RATE].mean, 2000 * 800 / 300.0, 1e-6);
	free(s);
	/* The interval goes on where it was. */
	s = take(f);
	assert_int_equal(s[2].owd[3], 1000);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_intervals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defined_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
