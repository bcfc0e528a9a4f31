/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment for a program that tests: no hugepages, no device. */
#ifndef FERRY_TEST_EAL_H
#define FERRY_TEST_EAL_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>

/* DPDK leaves its directory behind, empty, whether it is cleaned up or not. */
static inline void
test_eal_remove_directory(void)
{
	(void)rmdir(rte_eal_get_runtime_dir());
}

/*
 * 0, or -1 with rte_errno; once a process. The EAL binds the thread to the first CPU: it is let go
 * again, or all tests that run at once would share that one.
 */
static inline int
test_eal(uint32_t mib, bool telemetry)
{
	char prefix[64], size[16];
	char *argv[] = {(char[]){"test"}, (char[]){"--no-huge"}, (char[]){"--no-shconf"},
		(char[]){"--no-pci"}, (char[]){"-m"}, size, (char[]){"--log-level=error"},
		(char[]){"--file-prefix"}, prefix,
		telemetry ? (char[]){"--telemetry"} : (char[]){"--no-telemetry"}, NULL};
	cpu_set_t cpus;

	snprintf(prefix, sizeof(prefix), "ferry-test-%d", (int)getpid());
	snprintf(size, sizeof(size), "%u", mib);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -1;
	if (atexit(test_eal_remove_directory) != 0 ||
		rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv) < 0)
		return -1;
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

#endif
