/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "nodes", and of place. */
#include "message_shape.h"

#define HOST_MAX 255
#define TEXT_MAX 1024

const struct message_shape message_shape_empty = {.size = 0};

#define FIELD(field) offsetof(struct message_end, field)
static const struct message_field end_fields[] = {
	{.name = "host",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(host),
		.max = HOST_MAX},
	{.name = "port",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U16,
		.flags = FIELD_NEEDED,
		.offset = FIELD(port)},
};
#undef FIELD
const struct message_shape message_shape_end = MESSAGE_SHAPE(struct message_end, end_fields);

#define FIELD(field) offsetof(struct message_port, field)
static const struct message_field port_fields[] = {
	{.name = "name",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "address",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(address),
		.max = HOST_MAX},
	{.name = "mtu", .place = FIELD_ATTRIBUTE, .kind = FIELD_U32, .offset = FIELD(mtu)},
	{.name = "udpport", .place = FIELD_ATTRIBUTE, .kind = FIELD_U16, .offset = FIELD(udp_port)},
};
#undef FIELD
static const struct message_shape port_shape = MESSAGE_SHAPE(struct message_port, port_fields);

/* <pipeline>1234567</pipeline> */
static const struct message_field stream_fields[] = {
	{.place = FIELD_OWN, .kind = FIELD_U64, .flags = FIELD_NEEDED},
};
static const struct message_shape stream_shape = MESSAGE_SHAPE(uint64_t, stream_fields);

#define FIELD(field) offsetof(struct message_info, field)
static const struct message_field ports_fields[] = {
	{.name = "port",
		.place = FIELD_LIST,
		.offset = FIELD(ports),
		.count = FIELD(nb_ports),
		.shape = &port_shape},
};
static const struct message_shape ports_shape = MESSAGE_SHAPE(struct message_info, ports_fields);

static const struct message_field pipelines_fields[] = {
	{.name = "pipeline",
		.place = FIELD_LIST,
		.offset = FIELD(pipelines),
		.count = FIELD(nb_pipelines),
		.shape = &stream_shape},
};
static const struct message_shape pipelines_shape = MESSAGE_SHAPE(
	struct message_info, pipelines_fields);

static const struct message_field info_fields[] = {
	{.name = "name",
		.place = FIELD_LEAF,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "minaServerAddress",
		.place = FIELD_INSIDE,
		.offset = FIELD(server),
		.shape = &message_shape_end},
	{.name = "minaClientAddress",
		.place = FIELD_INSIDE,
		.offset = FIELD(client),
		.shape = &message_shape_end},
	{.name = "capacity", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(capacity)},
	{.name = "ports", .place = FIELD_INSIDE, .shape = &ports_shape},
	{.name = "pipelines",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &pipelines_shape},
};
#undef FIELD
static const struct message_shape info_shape = MESSAGE_SHAPE(struct message_info, info_fields);

static const struct message_field hello_fields[] = {
	{.name = "info", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &info_shape},
};
const struct message_shape message_shape_info = MESSAGE_SHAPE(struct message_info, hello_fields);

static const struct message_field reason_fields[] = {
	{.name = "reason",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.offset = offsetof(struct message_reason, text),
		.max = TEXT_MAX},
};
const struct message_shape message_shape_reason = MESSAGE_SHAPE(
	struct message_reason, reason_fields);

#define FIELD(field) offsetof(struct message_below, field)
static const struct message_field below_fields[] = {
	{.name = "name",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "parent", .place = FIELD_ATTRIBUTE, .kind = FIELD_NAME, .offset = FIELD(parent)},
};
#undef FIELD
static const struct message_shape below_shape = MESSAGE_SHAPE(struct message_below, below_fields);

#define FIELD(field) offsetof(struct message_children, field)
static const struct message_field child_list_fields[] = {
	{.name = "child",
		.place = FIELD_LIST,
		.offset = FIELD(children),
		.count = FIELD(nb_children),
		.shape = &below_shape},
};
static const struct message_shape child_list_shape = MESSAGE_SHAPE(
	struct message_children, child_list_fields);
static const struct message_field children_fields[] = {
	{.name = "numOfDescendants",
		.place = FIELD_LEAF,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(nb_descendants)},
	{.name = "children",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &child_list_shape},
};
#undef FIELD
const struct message_shape message_shape_children = MESSAGE_SHAPE(
	struct message_children, children_fields);

