/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "object_map.h"

#define SLOTS_MIN 64

/* At most half of the slots are used; built anew it has room for some more. */
static struct object_table *
table_new(uint32_t live)
{
	uint64_t slots = SLOTS_MIN;
	struct object_table *table;

	while ((uint64_t)live * 16 > slots * 7)
		slots *= 2;
	table = rte_zmalloc(
		"object_map", sizeof(*table) + slots * sizeof(uint64_t), RTE_CACHE_LINE_SIZE);
	if (table == NULL)
		return NULL;
	table->shift = 64 - rte_log2_u32((uint32_t)slots);
	table->mask = (uint32_t)(slots - 1);
	return table;
}

/* Where a new key's object goes. */
static uint32_t
place(const struct object_table *table, uint64_t key)
{
	uint32_t i = (uint32_t)(object_map_hash(key) >> table->shift);

	while (table->slots[i] > OBJECT_MAP_REMOVED)
		i = (i + 1) & table->mask;
	return i;
}

static void
table_fill(struct object_table *table, uint64_t key, void *object)
{
	uint64_t units = (uintptr_t)object / OBJECT_MAP_ALIGN;
	uint32_t i = place(table, key);

	assert((uintptr_t)object % OBJECT_MAP_ALIGN == 0 && units > OBJECT_MAP_REMOVED &&
		units >> OBJECT_MAP_ADDRESS_BITS == 0);
	table->used += table->slots[i] == OBJECT_MAP_FREE;
	table->live++;
	__atomic_store_n(
		&table->slots[i], object_map_tag(object_map_hash(key)) | units, __ATOMIC_RELEASE);
}

/* The slot of key and what it held when it was read; -1: there is none. */
static int64_t
slot_of(const struct object_table *table, uint64_t key, object_key_fn *key_of, void **object)
{
	uint64_t hash = object_map_hash(key), tag = object_map_tag(hash);
	uint32_t i = (uint32_t)(hash >> table->shift);

	for (;; i = (i + 1) & table->mask) {
		uint64_t slot = __atomic_load_n(&table->slots[i], __ATOMIC_ACQUIRE);

		if (slot == OBJECT_MAP_FREE)
			return -1;
		if (slot > OBJECT_MAP_REMOVED && (slot ^ tag) >> OBJECT_MAP_ADDRESS_BITS == 0 &&
			key_of(object_map_address(slot)) == key) {
			*object = object_map_address(slot);
			return i;
		}
	}
}

void *
object_table_find(const struct object_table *table, uint64_t key, object_key_fn *key_of)
{
	void *object = NULL;

	(void)slot_of(table, key, key_of, &object);
	return object;
}

static int
map_rebuild(struct object_map *map, struct reclaim *rc)
{
	struct object_table *old = map->table, *table = table_new(old->live + 1);

	if (table == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i <= old->mask; i++)
		if (old->slots[i] > OBJECT_MAP_REMOVED) {
			void *object = object_map_address(old->slots[i]);

			table_fill(table, map->key_of(object), object);
		}
	__atomic_store_n(&map->table, table, __ATOMIC_RELEASE);
	reclaim_defer(rc, rte_free, old);
	return 0;
}

int
object_map_init(struct object_map *map, object_key_fn *key_of)
{
	map->key_of = key_of;
	map->table = table_new(0);
	return map->table != NULL ? 0 : -ENOMEM;
}

int
object_map_add(struct object_map *map, void *object, struct reclaim *rc)
{
	uint64_t used = map->table->used;

	if ((used + 1) * 2 > (uint64_t)map->table->mask + 1 && map_rebuild(map, rc) < 0)
		return -ENOMEM;
	table_fill(map->table, map->key_of(object), object);
	return 0;
}

void
object_map_remove(struct object_map *map, uint64_t key)
{
	struct object_table *table = map->table;
	void *object;
	int64_t i = slot_of(table, key, map->key_of, &object);

	if (i < 0)
		return;
	__atomic_store_n(&table->slots[i], OBJECT_MAP_REMOVED, __ATOMIC_RELEASE);
	table->live--;
}

void
object_map_each(const struct object_map *map, void (*fn)(void *arg, void *object), void *arg)
{
	const struct object_table *table = map->table;

	for (uint32_t i = 0; i <= table->mask; i++)
		if (table->slots[i] > OBJECT_MAP_REMOVED)
			fn(arg, object_map_address(table->slots[i]));
}

void
object_map_free(struct object_map *map)
{
	rte_free(map->table);
	map->table = NULL;
}
