/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "streams". */
#include "message_shape.h"

#define TEXT_MAX       1024
#define PATH_MAX_BYTES 4096
#define ADDRESS_MAX    64

#define FIELD(field) offsetof(struct message_flow, field)
static const struct message_field flow_fields[] = {
	{.name = "id",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(id),
		.max = 255},
	{.name = "weight",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(weight)},
	{.name = "path",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.flags = FIELD_NEEDED,
		.offset = FIELD(path),
		.max = PATH_MAX_BYTES},
};
#undef FIELD
static const struct message_shape flow_shape = MESSAGE_SHAPE(struct message_flow, flow_fields);

static const char *const ingress_kinds[] = {"udp", "generator", "file", NULL};
static const char *const generators[] = {"constant", "poisson", "onoff", "trace", NULL};
static const char *const egress_kinds[] = {"sink", "udp", "file", NULL};

#define FIELD(field) offsetof(struct message_ingress, field)
static const struct message_field ingress_fields[] = {
	{.name = "kind",
		.place = FIELD_LEAF,
		.kind = FIELD_WORD,
		.flags = FIELD_NEEDED,
		.offset = FIELD(kind),
		.choices = ingress_kinds},
	{.name = "address",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.offset = FIELD(address),
		.max = ADDRESS_MAX},
	{.name = "port", .place = FIELD_LEAF, .kind = FIELD_U16, .offset = FIELD(port)},
	{.name = "file",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.offset = FIELD(file),
		.max = PATH_MAX_BYTES},
	{.name = "generator",
		.place = FIELD_LEAF,
		.kind = FIELD_WORD,
		.offset = FIELD(generator),
		.choices = generators},
	{.name = "trace",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.offset = FIELD(trace),
		.max = PATH_MAX_BYTES},
	{.name = "size", .place = FIELD_LEAF, .kind = FIELD_U32, .offset = FIELD(size)},
	{.name = "onMs", .place = FIELD_LEAF, .kind = FIELD_U32, .offset = FIELD(on_ms)},
	{.name = "offMs", .place = FIELD_LEAF, .kind = FIELD_U32, .offset = FIELD(off_ms)},
	{.name = "seed", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(seed)},
	{.name = "count", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(count)},
	{.name = "fps", .place = FIELD_LEAF, .kind = FIELD_U32, .offset = FIELD(fps)},
};
#undef FIELD
static const struct message_shape ingress_shape = MESSAGE_SHAPE(
	struct message_ingress, ingress_fields);

#define FIELD(field) offsetof(struct message_egress, field)
static const struct message_field egress_fields[] = {
	{.name = "node",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.offset = FIELD(node),
		.min = 1,
		.max = INT32_MAX},
	{.name = "kind",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_WORD,
		.flags = FIELD_NEEDED,
		.offset = FIELD(kind),
		.choices = egress_kinds},
	{.name = "address",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(address),
		.max = ADDRESS_MAX},
	{.name = "port", .place = FIELD_ATTRIBUTE, .kind = FIELD_U16, .offset = FIELD(port)},
	{.name = "file",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_TEXT,
		.offset = FIELD(file),
		.max = PATH_MAX_BYTES},
};
#undef FIELD
static const struct message_shape egress_shape = MESSAGE_SHAPE(
	struct message_egress, egress_fields);

static const struct message_field destination_fields[] = {
	{.name = "node",
		.place = FIELD_ATTRIBUTE,
		.kind = FIELD_U32,
		.flags = FIELD_NEEDED,
		.min = 1,
		.max = INT32_MAX},
};
static const struct message_shape destination_shape = MESSAGE_SHAPE(uint32_t, destination_fields);

#define FIELD(field) offsetof(struct message_pipeline, field)
#define NAMED                                                                                      \
	{.name = "conference",                                                                     \
		.place = FIELD_ATTRIBUTE,                                                          \
		.kind = FIELD_U32,                                                                 \
		.flags = FIELD_NEEDED,                                                             \
		.offset = FIELD(conference),                                                       \
		.min = 1},                                                                         \
	{                                                                                          \
		.name = "session", .place = FIELD_ATTRIBUTE, .kind = FIELD_U32,                    \
		.flags = FIELD_NEEDED, .offset = FIELD(session), .min = 1                          \
	}

