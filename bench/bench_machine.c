/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a benchmark runs: DPDK's environment, the processor, how near two cores are. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "bench.h"
#include "eal_files.h"

#define EAL_ARGUMENTS 24

unsigned int
bench_free_hugepages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned int pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%u", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * 2;
}

static char own_prefix[64];

void
bench_forget(const char *prefix)
{
	const char *own = rte_eal_get_runtime_dir(), *slash = strrchr(own, '/');
	char path[512];

	if (slash == NULL)
		return;
	snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - own), own, prefix);
	eal_files_remove(path, prefix);
}

static void
forget_own(void)
{
	bench_forget(own_prefix);
}

static const char *
first_lcores(char *list, size_t size, unsigned int n)
{
	unsigned int found = 0;
	cpu_set_t set;

	list[0] = '\0';
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		bench_die("cannot tell on which CPUs to run");
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE && found < n; cpu++)
		if (CPU_ISSET(cpu, &set))
			snprintf(list + strlen(list), size - strlen(list), "%s%u@%u",
				found == 0 ? "" : ",", found, cpu),
				found++;
	return list;
}

const char *
bench_two_lcores(char *list, size_t size)
{
	return first_lcores(list, size, 2);
}

void
bench_eal(const char *program, unsigned int memory, const char *lcores)
{
	bool huge = bench_free_hugepages() >= memory;
	char size[16], first[64];
	const char *wanted[] = {program, "--no-pci", "--no-telemetry", "--log-level=error",
		"--file-prefix", own_prefix, "-m", size, "--lcores",
		lcores != NULL ? lcores : first, huge ? "--in-memory" : "--no-huge",
		huge ? "--single-file-segments" : "--no-shconf"};
	/* The EAL keeps what it is given, and puts a pointer of its own in. */
	static char text[EAL_ARGUMENTS][256], *argv[EAL_ARGUMENTS];
	int argc = (int)(sizeof(wanted) / sizeof(wanted[0]));

	snprintf(own_prefix, sizeof(own_prefix), "ferry-bench-%d", (int)getpid());
	snprintf(size, sizeof(size), "%u", memory);
	first_lcores(first, sizeof(first), 1);
	for (int i = 0; i < argc; i++) {
		snprintf(text[i], sizeof(text[i]), "%s", wanted[i]);
		argv[i] = text[i];
	}
	printf("memory: %u MiB %s\n", memory,
		huge ? "in hugepages"
		     : "in small pages (no hugepages are free: what does not fit the caches costs "
		       "more)");
	bench_at_end(forget_own);
	if (rte_eal_init(argc, argv) < 0)
		bench_die("DPDK does not start: %s", rte_strerror(rte_errno));
}

static void
processor_name(char *name, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, size, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
		break;
	}
	if (f != NULL)
		fclose(f);
}

/*
 * Core cycles a TSC cycle: a chain of multiplications, three core cycles each on this family since
 * long ago (newer ones do additions of constants without executing them). The best of some tries.
 */
static double
core_clock(void)
{
	const uint64_t steps = 100000;
	double best = 0;

	for (int try = 0; try < 20; try++) {
		uint64_t begin = rte_rdtsc(), x = begin, took;

		for (uint64_t i = 0; i < steps / 4; i++)
			__asm__ volatile("imul %0,%0\n\timul %0,%0\n\timul %0,%0\n\timul %0,%0"
					 : "+r"(x));
		took = rte_rdtsc() - begin;
		if (3 * (double)steps / (double)took > best)
			best = 3 * (double)steps / (double)took;
	}
	return best;
}

void
bench_print_machine(const struct bench_options *options)
{
	struct utsname uts = {0};
	char name[128];

	processor_name(name, sizeof(name));
	(void)uname(&uts);
	printf("machine: %s, TSC %.2f GHz, core clock about %.1f of it, %ld cores, Linux %s\n",
		name, (double)rte_get_tsc_hz() / 1e9, core_clock(), sysconf(_SC_NPROCESSORS_ONLN),
		uts.release);
	printf("commit: %s, built for " BENCH_CPU " with " __VERSION__ "\n", options->commit);
}

#define ROUND_TRIPS 20000

/* Two lines, so that each side writes one and reads the other. */
struct ping_pong {
	uint64_t ping __rte_cache_aligned;
	uint64_t pong __rte_cache_aligned;
};

static int
answer(void *arg)
{
	struct ping_pong *p = arg;

	for (uint64_t i = 1; i <= ROUND_TRIPS; i++) {
		while (__atomic_load_n(&p->ping, __ATOMIC_ACQUIRE) != i)
			rte_pause();
		__atomic_store_n(&p->pong, i, __ATOMIC_RELEASE);
	}
	return 0;
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct bench_stat
bench_round_trip(unsigned int lcore)
{
	static struct ping_pong p;
	static uint64_t took[ROUND_TRIPS];

	p = (struct ping_pong){0};
	if (rte_eal_remote_launch(answer, &p, lcore) != 0)
		bench_die("lcore %u is busy", lcore);
	for (uint64_t i = 1; i <= ROUND_TRIPS; i++) {
		uint64_t begin = rte_rdtsc();

		__atomic_store_n(&p.ping, i, __ATOMIC_RELEASE);
		while (__atomic_load_n(&p.pong, __ATOMIC_ACQUIRE) != i)
			rte_pause();
		took[i - 1] = rte_rdtsc() - begin;
	}
	(void)rte_eal_wait_lcore(lcore);
	qsort(took, ROUND_TRIPS, sizeof(took[0]), compare_times);
	return (struct bench_stat){
		.median = (double)took[ROUND_TRIPS / 2],
		.min = (double)took[ROUND_TRIPS / 100],
		.max = (double)took[ROUND_TRIPS - ROUND_TRIPS / 100],
	};
}
