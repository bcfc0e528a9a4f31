/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "due_heap.h"

int
due_heap_init(struct due_heap *heap, uint32_t room)
{
	*heap = (struct due_heap){.room = room};
	heap->entries = calloc(room, sizeof(*heap->entries));
	return heap->entries != NULL ? 0 : -ENOMEM;
}

void
due_heap_fini(struct due_heap *heap)
{
	free(heap->entries);
	*heap = (struct due_heap){0};
}

static bool
before(const struct due_entry *a, const struct due_entry *b)
{
	return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

void
due_heap_push(struct due_heap *heap, uint64_t due, uint64_t serial, void *item)
{
	struct due_entry entry = {.due = due, .serial = serial, .item = item};
	struct due_entry *entries = heap->entries;
	uint32_t i = heap->len++;

	while (i > 0 && before(&entry, &entries[(i - 1) / 2])) {
		entries[i] = entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	entries[i] = entry;
}

void *
due_heap_pop(struct due_heap *heap)
{
	struct due_entry *entries = heap->entries;
	void *first = entries[0].item;
	uint32_t n = --heap->len, i = 0, child;
	struct due_entry last = entries[n];

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(&entries[child + 1], &entries[child]))
			child++;
		if (!before(&entries[child], &last))
			break;
		entries[i] = entries[child];
		i = child;
	}
	entries[i] = last;
	return first;
}
