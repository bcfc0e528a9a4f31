/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK leaves behind of a process that has ended: a directory of its runtime files
 * (Programmer's Guide, Environment Abstraction Layer, "Multi-process support").
 */
#ifndef FERRY_EAL_FILES_H
#define FERRY_EAL_FILES_H

/*
 * Two processes may have one prefix where DPDK shares nothing between them (--in-memory,
 * --no-shconf). Says that this one uses the directory: a descriptor to be closed before
 * eal_files_remove, or -1, which says nothing.
 */
int eal_files_hold(const char *directory);

/*
 * Removes a runtime directory that nobody holds any more, as rte_eal_get_runtime_dir() named it,
 * after rte_eal_cleanup(). It must end with prefix (--file-prefix): an argument of DPDK's may have
 * chosen another program's. The lock file goes last; while it is there no process can begin with
 * this prefix.
 */
void eal_files_remove(const char *directory, const char *prefix);

#endif
