/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's statistics where their file or their memory cannot be had. */
#include "unit.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "show_harness.h"
#include "stats_export.h"

#define BLOCK 4096
#define MIB   (1u << 20)

struct fixture {
	struct harness h;
	char directory[64], path[128], error[256];
	struct stats_export e;
	struct ferry_stats *stats;
	struct ferry_stats_snapshot snapshot;
};

static struct statvfs told; /* of the file system; f_frsize 0: as it is */
static uint64_t bytes_taken;

/* Their names where a file may be larger than 2 GiB, as meson has it. */
int __real_fstatvfs64(int fd, struct statvfs *fs);
int __wrap_fstatvfs64(int fd, struct statvfs *fs);
int __real_posix_fallocate64(int fd, off_t offset, off_t bytes);
int __wrap_posix_fallocate64(int fd, off_t offset, off_t bytes);

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
	harness_end(&f->h);
	free(f);
	return 0;
}

/* What the interval that went by gives. */
static int export(struct fixture *f)
{
	f->h.now += UINT64_C(1000000000);
	return stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error));
}

/* By the file that has the name. */
static void
expect_written(struct fixture *f)
{
	ferry_stats_close(f->stats);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	assert_int_equal(ferry_stats_snapshot_node(&f->snapshot)->head.tick, f->e.tick);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
