/* SPDX-License-Identifier: BSD-3-Clause */
/* One node's start and stop. */
#include <errno.h>
#include <stdio.h>

#include "sim.h"

struct port *
sim_port(const struct sim *sim, uint32_t node, uint16_t port)
{
	const struct sim_node *sn = &sim->nodes[node];

	return wire_port(sim->wires[sn->wires[port]].wire, sn->ends[port]);
}

struct sim_wire *
sim_wire_between(struct sim *sim, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < sim->nb_wires; i++) {
		struct sim_wire *sw = &sim->wires[i];

		if ((sw->node[0] == a && sw->node[1] == b) ||
			(sw->node[0] == b && sw->node[1] == a))
			return sw;
	}
	sim_fail(sim, __FILE__, __LINE__, "wire known", "no wire between %u and %u", a, b);
}

static bool
sim_is_paced(const struct sim *sim)
{
	return sim->link_rate != 0 || sim->pacing != LINK_PACING_NONE;
}

static uint32_t
feeder_packets(const struct sim *sim)
{
	if (!sim_is_paced(sim))
		return 0;
	return sim->feeder_packets != 0 ? sim->feeder_packets : SIM_FEEDER_PACKETS;
}

static uint32_t
feeder_queues(const struct sim *sim)
{
	if (!sim_is_paced(sim))
		return 0;
	return sim->feeder_queues != 0 ? sim->feeder_queues : SIM_FEEDER_QUEUES;
}

static void
add_links(struct sim *sim, uint32_t index)
{
	struct sim_node *sn = &sim->nodes[index];

	for (uint16_t p = 0; p < sn->nb_ports; p++) {
		const struct sim_wire *sw = &sim->wires[sn->wires[p]];
		uint8_t far = sn->ends[p] ^ 1;
		struct link_params params = {
			.port = sim_port(sim, index, p),
			.remote = sw->address[far],
			.udp_port = FERRY_UDP_PORT,
			.ring = sim->link_ring,
			.probe = sim->probe,
		};
		struct link *link;

		if (sw->node[far] == SIM_HOST)
			continue;
		params.node_id = sim->nodes[sw->node[far]].id;
		params.pacing = sim->pacing;
		params.rate = sim->paced_node == SIM_HOST ||
					      (index == sim->paced_node &&
						      params.node_id == sim->paced_peer)
				      ? sim->link_rate
				      : 0;
		link = node_add_link(sn->node, &params);
		SIM_CHECK(sim, link != NULL, "link %u to %u: errno %d", sn->id, params.node_id,
			errno);
		SIM_CHECK(sim, node_set_link_mac(sn->node, link, &sw->mac[far]) == 0,
			"link's header");
	}
}

void
sim_node_start(struct sim *sim, uint32_t index)
{
	struct sim_node *sn = &sim->nodes[index];
	struct node_budget budget = {
		.ring_packets = sim->link_ring * sn->nb_ports * (sn->workers > 1),
		.reorder_packets = sim->extra_buffers,
		.buffer_bytes = sim->buffer_bytes,
		.feeder_packets = feeder_packets(sim),
		.feeder_queues = feeder_queues(sim),
		.recode_packets = sim->recode_packets,
		.recode_span = RLNC_SPAN_MAX,
		.recode_hold = 300 * SIM_MS,
	};
	struct node_params params = {
		.name = NULL,
		.id = sn->id,
		.epoch = ++sn->epoch,
		.nb_workers = sn->workers,
		.max_links = SIM_LINKS_MAX,
		.seed = rng_next(&sim->rng),
		.now = sim->now,
	};
	struct utc_map utc = {.now0 = 0, .utc0_ns = UINT64_C(1790000000) * SIM_S};
	const char *error = "";
	char name[24];

	snprintf(name, sizeof(name), "s%u.%u", sim->serial, index);
	params.name = name;
	sn->node = node_new(&params, &error);
	SIM_CHECK(sim, sn->node != NULL, "node %u: %s", sn->id, error);
	node_set_clock(sn->node, &utc);
	for (uint16_t p = 0; p < sn->nb_ports; p++)
		SIM_CHECK(sim, node_add_port(sn->node, sim_port(sim, index, p)) == 0, "port");
	SIM_CHECK(sim, node_layout(sn->node, &budget, &error) == 0, "node %u: %s", sn->id, error);
	for (uint16_t p = 0; p < sn->nb_ports; p++)
		wire_plug(sim->wires[sn->wires[p]].wire, sn->ends[p], sn->node->pool, sim->now);
	add_links(sim, index);
	sim_sessions_of_node(sim, index);
}

void
sim_node_stop(struct sim *sim, uint32_t index)
{
	struct sim_node *sn = &sim->nodes[index];
	struct worker_counters sum = sim_node_counters(sim, index);

	sn->before = sum;
	for (uint16_t p = 0; p < sn->nb_ports; p++)
		wire_plug(sim->wires[sn->wires[p]].wire, sn->ends[p], NULL, sim->now);
	node_free(sn->node);
	sn->node = NULL;
}

/* Over all its lives. */
struct worker_counters
sim_node_counters(const struct sim *sim, uint32_t index)
{
	const struct sim_node *sn = &sim->nodes[index];
	struct worker_counters sum = sn->before, now;
	uint64_t *to = (uint64_t *)&sum;

	if (sn->node == NULL)
		return sum;
	node_counters(sn->node, &now);
	for (size_t i = 0; i < sizeof(sum) / sizeof(uint64_t); i++)
		to[i] += ((const uint64_t *)&now)[i];
	return sum;
}
