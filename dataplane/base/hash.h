/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash of all tables: the key times 2^64 over the golden ratio (D. E. Knuth, "The Art of
 * Computer Programming", volume 3, 6.4). Its high bits are the good ones: a table of 2^n places
 * takes the highest n. One multiplication, no state, any thread; keys that are chosen to collide
 * do.
 */
#ifndef FERRY_HASH_H
#define FERRY_HASH_H

#include <stdint.h>

static inline uint64_t
hash_id(uint64_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15);
}

/*
 * The same for keys that neighbours choose, by a number of the table's own, odd and drawn at
 * random. Of all such numbers at most 2 in 2^n have two given keys meet in the highest n bits (M.
 * Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair problem", 1997).
 */
static inline uint64_t
hash_own(uint64_t key, uint64_t odd)
{
	return key * odd;
}

#endif
