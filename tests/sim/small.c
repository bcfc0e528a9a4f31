/* SPDX-License-Identifier: BSD-3-Clause */
#include "small.h"

const enum drop_reason small_none[] = {DROP_none};

struct sim *
small_new(uint32_t nodes)
{
	struct sim *sim = sim_new(1);

	for (uint32_t i = 0; i < nodes; i++)
		sim_add_node(sim, i + 1, 1);
	return sim;
}

struct sim_line
small_line(void)
{
	return (struct sim_line){.lane = {.delay = SIM_MS}, .offloads = PORT_TX_CHAINS};
}

struct sim_wire *
small_connect(struct sim *sim, uint32_t a, uint32_t b, const struct sim_line *line)
{
	uint32_t index = sim_connect(sim, sim_node_index(sim, a), sim_node_index(sim, b), line);

	return &sim->wires[index];
}

struct sim_wire *
small_wire(struct sim *sim, uint32_t a, uint32_t b)
{
	struct sim_line line = small_line();

	return small_connect(sim, a, b, &line);
}

struct sim_session
small_session(struct sim *sim, uint32_t source, const uint32_t *destinations)
{
	struct sim_session session = {
		.conference = 9,
		.session = 40 + sim->nb_sessions,
		.source = sim_node_index(sim, source),
		.kind = SOURCE_UDP,
		.egress = EGRESS_UDP,
	};

	for (; *destinations != 0; destinations++)
		session.destinations[session.nb_destinations++] = sim_node_index(
			sim, *destinations);
	return session;
}

uint32_t
small_start(struct sim *sim, struct oracle *oracle, const struct sim_session *session)
{
	uint32_t index = sim_add_session(sim, session);

	if (oracle != NULL)
		sim_oracle_session(oracle, sim, index);
	sim_session_start(sim, index);
	return index;
}

void
small_send(struct sim *sim, uint32_t session, uint32_t n, uint16_t len, uint64_t gap)
{
	for (uint32_t i = 0; i < n; i++) {
		sim_host_send(sim, session, len);
		sim_run_until(sim, sim->now + gap);
	}
}

void
small_set_lane(
	struct sim *sim, struct sim_wire *sw, uint32_t to, const struct wire_lane_params *params)
{
	uint8_t end = sw->node[1] == sim_node_index(sim, to);

	wire_set_lane(sw->wire, end, params);
}

uint64_t
small_drops(const struct sim *sim, uint32_t id, enum drop_reason reason)
{
	return sim_node_counters(sim, sim_node_index(sim, id)).drops[reason];
}

struct destination *
small_destination(const struct sim *sim, uint32_t session, uint32_t id)
{
	return sim_destination(sim, session, sim_node_index(sim, id));
}

void
small_finish(struct sim *sim, struct oracle *oracle, const enum drop_reason *allowed)
{
	for (uint32_t i = 0; i < sim->nb_sessions; i++)
		if (sim->nodes[sim->sessions[i].source].node != NULL && sim_source(sim, i) != NULL)
			sim_session_stop(sim, i);
	sim_drain(sim, 10 * SIM_S);
	if (oracle != NULL) {
		sim_oracle_check(oracle, sim);
		oracle_free(oracle);
	}
	sim_check_drops(sim, allowed);
	sim_free(sim);
}
