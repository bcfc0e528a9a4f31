/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Ferry's C code makes of datagrams and routes. One JSON object a line in, one out:
 *
 *   {"receiver": 2, "hex": "1000..."}  the datagram arrives at node 2 (wire_node.h); out come its
 *                                      fields as WIRE.md's vectors have them, or {"drop": NAME}
 *   {"text": "1 > 2"}                  a route; out come its canonical text and its bytes in hex,
 *                                      or {"refused": REASON}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "path_text.h"
#include "pathlet.h"
#include "rlnc_header.h"
#include "rlnc_symbol.h"
#include "wire_node.h"

#define U16(field) json_integer(rte_be_to_cpu_16(field))
#define U32(field) json_integer(rte_be_to_cpu_32(field))
#define U64(field) json_integer((json_int_t)rte_be_to_cpu_64(field))

static json_t *
hex_of(const uint8_t *data, size_t len)
{
	static char text[2 * (WIRE_NODE_DATAGRAM_MAX + 64) + 1];

	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	text[2 * len] = 0;
	return json_string(text);
}

static int
read_hex(const char *text, uint8_t *data, size_t size)
{
	size_t len = strlen(text) / 2;
	unsigned int byte;

	if (strlen(text) % 2 != 0 || len > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -1;
		data[i] = (uint8_t)byte;
	}
	return (int)len;
}

static json_t *
link_fields(const struct link_hdr *hdr)
{
	return json_pack("{s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:o}", "version", hdr->version_type >> 4,
		"type", hdr->version_type & 0x0f, "flags", hdr->flags, "epoch", U16(hdr->epoch),
		"node", U32(hdr->node), "seq", U64(hdr->seq), "stamp", U32(hdr->stamp), "rtt",
		U32(hdr->rtt));
}

static json_t *
session_fields(const struct session_hdr *hdr)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:i,s:o}", "conference",
		U32(hdr->conference), "session", U32(hdr->session), "seq", U32(hdr->seq), "stamp",
		U32(hdr->stamp), "epoch", U16(hdr->epoch), "flow_seq", U16(hdr->flow_seq), "flow",
		hdr->flow, "flags", hdr->flags, "reserved", U16(hdr->reserved));
}

static json_t *
feedback_fields(const struct feedback_body *body)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "stamp_echo", U32(body->stamp_echo),
		"delay", U32(body->delay), "loss_rate", U32(body->loss_rate), "epoch",
		U16(body->epoch), "reserved", U16(body->reserved), "seq_highest",
		U64(body->seq_highest), "rate", U64(body->rate));
}

/* What follows the session header of a coded packet, as a destination judges it. */
static enum drop_reason
coding_parse(const uint8_t *data, size_t len, struct rlnc_header *h)
{
	struct rte_mbuf m = {.buf_addr = (void *)(uintptr_t)data,
		.nb_segs = 1,
		.data_len = (uint16_t)len,
		.pkt_len = (uint32_t)len};
	uint8_t room[RLNC_HEADER_MAX];

	return rlnc_header_read(&m, room, h);
}

static json_t *
coding_fields(const struct rlnc_header *h, const uint8_t *data)
{
	json_t *out = json_pack("{s:i,s:i,s:i,s:i}", "kind", h->kind, "window",
		h->code == RLNC_WINDOW, "final", h->final, "n", h->n);
	uint8_t coeffs[RLNC_SPAN_MAX];

	if (h->kind == RLNC_SYSTEMATIC) {
		json_object_set_new(out, "index", json_integer(h->index));
		json_object_set_new(out, "reserved", json_integer(data[3]));
		return out;
	}
	rlnc_header_coeffs(h, coeffs);
	json_object_set_new(out, "coefficients", hex_of(coeffs, h->n));
	if (h->kind == RLNC_SEEDED)
		json_object_set_new(out, "seed", json_integer(h->seed));
	else
		json_object_set_new(out, "reserved", json_integer(data[2] << 8 | data[3]));
	return out;
}

