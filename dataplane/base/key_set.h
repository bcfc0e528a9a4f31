/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of 64-bit keys: one writer (the control thread), many readers that never wait. Keys lie in
 * buckets of one cache line, which is compared with a key as a whole, without a branch: a look-up
 * is one multiplication, one cache line, and what it costs does not depend on where in it the key
 * is.
 *
 * A key whose bucket is full lies in one of the next buckets; `reach` says how far any key of the
 * table ever was. A place is one word and changes at once, so that a removed key's may be given to
 * another. A table that has become too full is built anew and published whole, the old one freed
 * after quiescence.
 */
#ifndef FERRY_KEY_SET_H
#define FERRY_KEY_SET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "hash.h"
#include "reclaim.h"

/* Not a key that can be stored, and never found: a free place. No session has it (source.h). */
#define KEY_SET_NO_KEY 0

#define KEY_BUCKET_KEYS (RTE_CACHE_LINE_MIN_SIZE / 8)

typedef uint64_t key_pair __attribute__((vector_size(16)));

/* Each key is stored by itself, and is read whole: no processor that Ferry is for tears a word. */
struct key_bucket {
	union {
		uint64_t keys[KEY_BUCKET_KEYS];
		key_pair pairs[KEY_BUCKET_KEYS / 2];
	};
} __rte_aligned(RTE_CACHE_LINE_MIN_SIZE);

struct key_table {
	uint32_t shift; /* 64 - log2(buckets) */
	uint32_t mask;	/* buckets - 1 */
	uint32_t reach; /* buckets behind a key's own in which it may be; grows only */
	uint32_t live;	/* keys; the writer's */
	struct key_bucket buckets[];
};

struct key_set {
	struct key_table *table; /* published */
};

static inline const struct key_table *
key_set_table(const struct key_set *set)
{
	return __atomic_load_n(&set->table, __ATOMIC_ACQUIRE);
}

static inline uint32_t
key_table_home(const struct key_table *table, uint64_t key)
{
	return (uint32_t)(hash_id(key) >> table->shift);
}

/* Where a key nearly always is, if it is in the set. */
static inline const struct key_bucket *
key_table_bucket(const struct key_table *table, uint64_t key)
{
	return &table->buckets[key_table_home(table, key)];
}

/* Is it there? In both words all ones, or 0: to be gathered over many keys without a branch. */
static inline key_pair
key_bucket_match(const struct key_bucket *bucket, uint64_t key)
{
	const key_pair both = {key, key}, none = {KEY_SET_NO_KEY, KEY_SET_NO_KEY};
	key_pair found = {0, 0};

	for (unsigned int i = 0; i < KEY_BUCKET_KEYS / 2; i++)
		found |= (key_pair)(bucket->pairs[i] == both);
	found |= __builtin_shufflevector(found, found, 1, 0);
	return found & (key_pair)(both != none);
}

static inline bool
key_bucket_has(const struct key_bucket *bucket, uint64_t key)
{
	return key_bucket_match(bucket, key)[0] != 0;
}

/* In any bucket but its own? */
bool key_table_has_beyond(const struct key_table *table, uint64_t key);

/* Any thread that reports quiescence. */
static inline bool
key_table_has(const struct key_table *table, uint64_t key)
{
	return likely(key_bucket_has(key_table_bucket(table, key), key)) ||
	       key_table_has_beyond(table, key);
}

static inline bool
key_set_has(const struct key_set *set, uint64_t key)
{
	return key_table_has(key_set_table(set), key);
}

/* Control thread. 0, or -ENOMEM. */
int key_set_init(struct key_set *set);

/* Control thread: nothing if the key is there already. 0, -EINVAL, or -ENOMEM. */
int key_set_add(struct key_set *set, uint64_t key, struct reclaim *rc);

/* Control thread: nothing if the key is not there. */
void key_set_remove(struct key_set *set, uint64_t key);

/* Control thread, workers ended. */
void key_set_free(struct key_set *set);

#endif
