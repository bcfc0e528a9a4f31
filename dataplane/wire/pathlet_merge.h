/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The union of two Pathlets for one node: trees merged, destination flags or-ed. Each way down in
 * it is a way down in one of the two. Pure; any thread.
 */
#ifndef FERRY_PATHLET_MERGE_H
#define FERRY_PATHLET_MERGE_H

#include <stdint.h>

#include "wire.h"

/*
 * Writes the union of Pathlets a and b to out, at most room bytes. Both are as long as their length
 * says and name one node; what lies inside them was checked by nobody. Returns the bytes of the
 * union; 0: a length inside lies, the nesting is too deep, or there is no room.
 */
uint16_t pathlet_merge(const uint8_t *a, const uint8_t *b, uint8_t *out, uint16_t room);

#endif
