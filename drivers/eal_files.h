/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK leaves behind of a process that has ended: a directory of its runtime files
 * (Programmer's Guide, Environment Abstraction Layer, "Multi-process support").
 */
#ifndef FERRY_EAL_FILES_H
#define FERRY_EAL_FILES_H

/*
 * Removes a runtime directory, as rte_eal_get_runtime_dir() named it, after rte_eal_cleanup(). It
 * must end with prefix (--file-prefix): an argument of DPDK's may have chosen another program's.
 * The lock file goes last; while it is there no process can begin with this prefix.
 */
void eal_files_remove(const char *directory, const char *prefix);

#endif
