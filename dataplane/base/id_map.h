/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a 64-bit id to a pointer: one writer (the control thread), many readers that never wait.
 * Open addressing with linear probing in a table kept at most half full, so that a look-up is one
 * multiplication and, nearly always, one cache line, however many ids there are and however large
 * they are.
 *
 * A key's slot is never given to another key while readers may look at it: a removed key keeps its
 * slot with a NULL value until the table is built anew (published whole, the old one freed after
 * quiescence).
 */
#ifndef FERRY_ID_MAP_H
#define FERRY_ID_MAP_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include "hash.h"
#include "reclaim.h"

/*
 * Not a key that can be stored, and never found: a free slot. No node, no conference, no session.
 */
#define ID_MAP_NO_KEY 0

struct id_slot {
	uint64_t key;
	void *value;
};

struct id_table {
	uint32_t shift; /* 64 - log2(slots) */
	uint32_t mask;
	uint32_t used; /* slots with a key, live or removed; the writer's */
	uint32_t live;
	struct id_slot slots[];
};

struct id_map {
	struct id_table *table; /* published */
};

static inline uint64_t
id_table_home(const struct id_table *table, uint64_t key)
{
	return hash_id(key) >> table->shift;
}

static inline const struct id_table *
id_map_table(const struct id_map *map)
{
	return __atomic_load_n(&map->table, __ATOMIC_ACQUIRE);
}

/* The value of key, NULL if there is none. Any thread that reports quiescence. */
static inline void *
id_table_find(const struct id_table *table, uint64_t key)
{
	uint64_t i = id_table_home(table, key);

	for (;;) {
		const struct id_slot *slot = &table->slots[i];
		uint64_t there = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

		if (likely(there == key))
			return __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE);
		if (there == ID_MAP_NO_KEY)
			return NULL;
		i = (i + 1) & table->mask;
	}
}

static inline void *
id_map_find(const struct id_map *map, uint64_t key)
{
	return id_table_find(id_map_table(map), key);
}

/* Control thread. 0, or -ENOMEM. */
int id_map_init(struct id_map *map);

/* Control thread: stores, replaces, or with value NULL removes. 0, -EINVAL, or -ENOMEM. */
int id_map_set(struct id_map *map, uint64_t key, void *value, struct reclaim *rc);

/* Control thread: calls fn for each live entry, in no order that means anything. */
void
id_map_each(const struct id_map *map, void (*fn)(void *arg, uint64_t key, void *value), void *arg);

/* Control thread, workers ended. */
void id_map_free(struct id_map *map);

#endif
