/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "line_map.h"

#define SLOTS_MIN 64

static inline bool
is_line(uint32_t slot)
{
	return line_map_number(slot) != 0;
}

static inline void *
line_of(const struct line_table *table, uint32_t slot)
{
	return line_pool_at(table->pool, line_map_number(slot));
}

/* At most half of the slots are used; built anew it has room for some more. */
static struct line_table *
table_new(uint32_t live, const struct line_pool *pool)
{
	uint64_t slots = SLOTS_MIN;
	struct line_table *table;

	while ((uint64_t)live * 16 > slots * 7)
		slots *= 2;
	table = rte_zmalloc(
		"line_map", sizeof(*table) + slots * sizeof(uint32_t), RTE_CACHE_LINE_SIZE);
	if (table == NULL)
		return NULL;
	table->pool = pool;
	table->shift = 64 - rte_log2_u32((uint32_t)slots);
	table->mask = (uint32_t)(slots - 1);
	return table;
}

/* Where a new key's line goes. */
static uint32_t
place(const struct line_table *table, uint64_t key)
{
	uint32_t i = (uint32_t)(hash_id(key) >> table->shift);

	while (is_line(table->slots[i]))
		i = (i + 1) & table->mask;
	return i;
}

static void
table_fill(struct line_table *table, uint64_t key, uint32_t number)
{
	uint32_t i = place(table, key);

	table->used += table->slots[i] == LINE_MAP_FREE;
	table->live++;
	__atomic_store_n(&table->slots[i], line_map_tag(hash_id(key)) | number, __ATOMIC_RELEASE);
}

/* The slot of key and its line; -1: there is none. */
static int64_t
slot_of(const struct line_table *table, uint64_t key, line_key_fn *key_of, void **line)
{
	uint64_t hash = hash_id(key);
	uint32_t i = (uint32_t)(hash >> table->shift), tag = line_map_tag(hash);

	for (;; i = (i + 1) & table->mask) {
		uint32_t slot = __atomic_load_n(&table->slots[i], __ATOMIC_ACQUIRE);

		if (slot == LINE_MAP_FREE)
			return -1;
		if (is_line(slot) && (slot ^ tag) >> LINE_NUMBER_BITS == 0 &&
			key_of(line_of(table, slot)) == key) {
			*line = line_of(table, slot);
			return i;
		}
	}
}

void *
line_table_find(const struct line_table *table, uint64_t key, line_key_fn *key_of)
{
	void *line = NULL;

	(void)slot_of(table, key, key_of, &line);
	return line;
}

static int
map_rebuild(struct line_map *map, struct reclaim *rc)
{
	struct line_table *old = map->table, *table = table_new(old->live + 1, old->pool);

	if (table == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i <= old->mask; i++)
		if (is_line(old->slots[i]))
			table_fill(table, map->key_of(line_of(old, old->slots[i])),
				line_map_number(old->slots[i]));
	__atomic_store_n(&map->table, table, __ATOMIC_RELEASE);
	reclaim_defer(rc, rte_free, old);
	return 0;
}

int
line_map_init(struct line_map *map, const struct line_pool *pool, line_key_fn *key_of)
{
	map->key_of = key_of;
	map->table = table_new(0, pool);
	return map->table != NULL ? 0 : -ENOMEM;
}

int
line_map_add(struct line_map *map, const void *line, struct reclaim *rc)
{
	uint64_t used = map->table->used;

	if ((used + 1) * 2 > (uint64_t)map->table->mask + 1 && map_rebuild(map, rc) < 0)
		return -ENOMEM;
	table_fill(map->table, map->key_of(line), line_number(line));
	return 0;
}

void
line_map_remove(struct line_map *map, uint64_t key)
{
	struct line_table *table = map->table;
	void *line;
	int64_t i = slot_of(table, key, map->key_of, &line);

	if (i < 0)
		return;
	__atomic_store_n(&table->slots[i], LINE_MAP_REMOVED, __ATOMIC_RELEASE);
	table->live--;
}

void
line_map_each(const struct line_map *map, void (*fn)(void *arg, void *line), void *arg)
{
	const struct line_table *table = map->table;

	for (uint32_t i = 0; i <= table->mask; i++)
		if (is_line(table->slots[i]))
			fn(arg, line_of(table, table->slots[i]));
}

void
line_map_free(struct line_map *map)
{
	rte_free(map->table);
	map->table = NULL;
}
