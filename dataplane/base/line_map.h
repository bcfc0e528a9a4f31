/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a 64-bit key to one of very many lines of a pool (line_pool.h), in as little memory as can
 * be: one writer (the control thread), many readers that never wait. As id_map, but a slot has 4
 * bytes, the line's number and some bits of the key's hash, and whether the key is the right one is
 * read in the line: who looks it up will read that anyway. 100,000 lines take 1 MiB.
 *
 * A slot is one word and changes at once, so that a removed key's slot may be given to another; a
 * line is given back after quiescence.
 */
#ifndef FERRY_LINE_MAP_H
#define FERRY_LINE_MAP_H

#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "hash.h"
#include "line_pool.h"
#include "reclaim.h"

/* A slot's low bits are a line's number, the rest is hash. No line's number is 0. */
#define LINE_MAP_FREE	 0u
#define LINE_MAP_REMOVED (1u << LINE_NUMBER_BITS)

struct line_table {
	const struct line_pool *pool;
	uint32_t shift; /* 64 - log2(slots) */
	uint32_t mask;
	uint32_t used; /* slots that are not free; the writer's */
	uint32_t live;
	uint32_t slots[];
};

/* Where a line's key is read; constant while it is in a map. */
typedef uint64_t line_key_fn(const void *line);

struct line_map {
	struct line_table *table; /* published */
	line_key_fn *key_of;
};

/* The part of the hash that a slot holds, in its place. */
static inline uint32_t
line_map_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) << LINE_NUMBER_BITS;
}

static inline uint32_t
line_map_number(uint32_t slot)
{
	return slot & ((1u << LINE_NUMBER_BITS) - 1);
}

static inline const struct line_table *
line_map_table(const struct line_map *map)
{
	return __atomic_load_n(&map->table, __ATOMIC_ACQUIRE);
}

static inline void
line_table_prefetch(const struct line_table *table, uint64_t key)
{
	rte_prefetch0(&table->slots[hash_id(key) >> table->shift]);
}

/*
 * A line that is nearly surely the key's, or NULL: nothing of it is read. To be fetched, and
 * asked for with line_table_find later.
 */
static inline void *
line_table_guess(const struct line_table *table, uint64_t key)
{
	uint64_t hash = hash_id(key);
	uint32_t i = (uint32_t)(hash >> table->shift), tag = line_map_tag(hash);

	for (;; i = (i + 1) & table->mask) {
		uint32_t slot = __atomic_load_n(&table->slots[i], __ATOMIC_ACQUIRE);
		uint32_t number = slot ^ tag;

		if (likely(number >> LINE_NUMBER_BITS == 0) && likely(number != 0))
			return line_pool_at(table->pool, number);
		if (slot == LINE_MAP_FREE)
			return NULL;
	}
}

/* The line of key, NULL if there is none. Any thread that reports quiescence. */
void *line_table_find(const struct line_table *table, uint64_t key, line_key_fn *key_of);

static inline void *
line_map_find(const struct line_map *map, uint64_t key)
{
	return line_table_find(line_map_table(map), key, map->key_of);
}

/* Control thread. 0, or -ENOMEM. */
int line_map_init(struct line_map *map, const struct line_pool *pool, line_key_fn *key_of);

/* Control thread: stores a line whose key is not there yet. 0, or -ENOMEM. */
int line_map_add(struct line_map *map, const void *line, struct reclaim *rc);

/* Control thread: takes a key away; nothing if it is not there. */
void line_map_remove(struct line_map *map, uint64_t key);

/* Control thread: calls fn for each line, in no order that means anything. */
void line_map_each(const struct line_map *map, void (*fn)(void *arg, void *line), void *arg);

/* Control thread, workers ended. */
void line_map_free(struct line_map *map);

#endif
