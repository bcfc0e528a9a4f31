/* SPDX-License-Identifier: BSD-3-Clause */
/* Which node ferrytop means: the one that lives, whatever dead ones left. */
#include "unit.h"

#include <time.h>
#include <unistd.h>

#include "stats_writer.h"
#include "top_source.h"

#define SECOND UINT64_C(1000000000)

struct fixture {
	char directory[64], path[TOP_PATH_MAX], error[512];
	struct stats_writer writers[3];
};

static const char *const names[] = {"left", "middle", "right"};

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/ferry-top-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	for (int i = 0; i < 3; i++) {
		char path[128];
		struct stats_writer_params params = {.path = path,
			.node = names[i],
			.node_id = 1 + (uint32_t)i,
			.slots = 64,
			.interval_ns = 3600 * SECOND,
			.now_ns = now()};

		snprintf(path, sizeof(path), "%s/%s.stats", f->directory, names[i]);
		assert_int_equal(
			stats_writer_open(&f->writers[i], &params, f->error, sizeof(f->error)), 0);
	}
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		stats_writer_close(&f->writers[i]);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

/* Nothing is heard of it any more, as after kill -9: its file stays. */
static void
die(struct fixture *f, int i)
{
	f->writers[i].header->interval_ns = 1;
	stats_writer_beat(&f->writers[i], 0);
}

static int
find(struct fixture *f)
{
	f->error[0] = 0;
	return top_source_find(f->directory, f->path, f->error, sizeof(f->error));
}

static void
expect_choice(struct fixture *f, const char *wanted)
{
	assert_int_equal(find(f), -1);
	assert_string_equal(f->error, wanted);
}

static void
expect_found(struct fixture *f, const char *name)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "%s/%s.stats", f->directory, name);
	assert_int_equal(find(f), 0);
	assert_string_equal(f->path, wanted);
}

static void
test_the_living(void **state)
{
	struct fixture *f = *state;

	expect_choice(f, "several nodes run here, choose one with -n: left middle right");
	die(f, 0);
	expect_choice(f, "several nodes run here, choose one with -n: middle right");
	die(f, 1);
	expect_found(f, "right");
	die(f, 2);
	expect_choice(f, "no node runs here, but several that died left their statistics, choose "
			 "one with -n: left middle right");
}

/* The only file is what is there to be seen, of a dead node too; and one that is no such file. */
static void
test_the_only_one(void **state)
{
	struct fixture *f = *state;
	char path[128];

	for (int i = 0; i < 3; i++)
		die(f, i);
	stats_writer_close(&f->writers[0]);
	stats_writer_close(&f->writers[2]);
	expect_found(f, "middle");
	snprintf(path, sizeof(path), "%s/middle.stats", f->directory);
	assert_int_equal(truncate(path, 10), 0);
	expect_found(f, "middle");
	stats_writer_close(&f->writers[1]);
	assert_int_equal(find(f), -1);
	assert_non_null(strstr(f->error, "no node's statistics are in "));
}

static void
put_node(struct stats_writer *w, uint32_t count)
{
	union ferry_stats_record record = {
		.node = {.head = {FERRY_STATS_NODE, sizeof(record.node), 0, w->next + 1},
			.first = w->next,
			.count = count}};

	stats_writer_put(w, &record);
}

/* An interval that cannot be read is told; what was read before stays. */
static void
test_what_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct top_source source = {0};

	snprintf(source.path, sizeof(source.path), "%s/left.stats", f->directory);
	assert_false(top_source_read(&source));
	assert_string_equal(source.state, "lives, no statistics yet");
	put_node(&f->writers[0], 1);
	assert_true(top_source_read(&source));
	assert_string_equal(source.state, "lives");
	assert_int_equal(source.snapshot.count, 1);
	put_node(&f->writers[0], 1000);
	assert_false(top_source_read(&source));
	assert_string_equal(source.state, "lives, its statistics make no sense");
	assert_int_equal(source.snapshot.count, 1);
	assert_false(top_source_read(&source));
	assert_string_equal(source.state, "lives, its statistics make no sense");
	top_source_close(&source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_living, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_only_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
