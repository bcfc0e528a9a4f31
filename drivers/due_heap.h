/* SPDX-License-Identifier: BSD-3-Clause */
/* What is due first: a binary heap ordered by time, then by serial number. One owner. */
#ifndef FERRY_DUE_HEAP_H
#define FERRY_DUE_HEAP_H

#include <stdint.h>

struct due_entry {
	uint64_t due; /* ns */
	uint64_t serial;
	void *item;
};

struct due_heap {
	uint32_t len, room;
	struct due_entry *entries;
};

/* 0 or -ENOMEM. */
int due_heap_init(struct due_heap *heap, uint32_t room);
void due_heap_fini(struct due_heap *heap);

/* There must be room. */
void due_heap_push(struct due_heap *heap, uint64_t due, uint64_t serial, void *item);

/* The first; it must not be empty. */
void *due_heap_pop(struct due_heap *heap);

/* When the first is due; UINT64_MAX if there is none. */
static inline uint64_t
due_heap_next(const struct due_heap *heap)
{
	return heap->len == 0 ? UINT64_MAX : heap->entries[0].due;
}

#endif
