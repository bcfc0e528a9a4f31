/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Pathlet as its receiver sees it. The receiver checks its own Pathlet and the ids and lengths of
 * those directly inside; what lies deeper is for those who receive it (WIRE.md).
 */
#ifndef FERRY_PATHLET_H
#define FERRY_PATHLET_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
