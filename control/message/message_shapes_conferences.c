/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of conflist, join and leave. */
#include "message_shape.h"

static const struct message_field participant_fields[] = {
	{.name = "name", .place = FIELD_ATTRIBUTE, .kind = FIELD_NAME, .flags = FIELD_NEEDED},
};
static const struct message_shape participant_shape = MESSAGE_SHAPE(
	const char *, participant_fields);

#define FIELD(field) offsetof(struct message_conference, field)
static const struct message_field conference_fields[] = {
	{.name = "id",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(id),
		.min = 1},
	{.name = "name", .place = FIELD_ATTRIBUTE, .kind = FIELD_NAME, .offset = FIELD(name)},
	{.name = "start", .place = FIELD_ATTRIBUTE, .kind = FIELD_U64, .offset = FIELD(start)},
	{.name = "end", .place = FIELD_ATTRIBUTE, .kind = FIELD_U64, .offset = FIELD(end)},
	{.name = "sessions",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.offset = FIELD(sessions)},
	{.name = "participant",
		.place = FIELD_LIST,
		.offset = FIELD(participants),
		.count = FIELD(nb_participants),
		.shape = &participant_shape},
};
#undef FIELD
static const struct message_shape conference_shape = MESSAGE_SHAPE(
	struct message_conference, conference_fields);

#define FIELD(field) offsetof(struct message_conflist, field)
static const struct message_field conferences_fields[] = {
	{.name = "conference",
		.place = FIELD_LIST,
		.offset = FIELD(conferences),
		.count = FIELD(nb_conferences),
		.shape = &conference_shape},
};
static const struct message_shape conferences_shape = MESSAGE_SHAPE(
	struct message_conflist, conferences_fields);
static const struct message_field conflist_fields[] = {
	{.name = "request",
		.place = FIELD_INSIDE,
		.offset = FIELD(request),
		.shape = &message_shape_request},
	{.name = "conferences",
		.place = FIELD_INSIDE,
		.present = FIELD(answer),
		.shape = &conferences_shape},
};
#undef FIELD
const struct message_shape message_shape_conflist = MESSAGE_SHAPE(
	struct message_conflist, conflist_fields);

#define FIELD(field) offsetof(struct message_attend, field)
static const struct message_field attend_fields[] = {
	{.name = "conference",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(conference),
		.min = 1},
	{.name = "node", .place = FIELD_LEAF, .kind = FIELD_NAME, .offset = FIELD(node)},
};
#undef FIELD
const struct message_shape message_shape_attend = MESSAGE_SHAPE(
	struct message_attend, attend_fields);
