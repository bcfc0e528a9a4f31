/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of linkloss and wayloss. */
#include "message_rows.h"

#define OF(member) offsetof(struct message_loss, member)
static const struct message_field loss_fields[] = {
	ATTRIBUTE("peer", FIELD_U32, OF(peer), NEEDED, .min = 1, .max = INT32_MAX),
	ATTRIBUTE("loss", FIELD_U32, OF(loss), NEEDED, .max = MESSAGE_LOSS_MAX),
};
#undef OF
static const struct message_shape loss_shape = MESSAGE_SHAPE(struct message_loss, loss_fields);

#define OF(member) offsetof(struct message_links, member)
static const struct message_field links_fields[] = {
	LIST("to", OF(to), OF(nb_to), &loss_shape),
	LIST("from", OF(from), OF(nb_from), &loss_shape),
};
#undef OF
static const struct message_shape links_shape = MESSAGE_SHAPE(struct message_links, links_fields);
static const struct message_field linkloss_fields[] = {
	INSIDE("links", 0, &links_shape, NEEDED),
};
const struct message_shape message_shape_linkloss = MESSAGE_SHAPE(
	struct message_links, linkloss_fields);

#define OF(member) offsetof(struct message_way, member)
static const struct message_field way_fields[] = {
	ATTRIBUTE("conference", FIELD_U32, OF(conference), NEEDED),
	ATTRIBUTE("session", FIELD_U32, OF(session), NEEDED),
	ATTRIBUTE("loss", FIELD_U32, OF(loss), NEEDED, .max = MESSAGE_LOSS_MAX),
	ATTRIBUTE("regained", FIELD_U32, OF(regained), NEEDED, .max = MESSAGE_LOSS_MAX),
};
#undef OF
static const struct message_shape way_shape = MESSAGE_SHAPE(struct message_way, way_fields);
static const struct message_field wayloss_fields[] = {
	INSIDE("way", 0, &way_shape, NEEDED),
};
const struct message_shape message_shape_wayloss = MESSAGE_SHAPE(
	struct message_way, wayloss_fields);
