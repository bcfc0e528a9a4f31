/* SPDX-License-Identifier: BSD-3-Clause */
/* Nanoseconds of the time-stamp counter, from a common start: the `now` of everything else. */
#ifndef FERRY_TSC_H
#define FERRY_TSC_H

#include <stdint.h>

#include <rte_cycles.h>

struct tsc_clock {
	uint64_t start;	 /* cycles */
	uint64_t ns_q32; /* nanoseconds a cycle, 2^-32 */
};

static inline void
tsc_clock_init(struct tsc_clock *clock)
{
	clock->start = rte_rdtsc();
	clock->ns_q32 = (uint64_t)(((unsigned __int128)1000000000u << 32) / rte_get_tsc_hz());
}

static inline uint64_t
tsc_clock_now(const struct tsc_clock *clock)
{
	return (uint64_t)(((unsigned __int128)(rte_rdtsc() - clock->start) * clock->ns_q32) >> 32);
}

#endif
