/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's directory goes with the last process that uses it, and only if it is what it should be. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "eal_files.h"

#define PREFIX "ferry-unit"

static char base[] = "/tmp/ferry-eal-files-XXXXXX", directory[sizeof(base) + sizeof(PREFIX)];

static int
setup(void **state)
{
	static const char *const names[] = {"config", "dpdk_telemetry.v2", "mp_socket"};
	char path[256];

	(void)state;
	snprintf(directory, sizeof(directory), "%s/" PREFIX, base);
	if (mkdir(directory, 0700) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static bool
is_whole(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", directory);
	return access(path, F_OK) == 0;
}

static void
test_goes_with_the_last(void **state)
{
	int first = eal_files_hold(directory), second = eal_files_hold(directory);

	(void)state;
	assert_true(first >= 0 && second >= 0);
	close(first);
	eal_files_remove(directory, PREFIX);
	assert_true(is_whole());
	close(second);
	eal_files_remove(directory, PREFIX);
	assert_int_equal(access(directory, F_OK), -1);
}

static void
test_of_another_program(void **state)
{
	(void)state;
	eal_files_remove(directory, "ferry-other");
	assert_true(is_whole());
	eal_files_remove(directory, PREFIX);
	assert_int_equal(access(directory, F_OK), -1);
	eal_files_remove(directory, PREFIX); /* nothing there: nothing done */
	assert_int_equal(eal_files_hold(directory), -1);
}

static int
begin(void **state)
{
	(void)state;
	return mkdtemp(base) != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	return rmdir(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_goes_with_the_last, setup),
		cmocka_unit_test_setup(test_of_another_program, setup),
	};

	return cmocka_run_group_tests_name("eal_files", tests, begin, end);
}