static json_t *
decoded_fields(const struct decoded_body *body)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "conference", U32(body->conference), "session",
		U32(body->session), "seq", U32(body->seq), "epoch", U16(body->epoch), "reserved",
		U16(body->reserved));
}

/*
 * The Pathlet that len bytes begin with, a session header behind it, as the node that it names sees
 * it; what is inside as the nodes further down will, when it is theirs with the same header behind.
 * tree takes all of it as well. NULL where one of them would refuse it.
 */
static json_t *
pathlet_fields(const uint8_t *data, uint32_t len, const uint8_t *session, struct pathlet_tree *tree,
	unsigned int depth)
{
	uint32_t own = rte_be_to_cpu_32(((const struct pathlet_hdr *)data)->node) & NODE_ID_MAX;
	struct pathlet_view view;
	json_t *inner = json_array(), *part;

	if (pathlet_parse(data, len, own, &view) != DROP_none ||
		pathlet_tree_add(tree, depth, own, view.destination) != PATHLET_TREE_OK)
		goto refused;
	for (uint8_t i = 0; i < view.nb_branches; i++) {
		uint8_t copy[PATHLET_TREE_MAX_BYTES + sizeof(struct session_hdr)];
		const struct pathlet_branch *branch = &view.branches[i];

		memcpy(copy, data + branch->off, branch->len);
		memcpy(copy + branch->len, session, sizeof(struct session_hdr));
		part = pathlet_fields(copy, branch->len + (uint32_t)sizeof(struct session_hdr),
			session, tree, depth + 1);
		if (part == NULL)
			goto refused;
		json_array_append_new(inner, part);
	}
	return json_pack("{s:i,s:b,s:I,s:o}", "length", view.length, "destination",
		view.destination, "node", (json_int_t)own, "inner", inner);

refused:
	json_decref(inner);
	return NULL;
}

static void
add_data(json_t *out, const uint8_t *data, uint32_t len)
{
	const uint8_t *body = data + sizeof(struct link_hdr);
	uint16_t pathlet = rte_be_to_cpu_16(((const struct pathlet_hdr *)body)->length);
	const struct session_hdr *session = (const struct session_hdr *)(body + pathlet);
	const uint8_t *payload = (const uint8_t *)(session + 1);
	struct rlnc_header coding;
	struct pathlet_tree tree;
	char text[PATH_TEXT_MAX];
	json_t *fields;

	pathlet_tree_init(&tree);
	fields = pathlet_fields(
		body, len - (uint32_t)sizeof(struct link_hdr), (const uint8_t *)session, &tree, 1);
	if (fields != NULL && path_text_format(&tree, text, sizeof(text)) > 0)
		json_object_set_new(out, "route", json_string(text));
	if (fields != NULL)
		json_object_set_new(out, "pathlet", fields);
	json_object_set_new(out, "session", session_fields(session));
	if ((session->flags & SESSION_CODED) &&
		coding_parse(payload, (size_t)(data + len - payload), &coding) == DROP_none) {
		json_object_set_new(out, "coding", coding_fields(&coding, payload));
		payload += rlnc_header_bytes(&coding);
	}
	json_object_set_new(out, "payload", hex_of(payload, (size_t)(data + len - payload)));
}

static json_t *
decoded(const uint8_t *data, uint32_t len)
{
	const struct link_hdr *link = (const struct link_hdr *)data;
	const uint8_t *body = data + sizeof(*link);
	json_t *out = json_object();

	json_object_set_new(out, "link", link_fields(link));
	switch (link->version_type & 0x0f) {
	case LINK_DATA:
		add_data(out, data, len);
		break;
	case LINK_FEEDBACK:
		json_object_set_new(
			out, "feedback", feedback_fields((const struct feedback_body *)body));
		break;
	case LINK_DECODED:
		json_object_set_new(
			out, "decoded", decoded_fields((const struct decoded_body *)body));
		break;
	default:
		json_object_set_new(out, "probe",
			json_pack("{s:o}", "cookie", hex_of(body, sizeof(struct probe_body))));
	}
	return out;
}

