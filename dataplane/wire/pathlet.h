/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Pathlet as its receiver sees it. The receiver checks its own Pathlet and the ids and lengths of
 * those directly inside; what lies deeper is for those who receive it (WIRE.md).
 */
#ifndef FERRY_PATHLET_H
#define FERRY_PATHLET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "drop.h"
#include "wire.h"

#define PATHLET_BRANCHES_MAX 84 /* (512 - 6) / 6 */

struct pathlet_branch {
	uint32_t node; /* next hop, without the flag */
	uint16_t off;  /* of its Pathlet from the start of the receiver's own */
	uint16_t len;  /* as it says, 6 at least; may be odd */
};

struct pathlet_view {
	uint16_t length; /* of the receiver's own Pathlet */
	bool destination;
	uint8_t nb_branches;
	struct pathlet_branch branches[PATHLET_BRANCHES_MAX];
};

/*
 * Judges len bytes that begin with the receiver's Pathlet and must hold a session header after it;
 * the order of checks is WIRE.md's. Fills the view when it returns DROP_none.
 */
enum drop_reason
pathlet_parse(const uint8_t *data, uint32_t len, uint32_t own_id, struct pathlet_view *view);

/* Pathlets of 6 bytes, one in another: what is no longer than this cannot be too deep. */
#define PATHLET_DEPTH_CERTAIN (PATHLET_TREE_MAX_DEPTH * sizeof(struct pathlet_hdr))

/*
 * What pathlet_is_transit compares with, of a node: a Pathlet for it with one inside is, read as
 * one number of 64 bits, this plus inner length * (2^48 + 1).
 */
static inline uint64_t
pathlet_transit_key(uint32_t own_id)
{
	return (uint64_t)sizeof(struct pathlet_hdr) << 48 | (uint64_t)own_id << 16;
}

/*
 * Is this the common case, a Pathlet for the node with this key (without destination flag) with
 * exactly one inside? Both Pathlets' headers can be read; len bytes, fewer than 2^31, begin here.
 * Then pathlet_parse has nothing to object, but to an inner NodeID of 0 or the node's own, which
 * are no neighbour's.
 */
static inline bool
pathlet_is_transit(const struct pathlet_hdr *outer, uint32_t len, uint64_t key)
{
	const uint32_t longest = PATHLET_DEPTH_CERTAIN - sizeof(*outer);
	uint64_t head;
	uint32_t inner;

	/* Outer length, outer NodeID, inner length. */
	memcpy(&head, outer, sizeof(head));
	head = rte_be_to_cpu_64(head);
	inner = (uint16_t)head;
	return head == key + ((uint64_t)inner << 48) + inner &&
	       inner - sizeof(*outer) <= longest - sizeof(*outer) &&
	       inner + sizeof(*outer) + sizeof(struct session_hdr) <= len;
}

/*
 * Does the path end at the node with this key: a Pathlet for it with the destination flag and
 * nothing inside? len bytes begin here. Then pathlet_parse has nothing to object and finds no
 * branch.
 */
static inline bool
pathlet_is_end(const struct pathlet_hdr *hdr, uint32_t len, uint64_t key)
{
	uint64_t head;

	if (unlikely(len < sizeof(*hdr) + sizeof(struct session_hdr)))
		return false;
	memcpy(&head, hdr, sizeof(head));
	return rte_be_to_cpu_64(head) >> 16 == (key >> 16 | PATHLET_DESTINATION);
}

#endif
