/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "key_set.h"

#define BUCKETS_MIN 8

/*
 * A full bucket sends keys on, whose look-ups cost more: up to so many keys a bucket, 1 % of them.
 */
#define KEYS_MAX 4

static struct key_table *
table_new(uint32_t live)
{
	uint64_t buckets = BUCKETS_MIN;
	struct key_table *table;

	while (live > buckets * KEYS_MAX)
		buckets *= 2;
	table = rte_malloc("key_set", sizeof(*table) + buckets * sizeof(struct key_bucket),
		sizeof(struct key_bucket));
	if (table == NULL)
		return NULL;
	*table = (struct key_table){
		.shift = 64 - rte_log2_u32((uint32_t)buckets), .mask = (uint32_t)(buckets - 1)};
	for (uint32_t b = 0; b <= table->mask; b++)
		for (uint32_t i = 0; i < KEY_BUCKET_KEYS; i++)
			table->buckets[b].keys[i] = KEY_SET_NO_KEY;
	return table;
}

/* The place of a key in a bucket, or with KEY_SET_NO_KEY a free one; NULL: there is none. */
static uint64_t *
bucket_place(struct key_bucket *bucket, uint64_t key)
{
	for (uint32_t i = 0; i < KEY_BUCKET_KEYS; i++)
		if (bucket->keys[i] == key)
			return &bucket->keys[i];
	return NULL;
}

/* The same within `far` buckets behind the key's own; says how far it is. */
static uint64_t *
table_place(struct key_table *table, uint64_t home, uint64_t key, uint32_t *far)
{
	uint32_t last = *far;

	for (*far = 0; *far <= last; ++*far) {
		uint32_t b = (key_table_home(table, home) + *far) & table->mask;
		uint64_t *place = bucket_place(&table->buckets[b], key);

		if (place != NULL)
			return place;
	}
	return NULL;
}

/*
 * The table has room. A reader that finds the key needs no reach; one that does not may be early.
 */
static void
table_add(struct key_table *table, uint64_t key)
{
	uint32_t far = table->mask;
	uint64_t *place = table_place(table, key, KEY_SET_NO_KEY, &far);

	if (far > table->reach)
		__atomic_store_n(&table->reach, far, __ATOMIC_RELEASE);
	__atomic_store_n(place, key, __ATOMIC_RELEASE);
	table->live++;
}

bool
key_table_has_beyond(const struct key_table *table, uint64_t key)
{
	uint32_t reach = __atomic_load_n(&table->reach, __ATOMIC_ACQUIRE);
	uint32_t b = key_table_home(table, key);

	for (uint32_t i = 0; i < reach; i++) {
		b = (b + 1) & table->mask;
		if (key_bucket_has(&table->buckets[b], key))
			return true;
	}
	return false;
}

static int
set_rebuild(struct key_set *set, struct reclaim *rc)
{
	struct key_table *old = set->table, *table = table_new(old->live + 1);

	if (table == NULL)
		return -ENOMEM;
	for (uint32_t b = 0; b <= old->mask; b++)
		for (uint32_t i = 0; i < KEY_BUCKET_KEYS; i++)
			if (old->buckets[b].keys[i] != KEY_SET_NO_KEY)
				table_add(table, old->buckets[b].keys[i]);
	__atomic_store_n(&set->table, table, __ATOMIC_RELEASE);
	reclaim_defer(rc, rte_free, old);
	return 0;
}

int
key_set_init(struct key_set *set)
{
	set->table = table_new(0);
	return set->table != NULL ? 0 : -ENOMEM;
}

int
key_set_add(struct key_set *set, uint64_t key, struct reclaim *rc)
{
	if (key == KEY_SET_NO_KEY)
		return -EINVAL;
	if (key_set_has(set, key))
		return 0;
	if (set->table->live >= ((uint64_t)set->table->mask + 1) * KEYS_MAX &&
		set_rebuild(set, rc) < 0)
		return -ENOMEM;
	table_add(set->table, key);
	return 0;
}

void
key_set_remove(struct key_set *set, uint64_t key)
{
	uint32_t far = set->table->reach;
	uint64_t *place;

	if (key == KEY_SET_NO_KEY)
		return;
	place = table_place(set->table, key, key, &far);
	if (place == NULL)
		return;
	__atomic_store_n(place, KEY_SET_NO_KEY, __ATOMIC_RELEASE);
	set->table->live--;
}

void
key_set_free(struct key_set *set)
{
	rte_free(set->table);
	set->table = NULL;
}
