/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of conflist, join and leave. */
#include "message_rows.h"

static const struct message_field participant_fields[] = {
	ATTRIBUTE("name", FIELD_NAME, 0, NEEDED),
};
static const struct message_shape participant_shape = MESSAGE_SHAPE(
	const char *, participant_fields);

#define OF(member) offsetof(struct message_conference, member)
static const struct message_field conference_fields[] = {
	ATTRIBUTE("id", FIELD_U32, OF(id), NEEDED, .min = 1),
	ATTRIBUTE("name", FIELD_NAME, OF(name)),
	ATTRIBUTE("start", FIELD_U64, OF(start)),
	ATTRIBUTE("end", FIELD_U64, OF(end)),
	ATTRIBUTE("sessions", FIELD_U32, OF(sessions)),
	LIST("participant", OF(participants), OF(nb_participants), &participant_shape),
};
#undef OF
static const struct message_shape conference_shape = MESSAGE_SHAPE(
	struct message_conference, conference_fields);

#define OF(member) offsetof(struct message_conflist, member)
static const struct message_field conferences_fields[] = {
	LIST("conference", OF(conferences), OF(nb_conferences), &conference_shape),
};
static const struct message_shape conferences_shape = MESSAGE_SHAPE(
	struct message_conflist, conferences_fields);
static const struct message_field conflist_fields[] = {
	INSIDE("request", OF(request), &message_shape_request),
	INSIDE("conferences", 0, &conferences_shape, .present = OF(answer)),
};
#undef OF
const struct message_shape message_shape_conflist = MESSAGE_SHAPE(
	struct message_conflist, conflist_fields);

#define OF(member) offsetof(struct message_attend, member)
static const struct message_field attend_fields[] = {
	LEAF("conference", FIELD_U32, OF(conference), NEEDED, .min = 1),
	LEAF("node", FIELD_NAME, OF(node)),
};
#undef OF
const struct message_shape message_shape_attend = MESSAGE_SHAPE(
	struct message_attend, attend_fields);
