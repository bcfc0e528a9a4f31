/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: their source at one node, their destinations at others. */
#include <errno.h>
#include <stdio.h>

#include "path_text.h"
#include "recode.h"
#include "sim.h"

void
sim_session_flow(struct sim_session *session, uint8_t id, uint32_t weight, const char *text)
{
	struct sim_flow *flow = &session->flows[session->nb_flows++];

	flow->id = id;
	flow->weight = weight;
	snprintf(flow->text, sizeof(flow->text), "%s", text);
}

struct source *
sim_source(const struct sim *sim, uint32_t index)
{
	const struct sim_session *s = &sim->sessions[index];

	return node_find_source(sim->nodes[s->source].node, s->conference, s->session);
}

struct destination *
sim_destination(const struct sim *sim, uint32_t index, uint32_t node)
{
	const struct sim_session *s = &sim->sessions[index];

	return node_find_destination(sim->nodes[node].node, s->conference, s->session);
}

/* A flow that the source has already keeps its numbers. */
static struct flow_state *
state_of(const struct source *source, uint8_t id)
{
	for (uint16_t i = 0; source != NULL && i < source->plan->nb_flows; i++)
		if (source->plan->flows[i].id == id)
			return source->plan->flows[i].state;
	return NULL;
}

static struct flow_plan *
build_plan(struct sim *sim, const struct sim_session *s, const struct source *source)
{
	static uint8_t routing[SIM_FLOWS_MAX][PATHLET_TREE_MAX_BYTES];
	struct flow_params flows[SIM_FLOWS_MAX];
	struct path_text_error error;
	struct pathlet_tree tree;
	struct flow_plan *plan;
	uint32_t missing = 0;

	for (uint16_t i = 0; i < s->nb_flows; i++) {
		SIM_CHECK(sim, path_text_parse(s->flows[i].text, &tree, &error) == 0,
			"path \"%s\": %s", s->flows[i].text, error.text);
		SIM_CHECK(sim,
			pathlet_tree_check(&tree, sim->nodes[s->source].id, NULL) ==
				PATHLET_TREE_OK,
			"path \"%s\"", s->flows[i].text);
		flows[i] = (struct flow_params){
			.id = s->flows[i].id,
			.weight = s->flows[i].weight,
			.state = state_of(source, s->flows[i].id),
			.routing = routing[i],
			.routing_len = (uint16_t)pathlet_tree_encode_all(
				&tree, routing[i], sizeof(routing[i])),
		};
	}
	plan = node_build_plan(sim->nodes[s->source].node, flows, s->nb_flows, 0, &missing);
	SIM_CHECK(sim, plan != NULL, "plan of session %u: errno %d, missing %u", s->session, errno,
		missing);
	return plan;
}

static void
add_source(struct sim *sim, uint32_t index)
{
	const struct sim_session *s = &sim->sessions[index];
	struct sim_node *sn = &sim->nodes[s->source];
	struct source_params params = {
		.conference = s->conference,
		.session = s->session,
		.epoch = sn->epoch,
		.kind = s->kind,
		.flags = s->delay_sensitive ? SESSION_DELAY_SENSITIVE : 0,
		.rate = s->rate,
		.burst = s->burst,
		.ingress_port = sim_port(sim, s->source, (uint16_t)(sn->nb_ports - 1)),
		.ingress_udp_port = (uint16_t)(SIM_INGRESS_PORT + index),
		.feed = 64,
		.seed = sim->seed + index,
		.generator = s->generator,
		.coding = s->coding.k != 0 ? &s->coding : NULL,
	};

	SIM_CHECK(sim, node_add_source(sn->node, &params, build_plan(sim, s, NULL)) != NULL,
		"source of session %u: errno %d", s->session, errno);
}

/* A UDP egress goes to the node's host, at the session's own port. */
static void
set_egress(struct sim *sim, uint32_t index, uint32_t node, struct destination *dst)
{
	const struct sim_node *sn = &sim->nodes[node];
	uint16_t port = (uint16_t)(sn->nb_ports - 1);
	const struct sim_wire *sw = &sim->wires[sn->wires[port]];
	struct frame_endpoints ends = {
		.source_mac = sw->mac[0],
		.destination_mac = sw->mac[1],
		.source = sw->address[0],
		.destination = sw->address[1],
		.source_port = FERRY_UDP_PORT,
		.destination_port = (uint16_t)(SIM_EGRESS_PORT + index),
		.hop_limit = FRAME_HOP_LIMIT,
	};

	SIM_CHECK(sim, node_set_egress(sn->node, dst, &ends) == 0, "egress header");
}

static void
add_destination(struct sim *sim, uint32_t index, uint32_t node)
{
	const struct sim_session *s = &sim->sessions[index];
	const struct sim_node *sn = &sim->nodes[node];
	struct destination_params params = {
		.conference = s->conference,
		.session = s->session,
		.window = s->window != 0 ? s->window : 1024,
		.reorder_packets = s->reorder_packets,
		.reorder_ns = s->reorder_ns,
		.egress = s->egress,
		.egress_port = sim_port(sim, node, (uint16_t)(sn->nb_ports - 1)),
		.coding = s->coding.k != 0 ? &s->coding : NULL,
		.nb_flows = SIM_FLOWS_MAX,
	};
	struct destination *dst = node_add_destination(sn->node, &params, 1024);

	SIM_CHECK(sim, dst != NULL, "destination %u of session %u: errno %d", sn->id, s->session,
		errno);
	if (s->egress == EGRESS_UDP)
		set_egress(sim, index, node, dst);
}

static void
add_recode(struct sim *sim, uint32_t index, uint32_t node)
{
	const struct sim_session *s = &sim->sessions[index];

	if (s->recode[node] != RECODE_NEVER ||
		(s->coding.k != 0 && s->coding.repair == RLNC_REPAIR_RATELESS))
		SIM_CHECK(sim,
			node_set_recode(sim->nodes[node].node, s->conference, s->session,
				s->recode[node]) == 0,
			"recoding session %u at node %u", s->session, sim->nodes[node].id);
}

uint32_t
sim_add_session(struct sim *sim, const struct sim_session *session)
{
	uint32_t index = sim->nb_sessions++;

	SIM_CHECK(sim, index < SIM_SESSIONS_MAX, "too many sessions");
	sim->sessions[index] = *session;
	add_source(sim, index);
	for (uint16_t i = 0; i < session->nb_destinations; i++)
		add_destination(sim, index, session->destinations[i]);
	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		add_recode(sim, index, i);
	return index;
}

void
sim_sessions_of_node(struct sim *sim, uint32_t node)
{
	for (uint32_t i = 0; i < sim->nb_sessions; i++) {
		const struct sim_session *s = &sim->sessions[i];

		if (s->source == node)
			add_source(sim, i);
		for (uint16_t d = 0; d < s->nb_destinations; d++)
			if (s->destinations[d] == node)
				add_destination(sim, i, node);
		add_recode(sim, i, node);
	}
}

void
sim_session_start(struct sim *sim, uint32_t index)
{
	node_start_source(sim->nodes[sim->sessions[index].source].node, sim_source(sim, index));
}

void
sim_session_stop(struct sim *sim, uint32_t index)
{
	node_stop_source(sim->nodes[sim->sessions[index].source].node, sim_source(sim, index));
}

void
sim_session_publish(struct sim *sim, uint32_t index)
{
	struct source *source = sim_source(sim, index);
	struct flow_plan *plan = build_plan(sim, &sim->sessions[index], source);

	node_set_plan(sim->nodes[sim->sessions[index].source].node, source, plan);
}
