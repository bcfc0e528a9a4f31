/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "eal_args.h"

static uint64_t
eal_env_free_pages(const char *directory, const char *name)
{
	unsigned long long pages = 0;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/free_hugepages", directory, name);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages;
}

uint64_t
eal_env_huge_free(const char *directory)
{
	DIR *dir = opendir(directory);
	uint64_t kib = 0;
	struct dirent *entry;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		unsigned long long size;

		if (sscanf(entry->d_name, "hugepages-%llukB", &size) == 1)
			kib += size * eal_env_free_pages(directory, entry->d_name);
	}
	closedir(dir);
	return kib / 1024;
}

/* A CPU that is not in the mask may still be had: a cpuset would forbid it, isolcpus= does not. */
static void
find_cpus(struct eal_env *env, const cpu_set_t *shared)
{
	long cpus = RTE_MIN(sysconf(_SC_NPROCESSORS_CONF), (long)EAL_CPUS_MAX);

	for (uint32_t cpu = 0; cpu < cpus && cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (CPU_ISSET(cpu, shared))
			env->shared.cpus[env->shared.count++] = cpu;
		else if (sched_setaffinity(0, sizeof(one), &one) == 0)
			env->isolated.cpus[env->isolated.count++] = cpu;
	}
}

int
eal_env_read(struct eal_env *env, char *reason, size_t size)
{
	cpu_set_t set;

	memset(env, 0, sizeof(*env));
	if (sched_getaffinity(0, sizeof(set), &set) < 0) {
		snprintf(reason, size, "cannot tell on which CPUs to run: %s", strerror(errno));
		return -1;
	}
	find_cpus(env, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0) {
		snprintf(reason, size, "cannot go back to the CPUs on which it ran: %s",
			strerror(errno));
		return -1;
	}
	env->huge_free_mib = eal_env_huge_free("/sys/kernel/mm/hugepages");
	return 0;
}
