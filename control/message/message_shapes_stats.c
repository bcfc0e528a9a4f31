/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "statistics", and of what tells of congestion and thresholds. */
#include "message_shape.h"

#define VALUE_MAX 16384 /* a histogram's bins */

#define FIELD(field) offsetof(struct message_value, field)
static const struct message_field value_fields[] = {
	{.name = "name",
		.place = FIELD_LEAF,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "value",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(value),
		.max = VALUE_MAX},
};
#undef FIELD
static const struct message_shape value_shape = MESSAGE_SHAPE(struct message_value, value_fields);

#define FIELD(field) offsetof(struct message_container, field)
static const struct message_field array_fields[] = {
	{.name = "DBValue",
		.place = FIELD_LIST,
		.offset = FIELD(values),
		.count = FIELD(nb_values),
		.shape = &value_shape},
};
static const struct message_shape array_shape = MESSAGE_SHAPE(
	struct message_container, array_fields);

static const struct message_field container_fields[] = {
	{.name = "startTime",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(start)},
	{.name = "endTime",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(end)},
	{.name = "numOfChildren",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(children)},
	{.name = "id",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(id)},
	{.name = "statArray", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &array_shape},
};
#undef FIELD
static const struct message_shape container_shape = MESSAGE_SHAPE(
	struct message_container, container_fields);

#define FIELD(field) offsetof(struct message_stats, field)
static const struct message_field list_fields[] = {
	{.name = "statsContainer",
		.place = FIELD_LIST,
		.offset = FIELD(containers),
		.count = FIELD(nb_containers),
		.shape = &container_shape},
};
static const struct message_shape list_shape = MESSAGE_SHAPE(struct message_stats, list_fields);

static const struct message_field stats_fields[] = {
	{.name = "statsContainers",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &list_shape},
};
const struct message_shape message_shape_stats = MESSAGE_SHAPE(struct message_stats, stats_fields);

static const struct message_field fullstats_fields[] = {
	{.name = "xmlDb",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &message_shape_stats},
	{.name = "endTime",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(end)},
};
#undef FIELD
const struct message_shape message_shape_fullstats = MESSAGE_SHAPE(
	struct message_stats, fullstats_fields);

static const struct message_field reqfullstats_fields[] = {
	{.name = "pipeid",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.offset = offsetof(struct message_reqfullstats, id),
		.min = 1},
};
const struct message_shape message_shape_reqfullstats = MESSAGE_SHAPE(
	struct message_reqfullstats, reqfullstats_fields);

#define FIELD(field) offsetof(struct message_congestion, field)
static const struct message_field congestion_fields[] = {
	{.name = "node", .place = FIELD_LEAF, .kind = FIELD_NAME, .offset = FIELD(node)},
	{.name = "peer",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(peer),
		.min = 1,
		.max = INT32_MAX},
	{.name = "conference",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(conference)},
	{.name = "session",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(session)},
	{.name = "queuePackets",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(queue_packets)},
	{.name = "queueBytes",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(queue_bytes)},
	{.name = "drops",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(drops)},
	{.name = "utc", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(utc)},
};
#undef FIELD
static const struct message_shape congestion_shape = MESSAGE_SHAPE(
	struct message_congestion, congestion_fields);
static const struct message_field congestion_body_fields[] = {
	{.name = "congestion",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &congestion_shape},
};
const struct message_shape message_shape_congestion = MESSAGE_SHAPE(
	struct message_congestion, congestion_body_fields);

static const char *const levels[] = {"warning", "danger", "clear", NULL};

#define FIELD(field) offsetof(struct message_alert, field)
static const struct message_field alert_fields[] = {
	{.name = "node",
		.place = FIELD_LEAF,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(node)},
	{.name = "name",
		.place = FIELD_LEAF,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "level",
		.place = FIELD_LEAF,
		.kind = FIELD_WORD,
		.flags = FIELD_NEEDED,
		.offset = FIELD(level),
		.choices = levels},
	{.name = "value",
		.place = FIELD_LEAF,
		.kind = FIELD_REAL,
		.flags = FIELD_NEEDED,
		.offset = FIELD(value)},
	{.name = "threshold",
		.place = FIELD_LEAF,
		.kind = FIELD_REAL,
		.flags = FIELD_NEEDED,
		.offset = FIELD(threshold)},
	{.name = "id", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(id)},
};
#undef FIELD
static const struct message_shape alert_shape = MESSAGE_SHAPE(struct message_alert, alert_fields);
static const struct message_field alert_body_fields[] = {
	{.name = "alert", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &alert_shape},
};
const struct message_shape message_shape_alert = MESSAGE_SHAPE(
	struct message_alert, alert_body_fields);
