/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows of the tables in message_shapes_*.c, one a field:
 *
 *   ATTRIBUTE("id", FIELD_U32, OF(id), NEEDED, .min = 1, .max = INT32_MAX),
 *
 * Each table defines OF, the offset of a member of its structure; 0 is the structure itself. NEEDED
 * and the other members of struct message_field follow where a field has them.
 */
#ifndef FERRY_MESSAGE_ROWS_H
#define FERRY_MESSAGE_ROWS_H

#include "message_shape.h"

#define NEEDED .flags = FIELD_NEEDED

/* clang-format off */
#define ATTRIBUTE(text, what, member, ...)                                                         \
	{.name = text, .place = FIELD_ATTRIBUTE, .kind = what, .offset = member, ##__VA_ARGS__}
#define LEAF(text, what, member, ...)                                                              \
	{.name = text, .place = FIELD_LEAF, .kind = what, .offset = member, ##__VA_ARGS__}
#define INSIDE(text, member, its, ...)                                                             \
	{.name = text, .place = FIELD_INSIDE, .offset = member, .shape = its, ##__VA_ARGS__}
#define LIST(text, member, number, its)                                                            \
	{.name = text, .place = FIELD_LIST, .offset = member, .count = number, .shape = its}
/* clang-format on */

#endif
