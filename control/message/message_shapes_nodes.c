/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "nodes", and of place. */
#include "message_rows.h"

#define HOST_MAX 255
#define TEXT_MAX 1024

const struct message_shape message_shape_empty = {.size = 0};

#define OF(member) offsetof(struct message_end, member)
static const struct message_field end_fields[] = {
	ATTRIBUTE("host", FIELD_TEXT, OF(host), NEEDED, .max = HOST_MAX),
	ATTRIBUTE("port", FIELD_U16, OF(port), NEEDED),
};
#undef OF
const struct message_shape message_shape_end = MESSAGE_SHAPE(struct message_end, end_fields);

#define OF(member) offsetof(struct message_port, member)
static const struct message_field port_fields[] = {
	ATTRIBUTE("name", FIELD_NAME, OF(name), NEEDED),
	ATTRIBUTE("address", FIELD_TEXT, OF(address), NEEDED, .max = HOST_MAX),
	ATTRIBUTE("mtu", FIELD_U32, OF(mtu)),
	ATTRIBUTE("udpport", FIELD_U16, OF(udp_port)),
};
#undef OF
static const struct message_shape port_shape = MESSAGE_SHAPE(struct message_port, port_fields);

/* <pipeline>1234567</pipeline> */
static const struct message_field stream_fields[] = {
	{.place = FIELD_OWN, .kind = FIELD_U64, .flags = FIELD_NEEDED},
};
static const struct message_shape stream_shape = MESSAGE_SHAPE(uint64_t, stream_fields);

#define OF(member) offsetof(struct message_info, member)
static const struct message_field ports_fields[] = {
	LIST("port", OF(ports), OF(nb_ports), &port_shape),
};
static const struct message_shape ports_shape = MESSAGE_SHAPE(struct message_info, ports_fields);

static const struct message_field pipelines_fields[] = {
	LIST("pipeline", OF(pipelines), OF(nb_pipelines), &stream_shape),
};
static const struct message_shape pipelines_shape = MESSAGE_SHAPE(
	struct message_info, pipelines_fields);

static const struct message_field info_fields[] = {
	LEAF("name", FIELD_NAME, OF(name), NEEDED),
	INSIDE("minaServerAddress", OF(server), &message_shape_end),
	INSIDE("minaClientAddress", OF(client), &message_shape_end),
	LEAF("capacity", FIELD_U64, OF(capacity)),
	INSIDE("ports", 0, &ports_shape),
	INSIDE("pipelines", 0, &pipelines_shape, NEEDED),
};
#undef OF
static const struct message_shape info_shape = MESSAGE_SHAPE(struct message_info, info_fields);

static const struct message_field hello_fields[] = {
	INSIDE("info", 0, &info_shape, NEEDED),
};
const struct message_shape message_shape_info = MESSAGE_SHAPE(struct message_info, hello_fields);

static const struct message_field reason_fields[] = {
	LEAF("reason", FIELD_TEXT, offsetof(struct message_reason, text), .max = TEXT_MAX),
};
const struct message_shape message_shape_reason = MESSAGE_SHAPE(
	struct message_reason, reason_fields);

#define OF(member) offsetof(struct message_below, member)
static const struct message_field below_fields[] = {
	ATTRIBUTE("name", FIELD_NAME, OF(name), NEEDED),
	ATTRIBUTE("parent", FIELD_NAME, OF(parent)),
};
#undef OF
static const struct message_shape below_shape = MESSAGE_SHAPE(struct message_below, below_fields);

#define OF(member) offsetof(struct message_children, member)
static const struct message_field child_list_fields[] = {
	LIST("child", OF(children), OF(nb_children), &below_shape),
};
static const struct message_shape child_list_shape = MESSAGE_SHAPE(
	struct message_children, child_list_fields);
static const struct message_field children_fields[] = {
	LEAF("numOfDescendants", FIELD_U64, OF(nb_descendants), NEEDED),
	INSIDE("children", 0, &child_list_shape, NEEDED),
};
#undef OF
const struct message_shape message_shape_children = MESSAGE_SHAPE(
	struct message_children, children_fields);

