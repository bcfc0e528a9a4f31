/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's statistics where their file or their memory cannot be had. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "show_harness.h"
#include "stats_export.h"

#define BLOCK 4096
#define MIB   (1u << 20)

struct fixture {
	struct harness h;
	struct session_entry **few, **many; /* the harness's sessions, and some of them again */
	uint32_t nb_few;
	char directory[64], path[128], error[256];
	struct stats_export e;
	struct ferry_stats *stats;
	struct ferry_stats_snapshot snapshot;
};

static struct statvfs told; /* of the file system; f_frsize 0: as it is */
static uint64_t bytes_taken;
static bool no_memory;

/* Their names where a file may be larger than 2 GiB, as meson has it. */
int __real_fstatvfs64(int fd, struct statvfs *fs);
int __wrap_fstatvfs64(int fd, struct statvfs *fs);
int __real_posix_fallocate64(int fd, off_t offset, off_t bytes);
int __wrap_posix_fallocate64(int fd, off_t offset, off_t bytes);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

int
__wrap_fstatvfs64(int fd, struct statvfs *fs)
{
	if (told.f_frsize == 0)
		return __real_fstatvfs64(fd, fs);
	*fs = told;
	return 0;
}

int
__wrap_posix_fallocate64(int fd, off_t offset, off_t bytes)
{
	bytes_taken += (uint64_t)bytes;
	return __real_posix_fallocate64(fd, offset, bytes);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return no_memory ? NULL : __real_realloc(memory, size);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct stats_export_params params;

	told.f_frsize = 0;
	harness_start(&f->h);
	strcpy(f->directory, "/tmp/ferry-stats-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.stats", f->directory);
	params = (struct stats_export_params){
		.view = &f->h.view, .path = f->path, .interval_ns = 1000000000, .intervals = 2};
	assert_int_equal(
		stats_export_begin(&f->e, &params, f->h.now, f->error, sizeof(f->error)), 0);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	f->few = f->h.book.entries;
	f->nb_few = f->h.book.nb_entries;
	f->many = calloc(f->nb_few + 10, sizeof(*f->many));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	stats_export_end(&f->e);
	ferry_stats_close(f->stats);
	ferry_stats_snapshot_free(&f->snapshot);
	assert_int_equal(rmdir(f->directory), 0);
	f->h.book.entries = f->few;
	f->h.book.nb_entries = f->nb_few;
	harness_end(&f->h);
	free(f->many);
	free(f);
	return 0;
}

/* What the interval that went by gives. */
static int export(struct fixture *f)
{
	f->h.now += UINT64_C(1000000000);
	return stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error));
}

static void
expect_tick(struct fixture *f)
{
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	assert_int_equal(ferry_stats_snapshot_node(&f->snapshot)->head.tick, f->e.tick);
}

/* By the file that has the name. */
static void
expect_written(struct fixture *f)
{
	ferry_stats_close(f->stats);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	expect_tick(f);
}

/* There are so many sessions more than at first. */
static void
grow(struct fixture *f, uint32_t more)
{
	for (uint32_t i = 0; i < f->nb_few + more; i++)
		f->many[i] = f->few[0];
	f->h.book.entries = f->many;
	f->h.book.nb_entries = f->nb_few + more;
}

/* A larger file is begun only where there is room for it, and for others. */
static void
test_no_room(void **state)
{
	struct fixture *f = *state;
	struct stats_writer larger;
	struct stats_writer_params params = {
		.path = f->path, .node = "left", .slots = 4096, .interval_ns = 1000000000};
	const uint64_t bytes = f->e.writer.bytes + 4096u * FERRY_STATS_SLOT;

	told = (struct statvfs){.f_frsize = BLOCK, .f_blocks = 10000};
	told.f_bavail = (bytes + MIB / 2) / BLOCK;
	bytes_taken = 0;
	assert_int_equal(stats_writer_open(&larger, &params, f->error, sizeof(f->error)), -ENOSPC);
	assert_non_null(strstr(f->error, "No space left"));
	assert_int_equal(bytes_taken, 0);
	assert_int_equal(export(f), 0);
	expect_written(f);
	told.f_bavail = (bytes + 2 * MIB) / BLOCK;
	assert_int_equal(stats_writer_open(&larger, &params, f->error, sizeof(f->error)), 0);
	assert_int_equal(bytes_taken, larger.bytes);
	stats_writer_close(&larger);
	/* No blocks are told of: there is no limit. */
	told.f_blocks = told.f_bavail = 0;
	assert_int_equal(stats_writer_open(&larger, &params, f->error, sizeof(f->error)), 0);
	stats_writer_close(&larger);
}

static void
test_no_memory(void **state)
{
	struct fixture *f = *state;

	for (uint32_t round = 1; round <= 2; round++) {
		grow(f, round);
		no_memory = true;
		assert_int_equal(export(f), -ENOMEM);
		assert_non_null(strstr(f->error, "out of memory"));
		/* Once only, and what has a place goes on. */
		for (int i = 0; i < 10; i++)
			assert_int_equal(export(f), 0);
		no_memory = false;
		expect_written(f);
		assert_int_equal(export(f), 0);
		expect_written(f);
	}
	/* A file that was cut short is seen all the same, before it kills who writes to it. */
	grow(f, 3);
	assert_int_equal(truncate(f->path, 0), 0);
	no_memory = true;
	assert_int_equal(export(f), -ENOMEM);
	no_memory = false;
	expect_written(f);
}

static uint64_t
inode(const struct fixture *f)
{
	struct stat st;

	assert_return_code(stat(f->path, &st), errno);
	return st.st_ino;
}

/* Somebody removed the file: there is another, and who reads the old one is told. */
static void
test_removed(void **state)
{
	struct fixture *f = *state;
	char aside[160];

	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(export(f), 0);
	assert_int_equal(ferry_stats_liveness(f->stats, 0), FERRY_STATS_OVER);
	expect_written(f);
	/* It cannot be made again: the old one goes on for who has it, and it is tried again. */
	snprintf(aside, sizeof(aside), "%s.aside", f->directory);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rename(f->directory, aside), 0);
	assert_int_equal(export(f), -ENOENT);
	assert_non_null(strstr(f->error, "goes on, another is tried again"));
	assert_int_equal(ferry_stats_liveness(f->stats, 0), FERRY_STATS_GONE);
	expect_tick(f);
	assert_int_equal(rename(aside, f->directory), 0);
	assert_int_equal(export(f), 1);
	expect_written(f);
}

/* Another node took the name: it keeps it, which is told once, and then it is ours again. */
static void
test_name_taken(void **state)
{
	struct fixture *f = *state;
	struct stats_writer_params params = {
		.path = f->path, .node = "other", .slots = 64, .interval_ns = 1000000000};
	struct stats_writer other;
	uint64_t theirs;

	assert_int_equal(stats_writer_open(&other, &params, f->error, sizeof(f->error)), 0);
	theirs = inode(f);
	assert_int_equal(export(f), -EEXIST);
	assert_non_null(strstr(f->error, "another has its name"));
	for (int i = 0; i < 10; i++)
		assert_int_equal(export(f), 0);
	assert_int_equal(inode(f), theirs);
	stats_writer_close(&other);
	assert_int_equal(export(f), 0);
	expect_written(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_taken, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
