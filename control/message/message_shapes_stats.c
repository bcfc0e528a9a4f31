/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "statistics", and of what tells of congestion and thresholds. */
#include "message_rows.h"

#define VALUE_MAX 16384 /* a histogram's bins */

#define OF(member) offsetof(struct message_value, member)
static const struct message_field value_fields[] = {
	LEAF("name", FIELD_NAME, OF(name), NEEDED),
	LEAF("value", FIELD_TEXT, OF(value), NEEDED, .max = VALUE_MAX),
};
#undef OF
static const struct message_shape value_shape = MESSAGE_SHAPE(struct message_value, value_fields);

#define OF(member) offsetof(struct message_container, member)
static const struct message_field array_fields[] = {
	LIST("DBValue", OF(values), OF(nb_values), &value_shape),
};
static const struct message_shape array_shape = MESSAGE_SHAPE(
	struct message_container, array_fields);

static const struct message_field container_fields[] = {
	LEAF("startTime", FIELD_U64, OF(start), NEEDED),
	LEAF("endTime", FIELD_U64, OF(end), NEEDED),
	LEAF("numOfChildren", FIELD_U32, OF(children), NEEDED),
	LEAF("id", FIELD_U64, OF(id), NEEDED),
	INSIDE("statArray", 0, &array_shape, NEEDED),
};
#undef OF
static const struct message_shape container_shape = MESSAGE_SHAPE(
	struct message_container, container_fields);

#define OF(member) offsetof(struct message_stats, member)
static const struct message_field list_fields[] = {
	LIST("statsContainer", OF(containers), OF(nb_containers), &container_shape),
};
static const struct message_shape list_shape = MESSAGE_SHAPE(struct message_stats, list_fields);

static const struct message_field stats_fields[] = {
	INSIDE("statsContainers", 0, &list_shape, NEEDED),
};
const struct message_shape message_shape_stats = MESSAGE_SHAPE(struct message_stats, stats_fields);

static const struct message_field fullstats_fields[] = {
	INSIDE("xmlDb", 0, &message_shape_stats, NEEDED),
	LEAF("endTime", FIELD_U64, OF(end), NEEDED),
};
#undef OF
const struct message_shape message_shape_fullstats = MESSAGE_SHAPE(
	struct message_stats, fullstats_fields);

static const struct message_field reqfullstats_fields[] = {
	LEAF("pipeid", FIELD_U64, offsetof(struct message_reqfullstats, id), .min = 1),
};
const struct message_shape message_shape_reqfullstats = MESSAGE_SHAPE(
	struct message_reqfullstats, reqfullstats_fields);

#define OF(member) offsetof(struct message_congestion, member)
static const struct message_field congestion_fields[] = {
	LEAF("node", FIELD_NAME, OF(node)),
	LEAF("peer", FIELD_U32, OF(peer), NEEDED, .min = 1, .max = INT32_MAX),
	LEAF("conference", FIELD_U32, OF(conference), NEEDED),
	LEAF("session", FIELD_U32, OF(session), NEEDED),
	LEAF("queuePackets", FIELD_U32, OF(queue_packets), NEEDED),
	LEAF("queueBytes", FIELD_U32, OF(queue_bytes), NEEDED),
	LEAF("drops", FIELD_U64, OF(drops), NEEDED),
	LEAF("utc", FIELD_U64, OF(utc)),
};
#undef OF
static const struct message_shape congestion_shape = MESSAGE_SHAPE(
	struct message_congestion, congestion_fields);
static const struct message_field congestion_body_fields[] = {
	INSIDE("congestion", 0, &congestion_shape, NEEDED),
};
const struct message_shape message_shape_congestion = MESSAGE_SHAPE(
	struct message_congestion, congestion_body_fields);

static const char *const levels[] = {"warning", "danger", "clear", NULL};

#define OF(member) offsetof(struct message_alert, member)
static const struct message_field alert_fields[] = {
	LEAF("node", FIELD_NAME, OF(node), NEEDED),
	LEAF("name", FIELD_NAME, OF(name), NEEDED),
	LEAF("level", FIELD_WORD, OF(level), NEEDED, .choices = levels),
	LEAF("value", FIELD_REAL, OF(value), NEEDED),
	LEAF("threshold", FIELD_REAL, OF(threshold), NEEDED),
	LEAF("id", FIELD_U64, OF(id)),
};
#undef OF
static const struct message_shape alert_shape = MESSAGE_SHAPE(struct message_alert, alert_fields);
static const struct message_field alert_body_fields[] = {
	INSIDE("alert", 0, &alert_shape, NEEDED),
};
const struct message_shape message_shape_alert = MESSAGE_SHAPE(
	struct message_alert, alert_body_fields);
