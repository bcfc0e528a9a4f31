/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arguments with which a node starts DPDK's EAL, from its configuration and from what the
 * machine has. Lcore 0 is the control thread's, lcores 1 to workers are the workers'.
 */
#ifndef FERRY_EAL_ARGS_H
#define FERRY_EAL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define EAL_CPUS_MAX 1024

struct eal_cpus {
	uint32_t cpus[EAL_CPUS_MAX]; /* ascending */
	uint32_t count;
};

/* What the machine has. */
struct eal_env {
	struct eal_cpus shared; /* on which the scheduler may place this process */
	/* To which a thread of it may be pinned all the same: isolcpus= keeps the others off. */
	struct eal_cpus isolated;
	uint64_t huge_free_mib; /* in free hugepages of all sizes */
};

struct eal_args {
	int argc;
	char **argv;  /* for rte_eal_init(), which may permute it; ends with NULL */
	bool no_huge; /* the log should say so: no hugepages, or too few */
	char **owned;
};

/* Reads the environment of this process. 0, or -1 with the reason. */
int eal_env_read(struct eal_env *env, char *reason, size_t size);

/*
 * MiB in the free hugepages that a directory as /sys/kernel/mm/hugepages tells; 0 if there is no
 * such directory.
 */
uint64_t eal_env_huge_free(const char *directory);

/*
 * Nodes that start at once on one machine look for hugepages and take them one after the other:
 * each locks this file (flock) meanwhile, which is made, and only its owner may open. The
 * descriptor that holds the turn, or a negative errno: -EBUSY if it was not had in wait_ms, -EPERM
 * if others could lock the file too; a start then goes on without. eal_turn_give() sets the
 * descriptor to -1, and may be called with a negative one.
 */
#define EAL_TURN_FILE "/run/ferry/hugepages.lock"
#define EAL_TURN_MS   10000
int eal_turn_take(const char *path, uint32_t wait_ms);
void eal_turn_give(int *fd);

/*
 * Is this argument that long option ("--lcores"), with a value or without? Also if it is only what
 * the name begins with: getopt_long() takes that for it.
 */
bool eal_arg_is(const char *argument, const char *option);

/*
 * Builds the arguments. memory_mib is what the node's pools need; with hugepages enough for it the
 * EAL takes them as it needs them, else it gets that much ordinary memory. A memory option among
 * the configuration's own EAL arguments (as --no-huge, -m, --huge-dir) takes the place of both. 0,
 * or -1 with the reason; eal_args_free() after either.
 */
int eal_args_build(struct eal_args *args, const struct config *config, const struct eal_env *env,
	uint64_t memory_mib, char *reason, size_t size);
void eal_args_free(struct eal_args *args);

#endif