static const struct message_field named_fields[] = {NAMED};
static const struct message_shape named_shape = MESSAGE_SHAPE(
	struct message_pipeline, named_fields);

#define NUMBER(word, field)                                                                        \
	{                                                                                          \
		.name = word, .place = FIELD_LEAF, .kind = FIELD_U32, .offset = FIELD(field)       \
	}
static const struct message_field pipeline_fields[] = {
	NAMED,
	{.name = "name", .place = FIELD_LEAF, .kind = FIELD_NAME, .offset = FIELD(name)},
	{.name = "conferenceName",
		.place = FIELD_LEAF,
		.kind = FIELD_NAME,
		.offset = FIELD(conference_name)},
	{.name = "state", .place = FIELD_LEAF, .kind = FIELD_NAME, .offset = FIELD(state)},
	{.name = "source",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.offset = FIELD(source),
		.min = 1,
		.max = INT32_MAX},
	{.name = "rate", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(rate)},
	{.name = "burst", .place = FIELD_LEAF, .kind = FIELD_U64, .offset = FIELD(burst)},
	NUMBER("payload", payload),
	{.name = "coding",
		.place = FIELD_LEAF,
		.kind = FIELD_TEXT,
		.offset = FIELD(coding),
		.max = TEXT_MAX},
	{.name = "priority",
		.place = FIELD_LEAF,
		.kind = FIELD_U32,
		.offset = FIELD(priority),
		.max = 7},
	NUMBER("weight", weight),
	NUMBER("queuePackets", queue_packets),
	NUMBER("queueBytes", queue_bytes),
	NUMBER("queueMs", queue_ms),
	NUMBER("reorderPackets", reorder_packets),
	NUMBER("reorderMs", reorder_ms),
	NUMBER("window", window),
	{.name = "delaySensitive",
		.place = FIELD_LEAF,
		.kind = FIELD_BOOL,
		.offset = FIELD(delay_sensitive)},
	{.name = "play", .place = FIELD_LEAF, .kind = FIELD_BOOL, .offset = FIELD(play)},
	{.name = "destination",
		.place = FIELD_LIST,
		.offset = FIELD(destinations),
		.count = FIELD(nb_destinations),
		.shape = &destination_shape},
	{.name = "flow",
		.place = FIELD_LIST,
		.offset = FIELD(flows),
		.count = FIELD(nb_flows),
		.shape = &flow_shape},
	{.name = "ingress",
		.place = FIELD_INSIDE,
		.offset = FIELD(ingress),
		.shape = &ingress_shape},
	{.name = "rateTo",
		.place = FIELD_INSIDE,
		.offset = FIELD(rate_to),
		.shape = &message_shape_end},
	{.name = "egress",
		.place = FIELD_LIST,
		.offset = FIELD(egresses),
		.count = FIELD(nb_egresses),
		.shape = &egress_shape},
};
#undef FIELD
static const struct message_shape full_shape = MESSAGE_SHAPE(
	struct message_pipeline, pipeline_fields);

static const struct message_field pipeline_body_fields[] = {
	{.name = "pipeline", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &named_shape},
};
const struct message_shape message_shape_pipeline = MESSAGE_SHAPE(
	struct message_pipeline, pipeline_body_fields);

static const struct message_field pipedef_body_fields[] = {
	{.name = "pipeline", .place = FIELD_INSIDE, .flags = FIELD_NEEDED, .shape = &full_shape},
};
const struct message_shape message_shape_pipedef = MESSAGE_SHAPE(
	struct message_pipeline, pipedef_body_fields);

static const struct message_field pipelines_fields[] = {
	{.name = "request",
		.place = FIELD_INSIDE,
		.offset = offsetof(struct message_pipelines, request),
		.shape = &message_shape_request},
	{.name = "pipeline",
		.place = FIELD_LIST,
		.offset = offsetof(struct message_pipelines, pipelines),
		.count = offsetof(struct message_pipelines, nb_pipelines),
		.shape = &full_shape},
};
const struct message_shape message_shape_pipedefinfo = MESSAGE_SHAPE(
	struct message_pipelines, pipelines_fields);
