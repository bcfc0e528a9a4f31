/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "device_name.h"
#include "eal_args.h"

#define MEMIF                                                                                      \
	"{ name = \"b\"; device = \"net_memif0,role=server,id=1\"; addresses = [ \"10.2.0.1/24\" " \
	"]; }"
#define PCI "{ name = \"a\"; device = \"0000:3b:00.1,x=1\"; addresses = [ \"10.1.0.1/24\" ]; }"

/* The arguments of a configuration, joined with blanks, or "-" and the reason. */
static void
assert_args(const char *node, const char *ports, const struct eal_env *env, uint64_t memory_mib,
	bool no_huge, const char *wanted)
{
	struct config_errors errs = {0};
	char text[4096], reason[256] = "", got[2048] = "";
	struct eal_args args;
	struct config *config;
	int result;

	snprintf(text, sizeof(text), "node = { id = 1; name = \"t\"; %s };\nports = ( %s );\n",
		node, ports);
	config = config_load_string("test.cfg", text, strlen(text), &errs);
	config_errors_print(&errs, stderr);
	assert_non_null(config);
	result = eal_args_build(&args, config, env, memory_mib, reason, sizeof(reason));
	if (result < 0) {
		assert_string_equal(reason, wanted);
	} else {
		for (int i = 0; i < args.argc; i++) {
			strcat(got, i == 0 ? "" : " ");
			strcat(got, args.argv[i]);
		}
		assert_string_equal(got, wanted);
		assert_null(args.argv[args.argc]);
		assert_int_equal(args.no_huge, no_huge);
		/* As getopt does: the caller's order is not what is freed. */
		args.argv[0] = NULL;
	}
	eal_args_free(&args);
	config_free(config);
}

static const struct eal_env two_cpus = {.shared = {{0, 1}, 2}};
static const struct eal_env many_cpus = {
	.shared = {{0, 1, 2, 3, 8, 10, 11}, 7}, .huge_free_mib = 1024};
static const struct eal_env isolated_cpus = {
	.shared = {{0, 1}, 2}, .isolated = {{2, 3}, 2}, .huge_free_mib = 1024};

static void
test_floating(void **state)
{
	(void)state;
	assert_args("", MEMIF, &two_cpus, 300, true,
		"ferryd --lcores=(0-1)@(0-1) --main-lcore=0 --file-prefix=ferry-t --no-huge "
		"--no-shconf -m 300 --vdev=net_memif0,role=server,id=1 --no-pci");
	assert_args("workers = 3;", MEMIF, &many_cpus, 300, false,
		"ferryd --lcores=(0-3)@(0-3,8,10-11) --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --vdev=net_memif0,role=server,id=1 --no-pci");
}

static void
test_pinned(void **state)
{
	(void)state;
	assert_args("workers = 3; cpus = [ 10, 2, 1 ];", MEMIF, &many_cpus, 300, false,
		"ferryd --lcores=0@(0,3,8,11),1@10,2@2,3@1 --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --vdev=net_memif0,role=server,id=1 --no-pci");
	/* No CPU is left for the control thread alone. */
	assert_args("workers = 2; cpus = [ 0, 1 ];", MEMIF, &two_cpus, 300, true,
		"ferryd --lcores=0@(0-1),1@0,2@1 --main-lcore=0 --file-prefix=ferry-t --no-huge "
		"--no-shconf -m 300 --vdev=net_memif0,role=server,id=1 --no-pci");
	assert_args("cpus = [ 9 ];", MEMIF, &many_cpus, 300, false,
		"test.cfg:1: node: cpus has CPU 9, on which this process may not run; it may on "
		"0-3,8,10-11");
}

/* isolcpus=2,3: who wants them names them, and nobody else is put there. */
static void
test_isolated(void **state)
{
	(void)state;
	assert_args("workers = 2; cpus = [ 2, 3 ];", MEMIF, &isolated_cpus, 300, false,
		"ferryd --lcores=0@(0-1),1@2,2@3 --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --vdev=net_memif0,role=server,id=1 --no-pci");
	assert_args("", MEMIF, &isolated_cpus, 300, false,
		"ferryd --lcores=(0-1)@(0-1) --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --vdev=net_memif0,role=server,id=1 --no-pci");
	assert_args("cpus = [ 9 ];", MEMIF, &isolated_cpus, 300, false,
		"test.cfg:1: node: cpus has CPU 9, on which this process may not run; it may on "
		"0-1,2-3");
}

/* What a mask leaves out is not lost to a thread that is pinned there; the mask stays. */
static void
test_masked(void **state)
{
	static struct eal_env whole, masked;
	cpu_set_t before, one, after;
	char reason[256];

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(eal_env_read(&whole, reason, sizeof(reason)), 0);
	CPU_ZERO(&one);
	CPU_SET(whole.shared.cpus[0], &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(eal_env_read(&masked, reason, sizeof(reason)), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&one, &after));
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(masked.shared.count, 1);
	assert_int_equal(masked.shared.cpus[0], whole.shared.cpus[0]);
	assert_int_equal(masked.isolated.count, whole.shared.count + whole.isolated.count - 1);
}

