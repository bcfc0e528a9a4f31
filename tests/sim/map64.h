/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A growing map from 64-bit keys to 32-bit values, for the oracle. Key UINT64_MAX is not to be
 * used.
 */
#ifndef FERRY_SIM_MAP64_H
#define FERRY_SIM_MAP64_H

#include <stdbool.h>
#include <stdint.h>

struct map64 {
	uint64_t *keys;
	uint32_t *values;
	uint32_t slots, used;
};

#define MAP64_NONE UINT32_MAX

void map64_init(struct map64 *map);
void map64_free(struct map64 *map);
/* MAP64_NONE if it is not there. */
uint32_t map64_get(const struct map64 *map, uint64_t key);
/* True if the key is new; otherwise nothing changes. */
bool map64_add(struct map64 *map, uint64_t key, uint32_t value);

/* Sets the value of a key that is there. */
void map64_put(struct map64 *map, uint64_t key, uint32_t value);

#endif
