/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment for a unit test that needs its memory: no hugepages, no device. */
#ifndef FERRY_TEST_UNIT_EAL_H
#define FERRY_TEST_UNIT_EAL_H

#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>

/* 0, or -1; once a process. */
static inline int
unit_eal(void)
{
	char prefix[64];
	char *argv[] = {(char[]){"unit"}, (char[]){"--no-huge"}, (char[]){"--no-shconf"},
		(char[]){"--no-pci"}, (char[]){"--no-telemetry"}, (char[]){"-m"}, (char[]){"64"},
		(char[]){"--log-level=error"}, (char[]){"--file-prefix"}, prefix, NULL};

	snprintf(prefix, sizeof(prefix), "ferry-unit-%d", (int)getpid());
	return rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv) < 0 ? -1 : 0;
}

#endif
