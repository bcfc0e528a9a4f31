/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "host_text.h"
#include "manage_text.h"

struct text {
	FILE *out;
	char *text;
	size_t size;
};

static void
begin(struct text *t)
{
	t->out = open_memstream(&t->text, &t->size);
	if (t->out == NULL)
		err(1, "what the root says");
}

static char *
end(struct text *t)
{
	if (fclose(t->out) != 0)
		err(1, "what the root says");
	return t->text;
}

static void
put_string(FILE *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "%s = \"", key);
	for (; *value != 0; value++)
		fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	fputs("\";\n", out);
}

static void
put_number(FILE *out, const char *key, uint64_t value)
{
	if (value != 0)
		fprintf(out, "%s = %" PRIu64 "%s;\n", key, value, value > INT32_MAX ? "L" : "");
}

static void
put_end(FILE *out, const char *key, const char *address, uint16_t port)
{
	char text[256 + HOST_PORT_MORE];

	if (address != NULL)
		put_string(out, key, host_port_text(address, port, text, sizeof(text)));
}

static void
put_ingress(FILE *out, const struct message_ingress *ingress)
{
	if (ingress->kind == NULL)
		return;
	fputs("ingress = {\n", out);
	if (strcmp(ingress->kind, "udp") == 0) {
		put_end(out, "udp", ingress->address, ingress->port);
	} else if (strcmp(ingress->kind, "file") == 0) {
		put_string(out, "file", ingress->file);
		put_number(out, "size", ingress->size);
	} else {
		fputs("generator = {\n", out);
		put_string(out, "kind", ingress->generator);
		put_number(out, "size", ingress->size);
		put_number(out, "on_ms", ingress->on_ms);
		put_number(out, "off_ms", ingress->off_ms);
		put_string(out, "trace", ingress->trace);
		if (ingress->trace != NULL)
			fprintf(out, "fps = %u.%03u;\n", ingress->fps / 1000, ingress->fps % 1000);
		put_number(out, "seed", ingress->seed);
		put_number(out, "count", ingress->count);
		fputs("};\n", out);
	}
	fputs("};\n", out);
}

static void
put_egress(FILE *out, const struct message_egress *egress)
{
	fprintf(out, "{ node = %u;\n", egress->node);
	if (strcmp(egress->kind, "udp") == 0)
		put_end(out, "udp", egress->address, egress->port);
	else if (strcmp(egress->kind, "file") == 0)
		put_string(out, "file", egress->file);
	else
		fputs("sink = true;\n", out);
	fputs("}", out);
}

static void
put_lists(FILE *out, const struct message_pipeline *pipeline)
{
	fputs("destinations = [", out);
	for (size_t i = 0; i < pipeline->nb_destinations; i++)
		fprintf(out, "%s%u", i == 0 ? "" : ", ", pipeline->destinations[i]);
	fputs("];\nflows = (", out);
	for (size_t i = 0; i < pipeline->nb_flows; i++) {
		const struct message_flow *flow = &pipeline->flows[i];

		fprintf(out, "%s{ id = %u; weight = %u;\n", i == 0 ? "" : ", ", flow->id,
			flow->weight);
		put_string(out, "path", flow->path);
		fputs("}", out);
	}
	fputs(");\n", out);
	for (size_t i = 0; i < pipeline->nb_egresses; i++) {
		fputs(i == 0 ? "egress = (" : ", ", out);
		put_egress(out, &pipeline->egresses[i]);
	}
	if (pipeline->nb_egresses > 0)
		fputs(");\n", out);
}

/* All that is the same at each node. */
static void
put_common(FILE *out, const struct message_pipeline *pipeline)
{
	put_number(out, "id", pipeline->session);
	put_string(out, "name", pipeline->name);
	put_number(out, "source", pipeline->source);
	put_number(out, "rate", pipeline->rate);
	if (pipeline->rate != 0)
		put_number(out, "burst", pipeline->burst);
	put_number(out, "payload", pipeline->payload);
	put_number(out, "window", pipeline->window);
	if (pipeline->reorder_packets != 0)
		fprintf(out, "reorder = { packets = %u; ms = %u; };\n", pipeline->reorder_packets,
			pipeline->reorder_ms);
	if (pipeline->delay_sensitive)
		fputs("delay_sensitive = true;\n", out);
	if (pipeline->coding != NULL)
		fprintf(out, "coding = %s;\n", pipeline->coding);
}

char *
manage_text_session(const struct message_pipeline *pipeline)
{
	struct text t;

	begin(&t);
	put_common(t.out, pipeline);
	put_lists(t.out, pipeline);
	put_ingress(t.out, &pipeline->ingress);
	put_end(t.out, "rate_to", pipeline->rate_to.host, pipeline->rate_to.port);
	fprintf(t.out, "start = %s;\n", pipeline->play ? "true" : "false");
	return end(&t);
}

char *
manage_text_conference(const struct message_pipeline *pipeline)
{
	struct text t;

	begin(&t);
	put_number(t.out, "id", pipeline->conference);
	put_string(t.out, "name", pipeline->conference_name);
	/* 0 is a priority too; the weight is never 0 where terms are said. */
	if (pipeline->weight != 0)
		fprintf(t.out, "priority = %u;\n", pipeline->priority);
	put_number(t.out, "weight", pipeline->weight);
	put_number(t.out, "queue_packets", pipeline->queue_packets);
	put_number(t.out, "queue_bytes", pipeline->queue_bytes);
	put_number(t.out, "queue_ms", pipeline->queue_ms);
	return end(&t);
}

char *
manage_text_peer(const struct message_peer *peer, const char *port)
{
	struct text t;

	begin(&t);
	put_number(t.out, "id", peer->id);
	put_string(t.out, "name", peer->name);
	put_string(t.out, "address", peer->address);
	put_string(t.out, "port", port);
	put_number(t.out, "udp_port", peer->udp_port);
	put_string(t.out, "pacing", peer->pacing);
	return end(&t);
}

uint64_t
manage_text_mark(const struct message_pipeline *pipeline, uint32_t node)
{
	bool source = pipeline->source == node;
	struct text t;
	uint64_t hash;

	begin(&t);
	put_common(t.out, pipeline);
	for (size_t i = 0; i < pipeline->nb_destinations; i++) {
		if (pipeline->destinations[i] == node)
			fprintf(t.out, "to %u\n", pipeline->destinations[i]);
	}
	for (size_t i = 0; i < pipeline->nb_egresses; i++) {
		if (pipeline->egresses[i].node == node)
			put_egress(t.out, &pipeline->egresses[i]);
	}
	if (source) {
		put_ingress(t.out, &pipeline->ingress);
		put_end(t.out, "rate_to", pipeline->rate_to.host, pipeline->rate_to.port);
	}
	end(&t);
	hash = fnv_add(FNV_BEGIN, t.text, t.size);
	free(t.text);
	return hash;
}
