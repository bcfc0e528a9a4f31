/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "map64.h"

static void
alloc(struct map64 *map, uint32_t slots)
{
	map->slots = slots;
	map->used = 0;
	map->keys = malloc(slots * sizeof(*map->keys));
	map->values = malloc(slots * sizeof(*map->values));
	if (map->keys == NULL || map->values == NULL)
		abort();
	memset(map->keys, 0xff, slots * sizeof(*map->keys));
}

void
map64_init(struct map64 *map)
{
	alloc(map, 64);
}

void
map64_free(struct map64 *map)
{
	free(map->keys);
	free(map->values);
}

static uint32_t
slot_of(const struct map64 *map, uint64_t key)
{
	uint64_t x = (key ^ key >> 31) * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(x >> 32) & (map->slots - 1);

	while (map->keys[i] != key && map->keys[i] != UINT64_MAX)
		i = (i + 1) & (map->slots - 1);
	return i;
}

uint32_t
map64_get(const struct map64 *map, uint64_t key)
{
	uint32_t i = slot_of(map, key);

	return map->keys[i] == key ? map->values[i] : MAP64_NONE;
}

static void
grow(struct map64 *map)
{
	struct map64 old = *map;

	alloc(map, old.slots * 2);
	for (uint32_t i = 0; i < old.slots; i++)
		if (old.keys[i] != UINT64_MAX)
			map64_add(map, old.keys[i], old.values[i]);
	map64_free(&old);
}

bool
map64_add(struct map64 *map, uint64_t key, uint32_t value)
{
	uint32_t i;

	if (map->used * 2 >= map->slots)
		grow(map);
	i = slot_of(map, key);
	if (map->keys[i] == key)
		return false;
	map->keys[i] = key;
	map->values[i] = value;
	map->used++;
	return true;
}

void
map64_put(struct map64 *map, uint64_t key, uint32_t value)
{
	map->values[slot_of(map, key)] = value;
}
