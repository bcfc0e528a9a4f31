/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of linkloss and wayloss. */
#include "message_shape.h"

#define FIELD(field) offsetof(struct message_loss, field)
static const struct message_field loss_fields[] = {
	{.name = "peer",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(peer),
		.min = 1,
		.max = INT32_MAX},
	{.name = "loss",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(loss),
		.max = MESSAGE_LOSS_MAX},
};
#undef FIELD
static const struct message_shape loss_shape = MESSAGE_SHAPE(struct message_loss, loss_fields);

#define FIELD(field) offsetof(struct message_links, field)
static const struct message_field links_fields[] = {
	{.name = "to",
		.place = FIELD_LIST,
		.offset = FIELD(to),
		.count = FIELD(nb_to),
		.shape = &loss_shape},
	{.name = "from",
		.place = FIELD_LIST,
		.offset = FIELD(from),
		.count = FIELD(nb_from),
		.shape = &loss_shape},
};
#undef FIELD
static const struct message_shape links_shape = MESSAGE_SHAPE(struct message_links, links_fields);
static const struct message_field linkloss_fields[] = {
	{.name = "links", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &links_shape},
};
const struct message_shape message_shape_linkloss = MESSAGE_SHAPE(
	struct message_links, linkloss_fields);

#define FIELD(field) offsetof(struct message_way, field)
static const struct message_field way_fields[] = {
	{.name = "conference",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(conference)},
	{.name = "session",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(session)},
	{.name = "loss",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(loss),
		.max = MESSAGE_LOSS_MAX},
	{.name = "regained",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(regained),
		.max = MESSAGE_LOSS_MAX},
};
#undef FIELD
static const struct message_shape way_shape = MESSAGE_SHAPE(struct message_way, way_fields);
static const struct message_field wayloss_fields[] = {
	{.name = "way", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &way_shape},
};
const struct message_shape message_shape_wayloss = MESSAGE_SHAPE(
	struct message_way, wayloss_fields);
