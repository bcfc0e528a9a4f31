/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times in TSC cycles, counted in bins: 64 of equal width to each power of two, so that a
 * percentile is right to 1.6 %. One thread.
 */
#ifndef FERRY_BENCH_RELAY_LATENCY_H
#define FERRY_BENCH_RELAY_LATENCY_H

#include <stdint.h>

#define RELAY_LATENCY_BITS 6
#define RELAY_LATENCY_BINS ((64 - RELAY_LATENCY_BITS) << RELAY_LATENCY_BITS)

struct relay_latency {
	uint64_t count;
	uint64_t max;
	uint32_t bins[RELAY_LATENCY_BINS];
};

/* Bins 0 to 127 are one cycle wide, then each power of two has 64. */
static inline uint32_t
relay_latency_bin(uint64_t cycles)
{
	uint32_t shift;

	if (cycles < 2u << RELAY_LATENCY_BITS)
		return (uint32_t)cycles;
	shift = 63 - (uint32_t)__builtin_clzll(cycles) - RELAY_LATENCY_BITS;
	return (shift << RELAY_LATENCY_BITS) + (uint32_t)(cycles >> shift);
}

static inline void
relay_latency_add(struct relay_latency *l, uint64_t cycles)
{
	l->bins[relay_latency_bin(cycles)]++;
	l->count++;
	if (cycles > l->max)
		l->max = cycles;
}

/* The middle of the bin in which the share (0 to 1) of all is reached; 0 if there is none. */
double relay_latency_quantile(const struct relay_latency *l, double share);

#endif
