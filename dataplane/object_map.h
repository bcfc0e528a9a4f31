/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a 64-bit key to one of very many objects, in as little memory as can be: one writer (the
 * control thread), many readers that never wait. As id_map, but a slot has 8 bytes, the object's
 * address and some bits of the key's hash, and whether the key is the right one is read in the
 * object: who looks it up will read that anyway. 100,000 objects take 2 MiB, which second-level
 * caches and TLBs hold.
 *
 * A slot is one word and changes at once, so that a removed key's slot may be given to another; an
 * object is freed after quiescence.
 */
#ifndef FERRY_OBJECT_MAP_H
#define FERRY_OBJECT_MAP_H

#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "reclaim.h"

/* Objects' addresses are a multiple of this. */
#define OBJECT_MAP_ALIGN 128

#define OBJECT_MAP_ADDRESS_BITS 41 /* of 48, in units of OBJECT_MAP_ALIGN; the rest is hash */
#define OBJECT_MAP_FREE		0
#define OBJECT_MAP_REMOVED	1

struct object_table {
	uint32_t shift; /* 64 - log2(slots) */
	uint32_t mask;
	uint32_t used; /* slots that are not free; the writer's */
	uint32_t live;
	uint64_t slots[];
};

/* Where an object's key is read; constant while it is in a map. */
typedef uint64_t object_key_fn(const void *object);

struct object_map {
	struct object_table *table; /* published */
	object_key_fn *key_of;
};

static inline uint64_t
object_map_hash(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u;
}

/* The part of the hash that a slot holds, in its place. */
static inline uint64_t
object_map_tag(uint64_t hash)
{
	return hash >> 16 << OBJECT_MAP_ADDRESS_BITS;
}

static inline void *
object_map_address(uint64_t slot)
{
	uint64_t units = slot & ((UINT64_C(1) << OBJECT_MAP_ADDRESS_BITS) - 1);

	return (void *)(uintptr_t)(units * OBJECT_MAP_ALIGN);
}

static inline const struct object_table *
object_map_table(const struct object_map *map)
{
	return __atomic_load_n(&map->table, __ATOMIC_ACQUIRE);
}

static inline void
object_table_prefetch(const struct object_table *table, uint64_t key)
{
	rte_prefetch0(&table->slots[object_map_hash(key) >> table->shift]);
}

/*
 * An object that is nearly surely the key's, or NULL: nothing of it is read. To be fetched, and
 * asked for with object_table_find later.
 */
static inline void *
object_table_guess(const struct object_table *table, uint64_t key)
{
	uint64_t hash = object_map_hash(key), tag = object_map_tag(hash);
	uint32_t i = (uint32_t)(hash >> table->shift);

	for (;; i = (i + 1) & table->mask) {
		uint64_t slot = __atomic_load_n(&table->slots[i], __ATOMIC_ACQUIRE);

		if (likely((slot ^ tag) >> OBJECT_MAP_ADDRESS_BITS == 0) &&
			likely(slot > OBJECT_MAP_REMOVED))
			return object_map_address(slot);
		if (slot == OBJECT_MAP_FREE)
			return NULL;
	}
}

/* The object of key, NULL if there is none. Any thread that reports quiescence. */
void *object_table_find(const struct object_table *table, uint64_t key, object_key_fn *key_of);

static inline void *
object_map_find(const struct object_map *map, uint64_t key)
{
	return object_table_find(object_map_table(map), key, map->key_of);
}

/* Control thread. 0, or -ENOMEM. */
int object_map_init(struct object_map *map, object_key_fn *key_of);

/* Control thread: stores an object whose key is not there yet. 0, or -ENOMEM. */
int object_map_add(struct object_map *map, void *object, struct reclaim *rc);

/* Control thread: takes a key away; nothing if it is not there. */
void object_map_remove(struct object_map *map, uint64_t key);

/* Control thread: calls fn for each object, in no order that means anything. */
void object_map_each(const struct object_map *map, void (*fn)(void *arg, void *object), void *arg);

/* Control thread, workers ended. */
void object_map_free(struct object_map *map);

#endif
