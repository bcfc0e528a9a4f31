/* SPDX-License-Identifier: BSD-3-Clause */
/* A writer and readers in processes of their own, killed in the middle of what they do. */
#include "unit.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ferry_stats.h"
#include "stats_writer.h"

#define SLOTS	 256
#define ROUNDS	 15
#define INTERVAL 10000000 /* ns */
#define TYPE	 60000

struct fixture {
	char directory[64], path[128], error[256];
	uint64_t *written; /* by the writer's process */
};

static uint64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
pause_us(long us)
{
	const struct timespec ts = {.tv_nsec = us * 1000};

	nanosleep(&ts, NULL);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/ferry-stats-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.stats", f->directory);
	f->written = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f->written, MAP_FAILED);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	assert_int_equal(rmdir(f->directory), 0);
	munmap(f->written, 4096);
	free(f);
	return 0;
}

static uint64_t
word_of(uint64_t number, uint32_t word)
{
	return (number + 7) * (word + 3) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool
is_whole(const union ferry_stats_record *record, uint64_t number)
{
	for (uint32_t i = 2; i < FERRY_STATS_WORDS; i++)
		if (record->words[i] != word_of(number, i))
			return false;
	return record->head.tick == number;
}

/* Writes until it is killed. */
static void
writer(struct fixture *f, uint64_t utc)
{
	struct stats_writer_params params = {.path = f->path,
		.node = "left",
		.slots = SLOTS,
		.interval_ns = INTERVAL,
		.utc_ns = utc,
		.now_ns = clock_ns()};
	struct stats_writer w;

	if (stats_writer_open(&w, &params, f->error, sizeof(f->error)) != 0)
		_exit(1);
	for (;;) {
		union ferry_stats_record record;

		for (uint32_t i = 2; i < FERRY_STATS_WORDS; i++)
			record.words[i] = word_of(w.next, i);
		record.head = (struct ferry_stats_head){TYPE, sizeof(record), 0, w.next};
		stats_writer_put(&w, &record);
		stats_writer_beat(&w, clock_ns());
		__atomic_store_n(f->written, w.next, __ATOMIC_RELAXED);
	}
}

static void
reader(struct fixture *f)
{
	struct ferry_stats *stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	union ferry_stats_record record;

	if (stats == NULL)
		_exit(1);
	for (;;)
		(void)ferry_stats_follow(stats, &record, NULL);
}

static pid_t
start(struct fixture *f, bool writes, uint64_t utc)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (writes)
		writer(f, utc);
	else
		reader(f);
	_exit(0);
}

static void
kill_it(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* A writer's file; one that was there before has another time. */
static struct ferry_stats *
open_new(struct fixture *f, uint64_t utc)
{
	for (int i = 0; i < 5000; i++) {
		struct ferry_stats *stats = ferry_stats_open(f->path, f->error, sizeof(f->error));

		if (stats != NULL && ferry_stats_started(stats) == utc)
			return stats;
		ferry_stats_close(stats);
		pause_us(1000);
	}
	fail_msg("no new file: %s", f->error);
	return NULL;
}

/* On a machine that is busy the writer waits for its turn. */
static void
wait_first(struct ferry_stats *stats)
{
	for (int i = 0; i < 5000 && ferry_stats_next_number(stats) == 0; i++)
		pause_us(1000);
}

/* What the dead writer left behind is whole, but for the one record it was at. */
static void
check_remains(struct ferry_stats *stats)
{
	uint64_t head = ferry_stats_next_number(stats), wrong = 0;
	union ferry_stats_record record;

	assert_true(head > 0);
	for (uint64_t n = head > SLOTS ? head - SLOTS : 0; n < head; n++) {
		enum ferry_stats_result result = ferry_stats_read(stats, n, &record);

		if (result != FERRY_STATS_OK)
			wrong++;
		else
			assert_true(is_whole(&record, n));
	}
	assert_true(wrong <= 1);
	assert_int_equal(ferry_stats_read(stats, head + 1, &record), FERRY_STATS_NOTHING);
}

static void
test_writer_is_killed(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats *old = NULL;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		pid_t pid = start(f, true, round);
		struct ferry_stats *stats = open_new(f, round);

		if (old != NULL)
			assert_int_equal(ferry_stats_liveness(old, 0), FERRY_STATS_REPLACED);
		ferry_stats_close(old);
		assert_int_equal(ferry_stats_liveness(stats, 0), FERRY_STATS_LIVES);
		wait_first(stats);
		pause_us((long)(round * 733 % 5000));
		kill_it(pid);
		check_remains(stats);
		assert_int_equal(
			ferry_stats_liveness(stats, clock_ns() + 2000000000), FERRY_STATS_SILENT);
		old = stats;
	}
	ferry_stats_close(old);
}

static void
test_readers_are_killed(void **state)
{
	struct fixture *f = *state;
	pid_t pid = start(f, true, 1);
	struct ferry_stats *stats = open_new(f, 1);

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t before = __atomic_load_n(f->written, __ATOMIC_RELAXED);
		pid_t one = start(f, false, 0), two = start(f, false, 0);

		pause_us(3000);
		kill_it(one);
		kill_it(two);
		for (int i = 0; i < 5000 &&
				__atomic_load_n(f->written, __ATOMIC_RELAXED) < before + 2 * SLOTS;
			i++)
			pause_us(1000);
		assert_true(__atomic_load_n(f->written, __ATOMIC_RELAXED) >= before + 2 * SLOTS);
		assert_int_equal(ferry_stats_liveness(stats, 0), FERRY_STATS_LIVES);
	}
	kill_it(pid);
	check_remains(stats);
	ferry_stats_close(stats);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_writer_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_readers_are_killed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