#define OF(member) offsetof(struct message_request, member)
static const struct message_field request_fields[] = {
	ATTRIBUTE("time", FIELD_U64, OF(time), NEEDED),
	ATTRIBUTE("type", FIELD_TEXT, OF(type), .max = MESSAGE_NAME_MAX),
	ATTRIBUTE("id", FIELD_TEXT, OF(id), .max = MESSAGE_ID_MAX),
};
#undef OF
const struct message_shape message_shape_request = MESSAGE_SHAPE(
	struct message_request, request_fields);

static const struct message_field pong_fields[] = {
	INSIDE("request", 0, &message_shape_request, NEEDED),
};
const struct message_shape message_shape_pong = MESSAGE_SHAPE(struct message_request, pong_fields);

#define OF(member) offsetof(struct message_failure, member)
static const struct message_field failure_fields[] = {
	LEAF("code", FIELD_U32, OF(code), NEEDED, .min = 100, .max = 999),
	LEAF("text", FIELD_TEXT, OF(text), NEEDED, .max = TEXT_MAX),
	INSIDE("request", OF(request), &message_shape_request),
};
#undef OF
const struct message_shape message_shape_error = MESSAGE_SHAPE(
	struct message_failure, failure_fields);

#define OF(member) offsetof(struct message_redirect, member)
static const struct message_field parent_fields[] = {
	ATTRIBUTE("name", FIELD_WHO, OF(name), NEEDED),
	ATTRIBUTE("host", FIELD_TEXT, OF(server.host), .max = HOST_MAX),
	ATTRIBUTE("port", FIELD_U16, OF(server.port)),
};
#undef OF
static const struct message_shape parent_shape = MESSAGE_SHAPE(
	struct message_redirect, parent_fields);
static const struct message_field redirect_fields[] = {
	INSIDE("parent", 0, &parent_shape, NEEDED),
};
const struct message_shape message_shape_redirect = MESSAGE_SHAPE(
	struct message_redirect, redirect_fields);

#define OF(member) offsetof(struct message_peer, member)
static const struct message_field peer_fields[] = {
	ATTRIBUTE("id", FIELD_U32, OF(id), NEEDED, .min = 1, .max = INT32_MAX),
	ATTRIBUTE("name", FIELD_NAME, OF(name), NEEDED),
	ATTRIBUTE("address", FIELD_TEXT, OF(address), NEEDED, .max = HOST_MAX),
	ATTRIBUTE("udpport", FIELD_U16, OF(udp_port)),
	ATTRIBUTE("port", FIELD_NAME, OF(port)),
	ATTRIBUTE("pacing", FIELD_TEXT, OF(pacing), .max = MESSAGE_NAME_MAX),
};
#undef OF
static const struct message_shape peer_shape = MESSAGE_SHAPE(struct message_peer, peer_fields);

#define OF(member) offsetof(struct message_place, member)
static const struct message_field peers_fields[] = {
	LIST("peer", OF(peers), OF(nb_peers), &peer_shape),
};
static const struct message_shape peers_shape = MESSAGE_SHAPE(struct message_place, peers_fields);

static const struct message_field node_list_fields[] = {
	LIST("node", OF(below), OF(nb_below), &below_shape),
};
static const struct message_shape node_list_shape = MESSAGE_SHAPE(
	struct message_place, node_list_fields);

static const char *const roles[] = {"root", "relay", "leaf", NULL};
static const char *const forwardings[] = {"installed", "open", NULL};

static const struct message_field place_fields[] = {
	LEAF("nodeid", FIELD_U32, OF(node_id), NEEDED, .min = 1, .max = INT32_MAX),
	LEAF("role", FIELD_WORD, OF(role), NEEDED, .choices = roles),
	INSIDE("parent", OF(parent), &parent_shape, NEEDED),
	LEAF("forwarding", FIELD_WORD, OF(forwarding), .choices = forwardings),
	INSIDE("peers", 0, &peers_shape, NEEDED),
	INSIDE("below", 0, &node_list_shape, NEEDED),
};
#undef OF
static const struct message_shape place_shape = MESSAGE_SHAPE(struct message_place, place_fields);
static const struct message_field place_body_fields[] = {
	INSIDE("place", 0, &place_shape, NEEDED),
};
const struct message_shape message_shape_place = MESSAGE_SHAPE(
	struct message_place, place_body_fields);