/* What is the node's own state to know is no matter of the datagram. */
static bool
is_sound(enum drop_reason drop)
{
	return drop == DROP_none || drop == DROP_feedback_epoch || drop == DROP_probe_unexpected ||
	       drop == DROP_decoded_unknown;
}

/* The node has no session: what a destination would say of the coding header of such a packet. */
static enum drop_reason
judge_coding(const uint8_t *data, uint32_t len)
{
	const uint8_t *body = data + sizeof(struct link_hdr);
	uint16_t pathlet = rte_be_to_cpu_16(((const struct pathlet_hdr *)body)->length);
	const struct session_hdr *session = (const struct session_hdr *)(body + pathlet);
	const uint8_t *payload = (const uint8_t *)(session + 1);
	struct rlnc_header coding;

	if (!(session->flags & SESSION_CODED))
		return DROP_none;
	return coding_parse(payload, (size_t)(data + len - payload), &coding);
}

static json_t *
take(json_t *request, const char **error)
{
	static struct wire_outcome outcome;
	uint8_t data[WIRE_NODE_DATAGRAM_MAX];
	int len = read_hex(json_string_value(json_object_get(request, "hex")), data, sizeof(data));
	uint32_t own = (uint32_t)json_integer_value(json_object_get(request, "receiver"));
	json_t *out, *copies;

	*error = "hex is not the hex of a datagram";
	if (len < 0 || wire_node_take(own, data, (uint16_t)len, &outcome, error) < 0)
		return NULL;
	if (is_sound(outcome.drop) && outcome.asked_delivery)
		outcome.drop = judge_coding(data, (uint32_t)len);
	if (!is_sound(outcome.drop))
		return json_pack("{s:s}", "drop", drop_name(outcome.drop));
	out = json_object();
	copies = json_array();
	for (uint16_t i = 0; i < outcome.nb_copies; i++)
		json_array_append_new(
			copies, hex_of(outcome.copies[i].data, outcome.copies[i].len));
	json_object_set_new(out, "decoded", decoded(data, (uint32_t)len));
	json_object_set_new(out, "sent", copies);
	json_object_set_new(out, "asked_delivery", json_boolean(outcome.asked_delivery));
	json_object_set_new(out, "unknown_hops", json_integer(outcome.unknown_hops));
	return out;
}

static json_t *
encode(const char *text)
{
	uint8_t bytes[PATHLET_TREE_MAX_BYTES];
	struct path_text_error fault;
	char canonical[PATH_TEXT_MAX];
	struct pathlet_tree tree;
	size_t len = 0;

	if (path_text_parse(text, &tree, &fault) < 0)
		return json_pack("{s:s}", "refused", fault.text);
	for (unsigned int i = 0; i < tree.count; i = pathlet_tree_next(&tree, i))
		len += pathlet_tree_encode(&tree, i, bytes + len, sizeof(bytes) - len);
	if (path_text_format(&tree, canonical, sizeof(canonical)) == 0)
		return json_pack("{s:s}", "refused", "no room for its canonical form");
	return json_pack("{s:s,s:o}", "text", canonical, "hex", hex_of(bytes, len));
}

static int
serve(const char *line)
{
	const char *error = "neither a datagram nor a route";
	json_error_t fault;
	json_t *request = json_loads(line, 0, &fault), *answer = NULL;
	const char *text = json_string_value(json_object_get(request, "text"));

	if (text != NULL)
		answer = encode(text);
	else if (json_is_string(json_object_get(request, "hex")))
		answer = take(request, &error);
	json_decref(request);
	if (answer == NULL) {
		fprintf(stderr, "wire_decode: %s: %s", error, line);
		return -1;
	}
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(answer);
	return 0;
}

int
main(void)
{
	const char *error;
	size_t size = 0;
	char *line = NULL;
	int rc = 0;

	if (wire_node_start(&error) < 0) {
		fprintf(stderr, "wire_decode: %s\n", error);
		return 1;
	}
	while (rc == 0 && getline(&line, &size, stdin) > 0)
		rc = serve(line);
	free(line);
	wire_node_stop();
	return rc == 0 ? 0 : 1;
}
