/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "fnv.h"
#include "path_text.h"
#include "root_pipeline.h"

static void *
get(size_t count, size_t bytes)
{
	void *memory = calloc(count + 1, bytes);

	if (memory == NULL)
		err(1, "pipelines");
	return memory;
}

/* The group of ferry.cfg(5) in one line, without its comments: { code = "block"; ... }. */
static char *
coding_text(const struct config_session *session)
{
	static const struct config_key key = {.name = "coding"};
	struct config_printer printer = {0};
	char *text = NULL, *to;
	bool string = false;
	size_t size;

	if (session->coding == NULL)
		return NULL;
	printer.out = open_memstream(&text, &size);
	if (printer.out == NULL)
		err(1, "pipelines");
	config_print_coding(&printer, &key, session);
	if (fclose(printer.out) != 0)
		err(1, "pipelines");
	to = text;
	for (const char *at = strchr(text, '{'); at != NULL && *at != 0; at++) {
		string ^= *at == '"';
		if (*at == '#' && !string)
			at += strcspn(at, "\n");
		if (*at == 0)
			break;
		if (strchr(" \n", *at) == NULL)
			*to++ = *at;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	/* The last is a blank or a ';'. */
	while (to > text && to[-1] != '}')
		to--;
	*to = 0;
	return text;
}

static void
host_of(const struct config_endpoint *endpoint, char *host, const char **text, uint16_t *port)
{
	if (endpoint->address.family == 0)
		return;
	*text = underlay_addr_text(&endpoint->address, host);
	*port = endpoint->udp_port;
}

static void
make_ingress(struct root_pipeline *made, const struct config_session *session)
{
	const struct config_ingress *from = &session->ingress;
	struct message_ingress *to = &made->pipeline.ingress;

	to->kind = config_ingress_words[from->kind];
	if (from->kind == CONFIG_INGRESS_UDP) {
		host_of(&from->udp, made->ingress, &to->address, &to->port);
	} else if (from->kind == CONFIG_INGRESS_FILE) {
		to->file = from->file;
		to->size = from->size;
	} else {
		const struct config_generator *g = &from->generator;

		to->generator = config_generator_words[g->kind];
		to->size = g->size;
		to->seed = g->seed;
		to->count = g->count;
		if (g->kind == CONFIG_GENERATOR_ONOFF) {
			to->on_ms = g->on_ms;
			to->off_ms = g->off_ms;
		}
		if (g->kind == CONFIG_GENERATOR_TRACE) {
			to->trace = g->trace;
			to->fps = g->fps;
		}
	}
}

static void
make_flows(struct root_pipeline *made, const struct root_plan *plan)
{
	made->flows = get(plan->flow_count, sizeof(*made->flows));
	made->paths = get(plan->flow_count, sizeof(*made->paths));
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		const struct config_flow *flow = &plan->flows[i];

		made->paths[i] = get(PATH_TEXT_MAX, 1);
		path_text_format(&flow->tree, made->paths[i], PATH_TEXT_MAX);
		made->flows[i] = (struct message_flow){flow->id, flow->weight, made->paths[i]};
	}
	made->pipeline.flows = made->flows;
	made->pipeline.nb_flows = plan->flow_count;
}

static void
make_ends(struct root_pipeline *made, const struct config_session *session,
	const struct root_plan *plan)
{
	uint32_t count = 0;

	made->egresses = get(session->destination_count, sizeof(*made->egresses));
	made->texts = get(session->destination_count, sizeof(*made->texts));
	for (uint32_t i = 0; i < session->destination_count; i++) {
		const struct config_egress *from = &session->egress[i];
		struct message_egress *to = &made->egresses[count];

		if (!root_plan_delivers(plan, from->node))
			continue;
		*to = (struct message_egress){
			.node = from->node, .kind = config_egress_words[from->kind]};
		if (from->kind == CONFIG_EGRESS_UDP)
			host_of(&from->udp, made->texts[count], &to->address, &to->port);
		if (from->kind == CONFIG_EGRESS_FILE)
			to->file = from->file;
		count++;
	}
	made->pipeline.egresses = made->egresses;
	made->pipeline.nb_egresses = count;
}

void
root_pipeline_make(struct root_pipeline *made, const struct root_session *session,
	const struct root_plan *plan, uint32_t node, bool play)
{
	const struct config_session *config = session->config;
	const struct config_conference *conference = session->conference->config;

	*made = (struct root_pipeline){0};
	made->coding = coding_text(config);
	made->pipeline = (struct message_pipeline){
		.conference = conference->id,
		.session = config->id,
		.name = config->name,
		.conference_name = conference->name,
		.source = config->source,
		.rate = config->rate,
		.burst = config->burst,
		.payload = config->payload,
		.coding = made->coding,
		.priority = conference->priority,
		.weight = conference->weight,
		.queue_packets = conference->queue_packets,
		.queue_bytes = conference->queue_bytes,
		.queue_ms = conference->queue_ms,
		.reorder_packets = config->reorder.packets,
		.reorder_ms = config->reorder.packets != 0 ? config->reorder.ms : 0,
		.window = config->window,
		.delay_sensitive = config->delay_sensitive,
		.play = play && node == config->source,
	};
	if (node != config->source && !root_plan_delivers(plan, node))
		return;
	made->pipeline.destinations = plan->destinations;
	made->pipeline.nb_destinations = plan->destination_count;
	make_flows(made, plan);
	make_ingress(made, config);
	host_of(&config->rate_to.udp, made->rate_to, &made->pipeline.rate_to.host,
		&made->pipeline.rate_to.port);
	make_ends(made, config, plan);
}

void
root_pipeline_free(struct root_pipeline *made)
{
	for (size_t i = 0; i < made->pipeline.nb_flows; i++)
		free(made->paths[i]);
	free(made->paths);
	free(made->flows);
	free(made->egresses);
	free(made->texts);
	free(made->coding);
}

uint64_t
root_pipeline_hash(const struct root_pipeline *made, uint32_t node, bool flows)
{
	struct message message = {.type = MESSAGE_PIPEDEF, .time = 1, .pipeline = made->pipeline};
	struct message_pipeline *pipeline = &message.pipeline;
	char error[MESSAGE_ERROR_MAX], *text;
	uint64_t hash = FNV_BEGIN;
	size_t size;

	pipeline->play = false;
	if (!flows || node != pipeline->source)
		pipeline->nb_flows = 0;
	if (node != pipeline->source) {
		pipeline->nb_destinations = made->pipeline.nb_destinations > 0;
		pipeline->destinations = &node;
		pipeline->ingress = (struct message_ingress){0};
		pipeline->rate_to = (struct message_end){0};
		pipeline->nb_egresses = 0;
		for (size_t i = 0; i < made->pipeline.nb_egresses; i++) {
			if (made->egresses[i].node != node)
				continue;
			pipeline->egresses = &made->egresses[i];
			pipeline->nb_egresses = 1;
		}
	}
	text = message_write(&message, &size, error);
	if (text != NULL)
		hash = fnv_add(hash, text, size);
	free(text);
	return hash != 0 ? hash : 1;
}
