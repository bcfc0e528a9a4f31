/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt_placed.h"

static int
compare(const void *a, const void *b)
{
	const struct message_below *first = a, *second = b;

	return strcmp(first->name, second->name);
}

static uint32_t
find(const struct mgmt_placed *placed, const char *name)
{
	uint32_t low = 0, high = placed->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(placed->entries[mid].name, name);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return MGMT_PLACED_TOP;
}

/* A walk up that is longer than the list goes round and round. */
static void
cut_rings(struct mgmt_placed *placed)
{
	for (uint32_t i = 0; i < placed->count; i++) {
		uint32_t at = i, steps = 0;

		while (at != MGMT_PLACED_TOP && steps <= MESSAGE_HOPS_MAX) {
			at = placed->entries[at].parent;
			steps++;
		}
		if (at != MGMT_PLACED_TOP)
			placed->entries[i].parent = MGMT_PLACED_TOP;
	}
}

/* Both lists are sorted. */
static void
keep_shares(struct mgmt_placed *placed, const struct mgmt_placed *old)
{
	for (uint32_t i = 0, j = 0; i < placed->count && j < old->count;) {
		int order = strcmp(placed->entries[i].name, old->entries[j].name);

		if (order == 0)
			placed->entries[i].seen = old->entries[j].seen;
		i += order <= 0;
		j += order >= 0;
	}
}

int
mgmt_placed_set(struct mgmt_placed *placed, const struct message_below *list, size_t count)
{
	struct mgmt_placed fresh = {.entries = calloc(count + 1, sizeof(*fresh.entries))};
	struct message_below *sorted = calloc(count + 1, sizeof(*sorted));

	if (fresh.entries == NULL || sorted == NULL) {
		free(fresh.entries);
		free(sorted);
		return -ENOMEM;
	}
	if (count > 0) {
		memcpy(sorted, list, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare);
	}
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(sorted[i].name, sorted[i - 1].name) == 0)
			continue;
		sorted[fresh.count] = sorted[i];
		snprintf(fresh.entries[fresh.count].name, sizeof(fresh.entries[0].name), "%s",
			sorted[i].name);
		fresh.count++;
	}
	for (uint32_t i = 0; i < fresh.count; i++)
		fresh.entries[i].parent = sorted[i].parent != NULL ? find(&fresh, sorted[i].parent)
								   : MGMT_PLACED_TOP;
	free(sorted);
	cut_rings(&fresh);
	keep_shares(&fresh, placed);
	free(placed->entries);
	*placed = fresh;
	return 0;
}

void
mgmt_placed_free(struct mgmt_placed *placed)
{
	free(placed->entries);
	memset(placed, 0, sizeof(*placed));
}

const struct mgmt_placed_entry *
mgmt_placed_find(const struct mgmt_placed *placed, const char *name)
{
	uint32_t at = find(placed, name);

	return at != MGMT_PLACED_TOP ? &placed->entries[at] : NULL;
}

struct mgmt_seen_share *
mgmt_placed_seen(struct mgmt_placed *placed, const char *name)
{
	uint32_t at = find(placed, name);

	return at != MGMT_PLACED_TOP ? &placed->entries[at].seen : NULL;
}

const struct mgmt_placed_entry *
mgmt_placed_parent(const struct mgmt_placed *placed, const struct mgmt_placed_entry *entry)
{
	return entry->parent != MGMT_PLACED_TOP ? &placed->entries[entry->parent] : NULL;
}

bool
mgmt_placed_is_child(const struct mgmt_placed *placed, const char *name)
{
	const struct mgmt_placed_entry *entry = mgmt_placed_find(placed, name);

	return entry != NULL && entry->parent == MGMT_PLACED_TOP;
}

bool
mgmt_placed_below(const struct mgmt_placed *placed, const char *name, const char *above)
{
	const struct mgmt_placed_entry *entry = mgmt_placed_find(placed, name);

	while (entry != NULL) {
		entry = mgmt_placed_parent(placed, entry);
		if (entry != NULL && strcmp(entry->name, above) == 0)
			return true;
	}
	return false;
}
