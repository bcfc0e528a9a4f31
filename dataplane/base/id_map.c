/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "id_map.h"

#define SLOTS_MIN 64

static struct id_table *
table_new(uint32_t entries)
{
	uint32_t slots = rte_align32pow2(RTE_MAX(entries * 2 + 1, (uint32_t)SLOTS_MIN));
	struct id_table *table;

	table = rte_zmalloc(
		"id_map", sizeof(*table) + slots * sizeof(struct id_slot), RTE_CACHE_LINE_SIZE);
	if (table == NULL)
		return NULL;
	table->shift = 64 - rte_log2_u32(slots);
	table->mask = slots - 1;
	for (uint32_t i = 0; i < slots; i++)
		table->slots[i].key = ID_MAP_NO_KEY;
	return table;
}

/* The slot of key, or the free one where it would go. */
static struct id_slot *
table_slot(struct id_table *table, uint64_t key)
{
	uint32_t i = id_table_home(table, key);

	while (table->slots[i].key != key && table->slots[i].key != ID_MAP_NO_KEY)
		i = (i + 1) & table->mask;
	return &table->slots[i];
}

/* Readers look at the key first: the value must be there before it. */
static void
table_fill(struct id_table *table, struct id_slot *slot, uint64_t key, void *value)
{
	__atomic_store_n(&slot->value, value, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
	table->used++;
	table->live++;
}

static int
map_rebuild(struct id_map *map, struct reclaim *rc)
{
	struct id_table *old = map->table;
	struct id_table *table = table_new((old->live + 1) * 2);

	if (table == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i <= old->mask; i++) {
		const struct id_slot *slot = &old->slots[i];

		if (slot->key != ID_MAP_NO_KEY && slot->value != NULL)
			table_fill(table, table_slot(table, slot->key), slot->key, slot->value);
	}
	__atomic_store_n(&map->table, table, __ATOMIC_RELEASE);
	reclaim_defer(rc, rte_free, old);
	return 0;
}

int
id_map_init(struct id_map *map)
{
	map->table = table_new(0);
	return map->table != NULL ? 0 : -ENOMEM;
}

int
id_map_set(struct id_map *map, uint64_t key, void *value, struct reclaim *rc)
{
	struct id_table *table = map->table;
	struct id_slot *slot;

	if (key == ID_MAP_NO_KEY)
		return -EINVAL;
	slot = table_slot(table, key);
	if (slot->key == key) {
		table->live += (value != NULL) - (slot->value != NULL);
		__atomic_store_n(&slot->value, value, __ATOMIC_RELEASE);
		return 0;
	}
	if (value == NULL)
		return 0;
	if ((table->used + 1) * 2 > table->mask + 1) {
		int rc_build = map_rebuild(map, rc);

		if (rc_build < 0)
			return rc_build;
		table = map->table;
		slot = table_slot(table, key);
	}
	table_fill(table, slot, key, value);
	return 0;
}

void
id_map_each(const struct id_map *map, void (*fn)(void *arg, uint64_t key, void *value), void *arg)
{
	const struct id_table *table = map->table;

	for (uint32_t i = 0; i <= table->mask; i++)
		if (table->slots[i].key != ID_MAP_NO_KEY && table->slots[i].value != NULL)
			fn(arg, table->slots[i].key, table->slots[i].value);
}

void
id_map_free(struct id_map *map)
{
	rte_free(map->table);
	map->table = NULL;
}
