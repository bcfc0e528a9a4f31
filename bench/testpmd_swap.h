/* SPDX-License-Identifier: BSD-3-Clause */
/* What DPDK's own testpmd needs to swap a packet's addresses, on this core. */
#ifndef FERRY_BENCH_TESTPMD_SWAP_H
#define FERRY_BENCH_TESTPMD_SWAP_H

/*
 * Runs dpdk-testpmd in mode 5tswap on this core, with one burst of 32 packets going round through a
 * net_ring device in loopback. Returns its TSC cycles a packet, counted in the time that its thread
 * had the core; negative if there is no testpmd or it told nothing.
 */
double testpmd_swap_cycles(unsigned int seconds);

#endif
