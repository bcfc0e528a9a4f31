/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of the group "streams". */
#include "config_words.h"
#include "message_rows.h"

#define CODING_MAX     8192 /* with as many relays as a path can have */
#define PATH_MAX_BYTES 4096
#define ADDRESS_MAX    64

#define OF(member) offsetof(struct message_flow, member)
static const struct message_field flow_fields[] = {
	ATTRIBUTE("id", FIELD_U32, OF(id), NEEDED, .max = 255),
	ATTRIBUTE("weight", FIELD_U32, OF(weight), NEEDED),
	ATTRIBUTE("path", FIELD_TEXT, OF(path), NEEDED, .max = PATH_MAX_BYTES),
};
#undef OF
static const struct message_shape flow_shape = MESSAGE_SHAPE(struct message_flow, flow_fields);

#define OF(member) offsetof(struct message_ingress, member)
static const struct message_field ingress_fields[] = {
	LEAF("kind", FIELD_WORD, OF(kind), NEEDED, .choices = config_ingress_words),
	LEAF("address", FIELD_TEXT, OF(address), .max = ADDRESS_MAX),
	LEAF("port", FIELD_U16, OF(port)),
	LEAF("file", FIELD_TEXT, OF(file), .max = PATH_MAX_BYTES),
	LEAF("generator", FIELD_WORD, OF(generator), .choices = config_generator_words),
	LEAF("trace", FIELD_TEXT, OF(trace), .max = PATH_MAX_BYTES),
	LEAF("size", FIELD_U32, OF(size)),
	LEAF("onMs", FIELD_U32, OF(on_ms)),
	LEAF("offMs", FIELD_U32, OF(off_ms)),
	LEAF("seed", FIELD_U64, OF(seed)),
	LEAF("count", FIELD_U64, OF(count)),
	LEAF("fps", FIELD_U32, OF(fps)),
};
#undef OF
static const struct message_shape ingress_shape = MESSAGE_SHAPE(
	struct message_ingress, ingress_fields);

#define OF(member) offsetof(struct message_egress, member)
static const struct message_field egress_fields[] = {
	ATTRIBUTE("node", FIELD_U32, OF(node), NEEDED, .min = 1, .max = INT32_MAX),
	ATTRIBUTE("kind", FIELD_WORD, OF(kind), NEEDED, .choices = config_egress_words),
	ATTRIBUTE("address", FIELD_TEXT, OF(address), .max = ADDRESS_MAX),
	ATTRIBUTE("port", FIELD_U16, OF(port)),
	ATTRIBUTE("file", FIELD_TEXT, OF(file), .max = PATH_MAX_BYTES),
};
#undef OF
static const struct message_shape egress_shape = MESSAGE_SHAPE(
	struct message_egress, egress_fields);

static const struct message_field destination_fields[] = {
	ATTRIBUTE("node", FIELD_U32, 0, NEEDED, .min = 1, .max = INT32_MAX),
};
static const struct message_shape destination_shape = MESSAGE_SHAPE(uint32_t, destination_fields);

#define OF(member) offsetof(struct message_pipeline, member)
static const struct message_field named_fields[] = {
	ATTRIBUTE("conference", FIELD_U32, OF(conference), NEEDED, .min = 1),
	ATTRIBUTE("session", FIELD_U32, OF(session), NEEDED, .min = 1),
};
static const struct message_shape named_shape = MESSAGE_SHAPE(
	struct message_pipeline, named_fields);

static const struct message_field pipeline_fields[] = {
	ATTRIBUTE("conference", FIELD_U32, OF(conference), NEEDED, .min = 1),
	ATTRIBUTE("session", FIELD_U32, OF(session), NEEDED, .min = 1),
	LEAF("name", FIELD_NAME, OF(name)),
	LEAF("conferenceName", FIELD_NAME, OF(conference_name)),
	LEAF("state", FIELD_NAME, OF(state)),
	LEAF("source", FIELD_U32, OF(source), .min = 1, .max = INT32_MAX),
	LEAF("rate", FIELD_U64, OF(rate)),
	LEAF("burst", FIELD_U64, OF(burst)),
	LEAF("payload", FIELD_U32, OF(payload)),
	LEAF("coding", FIELD_TEXT, OF(coding), .max = CODING_MAX),
	LEAF("priority", FIELD_U32, OF(priority), .max = 7),
	LEAF("weight", FIELD_U32, OF(weight)),
	LEAF("queuePackets", FIELD_U32, OF(queue_packets)),
	LEAF("queueBytes", FIELD_U32, OF(queue_bytes)),
	LEAF("queueMs", FIELD_U32, OF(queue_ms)),
	LEAF("reorderPackets", FIELD_U32, OF(reorder_packets)),
	LEAF("reorderMs", FIELD_U32, OF(reorder_ms)),
	LEAF("window", FIELD_U32, OF(window)),
	LEAF("delaySensitive", FIELD_BOOL, OF(delay_sensitive)),
	LEAF("play", FIELD_BOOL, OF(play)),
	LIST("destination", OF(destinations), OF(nb_destinations), &destination_shape),
	LIST("flow", OF(flows), OF(nb_flows), &flow_shape),
	INSIDE("ingress", OF(ingress), &ingress_shape),
	INSIDE("rateTo", OF(rate_to), &message_shape_end),
	LIST("egress", OF(egresses), OF(nb_egresses), &egress_shape),
};
#undef OF
static const struct message_shape full_shape = MESSAGE_SHAPE(
	struct message_pipeline, pipeline_fields);

static const struct message_field pipeline_body_fields[] = {
	INSIDE("pipeline", 0, &named_shape, NEEDED),
};
const struct message_shape message_shape_pipeline = MESSAGE_SHAPE(
	struct message_pipeline, pipeline_body_fields);

static const struct message_field pipedef_body_fields[] = {
	INSIDE("pipeline", 0, &full_shape, NEEDED),
};
const struct message_shape message_shape_pipedef = MESSAGE_SHAPE(
	struct message_pipeline, pipedef_body_fields);

#define OF(member) offsetof(struct message_pipelines, member)
static const struct message_field pipelines_fields[] = {
	INSIDE("request", OF(request), &message_shape_request),
	LIST("pipeline", OF(pipelines), OF(nb_pipelines), &full_shape),
};
#undef OF
const struct message_shape message_shape_pipedefinfo = MESSAGE_SHAPE(
	struct message_pipelines, pipelines_fields);
