/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "sim_oracle.h"

static void
fail(void *arg, const char *what)
{
	sim_fail(arg, "oracle", 0, "as expected", "%s", what);
}

/* What a host hears it reports itself; what goes over its wire is no link's. */
static void
hear_wire(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	uint32_t to = sw->node[log->to], from = sw->node[log->to ^ 1];
	uint64_t utc_us = (UINT64_C(1790000000) * SIM_S + log->now) / 1000;

	(void)sim;
	if (to == SIM_HOST || from == SIM_HOST)
		return;
	if (log->event == WIRE_SENT)
		oracle_sent(arg, from, to, log->frame, log->len, utc_us);
	else if (log->event == WIRE_DELIVERED)
		oracle_arrived(arg, from, to, log->frame, log->len);
}

static void
hear_delivery(void *arg, struct sim *sim, uint32_t node, uint32_t session, const uint8_t *payload,
	uint32_t len)
{
	(void)sim;
	oracle_delivered(arg, node, session, payload, len);
}

struct oracle *
sim_oracle_new(struct sim *sim)
{
	struct oracle *oracle = oracle_new(fail, sim);

	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		oracle_add_node(oracle, sim->nodes[i].id);
	sim->hooks = (struct sim_hooks){
		.wire = hear_wire, .delivered = hear_delivery, .arg = oracle};
	return oracle;
}

void
sim_oracle_session(struct oracle *oracle, const struct sim *sim, uint32_t index)
{
	const struct sim_session *s = &sim->sessions[index];
	uint32_t session = oracle_add_session(oracle, s->conference, s->session, s->source,
		s->kind == SOURCE_GENERATOR, s->reorder_packets != 0);

	SIM_CHECK(sim, session == index, "sessions out of step");
	for (uint16_t i = 0; i < s->nb_flows; i++)
		oracle_add_flow(oracle, index, s->flows[i].id, s->flows[i].text);
}

/* Packets of an old epoch of their source; a test that has them has one session at that node. */
static uint64_t
stale(const struct sim *sim, uint32_t node)
{
	return sim_node_counters(sim, node).drops[DROP_session_stale_epoch];
}

/* What came and was not delivered, as the destination itself says. */
static uint64_t
undelivered(void *arg, uint32_t session, uint32_t node)
{
	return sim_destination(arg, session, node)->counters.too_old + stale(arg, node);
}

static void
check_destination(struct oracle *oracle, const struct sim *sim, uint32_t session, uint32_t node)
{
	const struct destination *dst = sim_destination(sim, session, node);
	struct oracle_destination at = oracle_at(oracle, session, node);
	uint32_t id = sim->nodes[node].id;

	if (dst == NULL)
		return;
	SIM_CHECK(sim, destination_delivered(dst).packets == at.delivered,
		"session %u at %u: says %" PRIu64 " delivered, were %" PRIu64, session, id,
		destination_delivered(dst).packets, at.delivered);
	SIM_CHECK(sim, dst->counters.duplicates == at.duplicates,
		"session %u at %u: says %" PRIu64 " duplicates, were %" PRIu64, session, id,
		dst->counters.duplicates, at.duplicates);
	SIM_CHECK(sim, dst->counters.epochs == at.epochs,
		"session %u at %u: says %" PRIu64 " epochs, were %" PRIu64, session, id,
		dst->counters.epochs, at.epochs);
	SIM_CHECK(sim, stale(sim, node) != 0 || destination_lost(dst) == at.missing,
		"session %u at %u: says %" PRIu64 " lost, were %" PRIu64, session, id,
		destination_lost(dst), at.missing);
}

void
sim_oracle_check(struct oracle *oracle, const struct sim *sim)
{
	oracle_check(oracle, undelivered, (void *)(uintptr_t)sim);
	for (uint32_t s = 0; s < sim->nb_sessions; s++)
		for (uint16_t d = 0; d < sim->sessions[s].nb_destinations; d++)
			check_destination(oracle, sim, s, sim->sessions[s].destinations[d]);
}

void
sim_oracle_print(const struct oracle *oracle, const struct sim *sim, const char *title)
{
	uint64_t totals[4];

	oracle_totals(oracle, totals);
	printf("%s: %u nodes, %u wires, %u sessions: %" PRIu64 " packets, %" PRIu64
	       " datagrams sent, %" PRIu64 " brought, %" PRIu64 " deliveries; %.3f s, %" PRIu64
	       " turns, hash %016" PRIx64 "\n",
		title, sim->nb_nodes, sim->nb_wires - sim->nb_nodes, sim->nb_sessions, totals[0],
		totals[1], totals[2], totals[3], (double)(sim->now - SIM_S) / 1e9, sim->polls,
		sim->hash);
}
