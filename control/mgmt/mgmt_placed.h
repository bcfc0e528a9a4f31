/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom the root placed below a node: names, each with its parent. Pure; one thread's.
 */
#ifndef FERRY_MGMT_PLACED_H
#define FERRY_MGMT_PLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "mgmt_seen.h"

struct mgmt_placed_entry {
	char name[MESSAGE_NAME_MAX + 1];
	uint32_t parent; /* index; MGMT_PLACED_TOP = it is a child of the node itself */
	struct mgmt_seen_share seen;
};

#define MGMT_PLACED_TOP UINT32_MAX

struct mgmt_placed {
	struct mgmt_placed_entry *entries; /* by name */
	uint32_t count;
};

/*
 * Replaces the list; who is in the new one too keeps the share. Whose parent is not in the list is
 * a child of the node itself; a name that is there twice counts once, and rings of parents are cut.
 * 0 or -ENOMEM, then nothing has changed.
 */
int mgmt_placed_set(struct mgmt_placed *placed, const struct message_below *list, size_t count);
void mgmt_placed_free(struct mgmt_placed *placed);

/* NULL: not below. */
const struct mgmt_placed_entry *
mgmt_placed_find(const struct mgmt_placed *placed, const char *name);

/* What came of a node; NULL: it is not below. */
struct mgmt_seen_share *mgmt_placed_seen(struct mgmt_placed *placed, const char *name);

/* The next one up; NULL: the node itself. */
const struct mgmt_placed_entry *
mgmt_placed_parent(const struct mgmt_placed *placed, const struct mgmt_placed_entry *entry);

/* Is it a child of the node itself. */
bool mgmt_placed_is_child(const struct mgmt_placed *placed, const char *name);

/* Is name somewhere below above (not the same). */
bool mgmt_placed_below(const struct mgmt_placed *placed, const char *name, const char *above);

#endif
