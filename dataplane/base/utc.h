/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the node's monotonic time to UTC, both in nanoseconds: a straight line that the control
 * thread replaces by the next one where it ends, so that time never jumps and never runs backwards.
 */
#ifndef FERRY_UTC_H
#define FERRY_UTC_H

#include <stdint.h>

struct utc_map {
	uint64_t now0;	  /* monotonic, where this line begins */
	uint64_t utc0_ns; /* since the Unix epoch, at now0 */
	int64_t rate_q32; /* what UTC gains, 2^-32 ns a ns */
};

static inline uint64_t
utc_ns(const struct utc_map *map, uint64_t now)
{
	int64_t passed = (int64_t)(now - map->now0);

	return map->utc0_ns + (uint64_t)passed +
	       (uint64_t)(int64_t)(((__int128)passed * map->rate_q32) >> 32);
}

#endif
