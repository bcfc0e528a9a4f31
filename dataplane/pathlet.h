/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Pathlet as its receiver sees it. The receiver checks its own Pathlet and the ids and lengths of
 * those directly inside; what lies deeper is for those who receive it (WIRE.md).
 */
#ifndef FERRY_PATHLET_H
#define FERRY_PATHLET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "drop.h"
#include "wire.h"

#define PATHLET_BRANCHES_MAX 84 /* (512 - 6) / 6 */

struct pathlet_branch {
	uint32_t node; /* next hop, without the flag */
	uint16_t off;  /* of its Pathlet from the start of the receiver's own */
	uint16_t len;
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
 * Is this the common case, a Pathlet for the node own (network order, no destination flag) with
 * exactly one inside? Then pathlet_parse has nothing to object, but to an inner NodeID of 0, which
 * is no neighbour's.
 */
static inline bool
pathlet_is_transit(const uint8_t *data, uint32_t len, rte_be32_t own)
{
	const struct pathlet_hdr *outer = (const struct pathlet_hdr *)data, *inner = outer + 1;
	uint32_t outer_len, inner_len;

	if (unlikely(len < 2 * sizeof(*outer) + sizeof(struct session_hdr)))
		return false;
	outer_len = rte_be_to_cpu_16(outer->length);
	inner_len = rte_be_to_cpu_16(inner->length);
	return outer->node == own && (inner->node & RTE_BE32(NODE_ID_MAX)) != own &&
	       inner_len >= sizeof(*inner) && inner_len + sizeof(*outer) == outer_len &&
	       outer_len <= PATHLET_DEPTH_CERTAIN && outer_len + sizeof(struct session_hdr) <= len;
}

#endif
