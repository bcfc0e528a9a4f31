/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_name.h"
#include "eal_args.h"

/* Beside those of ports and the configuration's own. */
#define FIXED_ARGS 12
#define LIST_MAX   8192

static void __attribute__((format(printf, 2, 3)))
eal_args_add(struct eal_args *args, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vasprintf(&args->argv[args->argc], format, list) < 0)
		err(1, "EAL arguments");
	va_end(list);
	args->owned[args->argc] = args->argv[args->argc];
	args->argc++;
}

static bool
is_pinned(const struct config_node *node, uint32_t cpu)
{
	for (uint32_t i = 0; node != NULL && i < node->cpu_count; i++) {
		if (node->cpus[i] == cpu)
			return true;
	}
	return false;
}

/* CPUs as "0-3,5", but those to which a worker is pinned (node NULL: all). Returns how many. */
static uint32_t
list_cpus(const struct eal_cpus *cpus, const struct config_node *node, char *list)
{
	uint32_t count = 0;
	size_t used = 0;

	list[0] = 0;
	for (uint32_t i = 0; i < cpus->count; i++) {
		uint32_t first = cpus->cpus[i], last = first;

		if (is_pinned(node, first))
			continue;
		while (i + 1 < cpus->count && cpus->cpus[i + 1] == last + 1 &&
			!is_pinned(node, last + 1)) {
			last++;
			i++;
		}
		used += (size_t)snprintf(
			list + used, LIST_MAX - used, "%s%u", count == 0 ? "" : ",", first);
		if (last > first)
			used += (size_t)snprintf(list + used, LIST_MAX - used, "-%u", last);
		count += last - first + 1;
	}
	return count;
}

static bool
has_cpu(const struct eal_cpus *cpus, uint32_t cpu)
{
	for (uint32_t i = 0; i < cpus->count; i++) {
		if (cpus->cpus[i] == cpu)
			return true;
	}
	return false;
}

static void
tell_cpu(const struct config_node *node, const struct eal_env *env, uint32_t cpu, char *reason,
	size_t size)
{
	char shared[LIST_MAX], isolated[LIST_MAX];
	uint32_t more = list_cpus(&env->isolated, NULL, isolated);

	(void)list_cpus(&env->shared, NULL, shared);
	snprintf(reason, size,
		"%s:%u: node: cpus has CPU %u, on which this process may not run; it may on %s%s%s",
		node->where.file, node->where.line, cpu, shared, more > 0 ? "," : "",
		more > 0 ? isolated : "");
}

/* The control thread shares no CPU with a worker if there is another. */
static int
add_lcores(struct eal_args *args, const struct config_node *node, const struct eal_env *env,
	char *reason, size_t size)
{
	char list[LIST_MAX], workers[CONFIG_WORKERS_MAX * 16] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < node->cpu_count; i++) {
		uint32_t cpu = node->cpus[i];

		if (!has_cpu(&env->shared, cpu) && !has_cpu(&env->isolated, cpu)) {
			tell_cpu(node, env, cpu, reason, size);
			return -1;
		}
		used += (size_t)snprintf(
			workers + used, sizeof(workers) - used, ",%u@%u", i + 1, cpu);
	}
	if (node->cpu_count == 0) {
		(void)list_cpus(&env->shared, NULL, list);
		eal_args_add(args, "--lcores=(0-%u)@(%s)", node->workers, list);
		return 0;
	}
	if (list_cpus(&env->shared, node, list) == 0)
		(void)list_cpus(&env->shared, NULL, list);
	eal_args_add(args, "--lcores=0@(%s)%s", list, workers);
	return 0;
}

bool
eal_arg_is(const char *argument, const char *option)
{
	size_t len = strcspn(argument, "=");

	/* "--" alone ends the options. */
	return len > 2 && strncmp(argument, option, len) == 0;
}

static bool
is_memory_option(const char *argument)
{
	static const char *const options[] = {"--no-huge", "--in-memory", "--socket-mem",
		"--socket-limit", "--legacy-mem", "--huge-dir", "--huge-unlink",
		"--single-file-segments", "--no-shconf"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (eal_arg_is(argument, options[i]))
			return true;
	return strncmp(argument, "-m", 2) == 0;
}

static void
add_memory(struct eal_args *args, const struct config_node *node, const struct eal_env *env,
	uint64_t memory_mib)
{
	for (uint32_t i = 0; i < node->eal_count; i++) {
		if (is_memory_option(node->eal[i]))
			return;
	}
	if (env->huge_free_mib >= memory_mib && env->huge_free_mib > 0) {
		eal_args_add(args, "--in-memory");
		return;
	}
	args->no_huge = true;
	eal_args_add(args, "--no-huge");
	eal_args_add(args, "--no-shconf");
	eal_args_add(args, "-m");
	eal_args_add(args, "%llu", (unsigned long long)memory_mib);
}

static void
add_devices(struct eal_args *args, const struct config *config)
{
	bool pci = false;

	for (uint32_t i = 0; i < config->port_count; i++) {
		const char *device = config->ports[i].device;

		pci |= device_is_pci(device);
		eal_args_add(args, "%s=%s", device_is_pci(device) ? "--allow" : "--vdev", device);
	}
	if (!pci)
		eal_args_add(args, "--no-pci");
}

int
eal_args_build(struct eal_args *args, const struct config *config, const struct eal_env *env,
	uint64_t memory_mib, char *reason, size_t size)
{
	const struct config_node *node = &config->node;
	size_t room = FIXED_ARGS + config->port_count + node->eal_count + 1;

	memset(args, 0, sizeof(*args));
	args->argv = calloc(room, sizeof(*args->argv));
	args->owned = calloc(room, sizeof(*args->owned));
	if (args->argv == NULL || args->owned == NULL)
		err(1, "EAL arguments");
	eal_args_add(args, "ferryd");
	if (add_lcores(args, node, env, reason, size) < 0)
		return -1;
	eal_args_add(args, "--main-lcore=0");
	eal_args_add(args, "--file-prefix=ferry-%s", node->name);
	add_memory(args, node, env, memory_mib);
	add_devices(args, config);
	for (uint32_t i = 0; i < node->eal_count; i++)
		eal_args_add(args, "%s", node->eal[i]);
	return 0;
}

void
eal_args_free(struct eal_args *args)
{
	for (int i = 0; args->owned != NULL && i < args->argc; i++)
		free(args->owned[i]);
	free(args->owned);
	free(args->argv);
	memset(args, 0, sizeof(*args));
}