#define FIELD(field) offsetof(struct message_request, field)
static const struct message_field request_fields[] = {
	{.name = "time",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U64,
		.flags = FIELD_NEEDED,
		.offset = FIELD(time)},
	{.name = "type",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(type),
		.max = MESSAGE_NAME_MAX},
	{.name = "id",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(id),
		.max = MESSAGE_ID_MAX},
};
#undef FIELD
const struct message_shape message_shape_request = MESSAGE_SHAPE(
	struct message_request, request_fields);

static const struct message_field pong_fields[] = {
	{.name = "request",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.shape = &message_shape_request},
};
const struct message_shape message_shape_pong = MESSAGE_SHAPE(struct message_request, pong_fields);

#define FIELD(field) offsetof(struct message_failure, field)
static const struct message_field failure_fields[] = {
	{.name = "code",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(code),
		.min = 100,
		.max = 999},
	{.name = "text",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(text),
		.max = TEXT_MAX},
	{.name = "request",
		.place = FIELD_INSIDE,
		.offset = FIELD(request),
		.shape = &message_shape_request},
};
#undef FIELD
const struct message_shape message_shape_error = MESSAGE_SHAPE(
	struct message_failure, failure_fields);

#define FIELD(field) offsetof(struct message_redirect, field)
static const struct message_field parent_fields[] = {
	{.name = "name",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_WHO,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "host",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(server.host),
		.max = HOST_MAX},
	{.name = "port", .place = FIELD_ATTRIBUTE, .kind = FIELD_U16, .offset = FIELD(server.port)},
};
#undef FIELD
static const struct message_shape parent_shape = MESSAGE_SHAPE(
	struct message_redirect, parent_fields);
static const struct message_field redirect_fields[] = {
	{.name = "parent", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &parent_shape},
};
const struct message_shape message_shape_redirect = MESSAGE_SHAPE(
	struct message_redirect, redirect_fields);

#define FIELD(field) offsetof(struct message_peer, field)
static const struct message_field peer_fields[] = {
	{.name = "id",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(id),
		.min = 1,
		.max = INT32_MAX},
	{.name = "name",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_NAME,
		.flags = FIELD_NEEDED,
		.offset = FIELD(name)},
	{.name = "address",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(address),
		.max = HOST_MAX},
	{.name = "udpport", .place = FIELD_ATTRIBUTE, .kind = FIELD_U16, .offset = FIELD(udp_port)},
	{.name = "port", .place = FIELD_ATTRIBUTE, .kind = FIELD_NAME, .offset = FIELD(port)},
	{.name = "pacing",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(pacing),
		.max = MESSAGE_NAME_MAX},
};
#undef FIELD
static const struct message_shape peer_shape = MESSAGE_SHAPE(struct message_peer, peer_fields);

#define FIELD(field) offsetof(struct message_place, field)
static const struct message_field peers_fields[] = {
	{.name = "peer",
		.place = FIELD_LIST,
		.offset = FIELD(peers),
		.count = FIELD(nb_peers),
		.shape = &peer_shape},
};
static const struct message_shape peers_shape = MESSAGE_SHAPE(struct message_place, peers_fields);

static const struct message_field node_list_fields[] = {
	{.name = "node",
		.place = FIELD_LIST,
		.offset = FIELD(below),
		.count = FIELD(nb_below),
		.shape = &below_shape},
};
static const struct message_shape node_list_shape = MESSAGE_SHAPE(
	struct message_place, node_list_fields);

static const char *const roles[] = {"root", "relay", "leaf", NULL};
static const char *const forwardings[] = {"installed", "open", NULL};

static const struct message_field place_fields[] = {
	{.name = "nodeid",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(node_id),
		.min = 1,
		.max = INT32_MAX},
	{.name = "role",
		.place = FIELD_LEAF,
		.kind = FIELD_WORD,
		.flags = FIELD_NEEDED,
		.offset = FIELD(role),
		.choices = roles},
	{.name = "parent",
		.place = FIELD_INSIDE,
		.flags = FIELD_NEEDED,
		.offset = FIELD(parent),
		.shape = &parent_shape},
	{.name = "forwarding",
		.place = FIELD_LEAF,
		.kind = FIELD_WORD,
		.offset = FIELD(forwarding),
		.choices = forwardings},
	{.name = "peers", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &peers_shape},
	{.name = "below", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &node_list_shape},
};
#undef FIELD
static const struct message_shape place_shape = MESSAGE_SHAPE(struct message_place, place_fields);
static const struct message_field place_body_fields[] = {
	{.name = "place", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &place_shape},
};
const struct message_shape message_shape_place = MESSAGE_SHAPE(
	struct message_place, place_body_fields);