static void
test_memory(void **state)
{
	(void)state;
	assert_args("", PCI, &many_cpus, 1024, false,
		"ferryd --lcores=(0-1)@(0-3,8,10-11) --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --allow=0000:3b:00.1,x=1");
	assert_args("", PCI, &many_cpus, 1025, true,
		"ferryd --lcores=(0-1)@(0-3,8,10-11) --main-lcore=0 --file-prefix=ferry-t "
		"--no-huge "
		"--no-shconf -m 1025 --allow=0000:3b:00.1,x=1");
	assert_args("eal = [ \"--huge-dir=/mnt/huge\", \"--log-level=8\" ];", PCI, &two_cpus, 1025,
		false,
		"ferryd --lcores=(0-1)@(0-1) --main-lcore=0 --file-prefix=ferry-t "
		"--allow=0000:3b:00.1,x=1 --huge-dir=/mnt/huge --log-level=8");
	assert_args("eal = [ \"-m\", \"64\" ];", PCI, &two_cpus, 1025, false,
		"ferryd --lcores=(0-1)@(0-1) --main-lcore=0 --file-prefix=ferry-t "
		"--allow=0000:3b:00.1,x=1 -m 64");
	/* What getopt_long() takes for --no-huge. */
	assert_args("eal = [ \"--no-hu\", \"--log-level=8\" ];", PCI, &many_cpus, 1024, false,
		"ferryd --lcores=(0-1)@(0-3,8,10-11) --main-lcore=0 --file-prefix=ferry-t "
		"--allow=0000:3b:00.1,x=1 --no-hu --log-level=8");
}

static void
test_devices(void **state)
{
	(void)state;
	assert_args("", PCI ", " MEMIF, &many_cpus, 1, false,
		"ferryd --lcores=(0-1)@(0-3,8,10-11) --main-lcore=0 --file-prefix=ferry-t "
		"--in-memory --allow=0000:3b:00.1,x=1 --vdev=net_memif0,role=server,id=1");
}

static void
assert_device(const char *device, const char *wanted, bool pci)
{
	char name[DEVICE_NAME_MAX] = "";

	assert_int_equal(device_name(device, name), wanted != NULL);
	if (wanted != NULL) {
		assert_string_equal(name, wanted);
		assert_int_equal(device_is_pci(device), pci);
	}
}

static void
test_device_names(void **state)
{
	(void)state;
	assert_device("0000:3b:00.1", "0000:3b:00.1", true);
	assert_device("3B:00.1", "0000:3b:00.1", true);
	assert_device("10000:3b:00.1", NULL, true);
	assert_device("ffff:ff:1f.7,a=b", "ffff:ff:1f.7", true);
	assert_device("0000:3b:20.0", NULL, true);
	assert_device("0000:3b:00.8", NULL, true);
	assert_device("0000:100:00.0", NULL, true);
	assert_device("3b:00.1x", NULL, true);
	assert_device("3b.1", NULL, true);
	assert_device("1:2:3:4.5", NULL, true);
	assert_device("net_af_packet0,iface=veth0,qpairs=2", "net_af_packet0", false);
	assert_device("virtio_user0", "virtio_user0", false);
	assert_device("eth_af_packet1,iface=a", "eth_af_packet1", false);
	assert_device("eth0", NULL, false);
	assert_device("net_a-b", NULL, false);
	assert_device("", NULL, false);
	assert_device(",", NULL, false);
}

static void
write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/free_hugepages");
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void
test_environment(void **state)
{
	char directory[] = "/tmp/ferry-huge-XXXXXX", path[256];
	static const char *const names[] = {"hugepages-2048kB", "hugepages-1048576kB", "other"};
	struct eal_env env;
	char reason[256];

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(eal_env_huge_free(directory), 0);
	write_file(directory, names[0], "100\n");
	write_file(directory, names[1], "3\n");
	write_file(directory, names[2], "7\n");
	assert_int_equal(eal_env_huge_free(directory), 200 + 3072);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", directory, names[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		rmdir(path);
	}
	rmdir(directory);
	assert_int_equal(eal_env_huge_free(directory), 0);
	assert_int_equal(eal_env_read(&env, reason, sizeof(reason)), 0);
	assert_in_range(env.shared.count, 1, EAL_CPUS_MAX);
}

/* A lock is its open file's, so two descriptors of one process are as two nodes. */
static void
test_turn(void **state)
{
	char directory[] = "/tmp/ferry-turn-XXXXXX", path[64];
	int first, second;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(rmdir(directory), 0); /* it is made */
	snprintf(path, sizeof(path), "%s/turn", directory);
	first = eal_turn_take(path, 0);
	assert_true(first >= 0);
	assert_int_equal(eal_turn_take(path, 0), -EBUSY);
	assert_int_equal(eal_turn_take(path, 60), -EBUSY);
	eal_turn_give(&first);
	assert_int_equal(first, -1);
	eal_turn_give(&first);
	second = eal_turn_take(path, 0);
	assert_true(second >= 0);
	eal_turn_give(&second);
	unlink(path);
	rmdir(directory);
}

/* One that others can open, and so lock, delays nobody; nor does a way to another file. */
static void
test_no_turn(void **state)
{
	char path[] = "/tmp/ferry-turn-XXXXXX";
	struct timespec before, after;
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(fchmod(file, 0644), 0);
	assert_int_equal(flock(file, LOCK_EX), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(eal_turn_take(path, 10000), -EPERM);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(eal_turn_take(path, 10000), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(eal_turn_take(path, 10000), -EPERM);
	unlink(path);
	assert_int_equal(eal_turn_take("/proc/none/turn", 10000), -ENOENT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_in_range(after.tv_sec - before.tv_sec, 0, 5);
	close(file);
}

/* The file that nodes lock. */
static void
test_turn_of_nodes(void **state)
{
	int fd = eal_turn_take(EAL_TURN_FILE, EAL_TURN_MS);
	struct stat st;

	(void)state;
	if (fd < 0 && geteuid() != 0)
		skip();
	assert_true(fd >= 0);
	assert_int_equal(stat(EAL_TURN_FILE, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(eal_turn_take(EAL_TURN_FILE, 0), -EBUSY);
	eal_turn_give(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floating),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_isolated),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_device_names),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_no_turn),
		cmocka_unit_test(test_turn_of_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
