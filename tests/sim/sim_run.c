/* SPDX-License-Identifier: BSD-3-Clause */
/* Turning the network through virtual time, and what is checked while it turns. */
#include <inttypes.h>
#include <string.h>

#include "sim.h"

#define TICK (5 * SIM_MS)

/* FNV-1a over 64-bit words, the rest byte by byte. */
static void
hash_bytes(uint64_t *hash, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		*hash = (*hash ^ word) * 0x100000001b3u;
		*hash ^= *hash >> 29;
	}
	for (; len > 0; len--, p++)
		*hash = (*hash ^ *p) * 0x100000001b3u;
}

void
sim_on_wire(void *arg, const struct wire_log *log)
{
	struct sim *sim = arg;
	uint64_t head[] = {log->now, log->serial, (uint64_t)wire_tag(log->wire) << 32 | log->len,
		(uint64_t)log->event << 32 | (uint64_t)log->to << 16 | log->queue};

	hash_bytes(&sim->hash, head, sizeof(head));
	if (log->frame != NULL)
		hash_bytes(&sim->hash, log->frame, log->len);
	SIM_CHECK(sim, log->event != WIRE_CHAIN && log->event != WIRE_OVERSIZE,
		"a port was given what it cannot send: %s", wire_event_name(log->event));
	if (sim->hooks.wire != NULL)
		sim->hooks.wire(sim->hooks.arg, sim, &sim->wires[wire_tag(log->wire)], log);
}

/* The identity of counters.h. */
static void
check_sums(const struct sim *sim, const struct worker *w)
{
	struct worker_sums sums = worker_sums(&w->counters);

	SIM_CHECK(sim, sums.in == sums.out, "node %u, worker %u: in %lu, out %lu", w->node->id,
		w->index, sums.in, sums.out);
	SIM_CHECK(sim, w->counters.drops[DROP_none] == 0, "node %u drops without a name",
		w->node->id);
}

static uint32_t
turn_node(struct sim *sim, struct node *node)
{
	/* Which worker goes first changes, as it would between cores. */
	uint16_t first = node->nb_workers > 1 ? (uint16_t)rng_below(&sim->rng, node->nb_workers)
					      : 0;
	uint32_t progress = 0;

	for (uint16_t i = 0; i < node->nb_workers; i++) {
		struct worker *w = node->workers[(first + i) % node->nb_workers];

		progress += worker_poll(w, sim->now);
		check_sums(sim, w);
		sim->polls++;
	}
	return progress;
}

/*
 * Would a turn find anything? One in eight finds nothing: an idle turn must change nothing. The
 * rest is spared, as sanitizers make turns dear.
 */
static bool
worth_a_turn(struct sim *sim, const struct sim_node *sn)
{
	if (sn->busy || !node_settled(sn->node) || rng_below(&sim->rng, 8) == 0)
		return true;
	for (uint16_t p = 0; p < sn->nb_ports; p++)
		if (wire_next(sim->wires[sn->wires[p]].wire, sn->ends[p]) <= sim->now)
			return true;
	for (uint16_t i = 0; i < sn->node->nb_workers; i++) {
		const struct worker *w = sn->node->workers[i];

		if (timer_wheel_next(&w->wheel) <= sim->now || !rte_ring_empty(w->mailbox) ||
			!rte_ring_empty(w->handover) || !rte_ring_empty(w->inject))
			return true;
	}
	return false;
}

/* The time of the next thing that happens by itself; workers' timers may say too early a one. */
static uint64_t
next_event(const struct sim *sim)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < sim->nb_wires; i++) {
		next = RTE_MIN(next, wire_next(sim->wires[i].wire, 0));
		next = RTE_MIN(next, wire_next(sim->wires[i].wire, 1));
	}
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		const struct node *node = sim->nodes[i].node;

		for (uint16_t k = 0; node != NULL && k < node->nb_workers; k++)
			next = RTE_MIN(next, timer_wheel_next(&node->workers[k]->wheel));
	}
	return next;
}

static uint32_t
turn(struct sim *sim)
{
	uint32_t progress = 0;

	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		struct sim_node *sn = &sim->nodes[i];

		if (sn->node == NULL || !worth_a_turn(sim, sn))
			continue;
		sn->busy = turn_node(sim, sn->node);
		progress += sn->busy;
	}
	if (sim->hooks.turn != NULL)
		sim->hooks.turn(sim->hooks.turn_arg, sim);
	sim_hosts_turn(sim);
	if (sim->now >= sim->next_tick) {
		for (uint32_t i = 0; i < sim->nb_nodes; i++)
			if (sim->nodes[i].node != NULL)
				node_tick(sim->nodes[i].node);
		sim->next_tick = sim->now + TICK;
	}
	return progress;
}

/* One turn, then on to the next time at which there may be something to do. */
static void
step(struct sim *sim, uint64_t until)
{
	uint64_t next;

	if (turn(sim) > 0) {
		sim->now += sim->step;
	} else {
		next = RTE_MIN(next_event(sim), sim->next_tick);
		/* Turns stay a whole number of steps apart, as a polling core's would. */
		next = next > sim->now ? (next - sim->now + sim->step - 1) / sim->step : 1;
		sim->now += RTE_MAX(next, UINT64_C(1)) * sim->step;
	}
	sim->now = RTE_MIN(sim->now, until);
}

void
sim_run_until(struct sim *sim, uint64_t until)
{
	while (sim->now < until)
		step(sim, until);
}

static bool
quiet(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->nb_wires; i++)
		if (wire_next(sim->wires[i].wire, 0) != UINT64_MAX ||
			wire_next(sim->wires[i].wire, 1) != UINT64_MAX)
			return false;
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		const struct node *node = sim->nodes[i].node;
		struct worker_counters c;

		if (node == NULL)
			continue;
		node_counters(node, &c);
		if (c.queued != 0 || c.handed_in != c.handed_out || !node_settled(node))
			return false;
		for (uint16_t k = 0; k < node->nb_workers; k++)
			if (node->workers[k]->wheel.armed != 0)
				return false;
	}
	return true;
}

void
sim_probe(struct sim *sim, uint64_t interval)
{
	sim->probe = interval;
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		struct node *node = sim->nodes[i].node;

		for (uint16_t k = 0; node != NULL && k < node->max_links; k++)
			if (node->links[k] != NULL)
				SIM_CHECK(sim, node_set_probe(node, node->links[k], interval) == 0,
					"probes");
	}
}

void
sim_drain(struct sim *sim, uint64_t most)
{
	uint64_t until = sim->now + most;

	if (sim->probe != 0)
		sim_probe(sim, 0);
	do {
		SIM_CHECK(sim, sim->now < until, "the network does not come to rest");
		step(sim, until);
	} while (!quiet(sim));
	turn(sim);
}

static bool
is_allowed(const enum drop_reason *allowed, int reason)
{
	for (; *allowed != DROP_none; allowed++)
		if ((int)*allowed == reason)
			return true;
	return false;
}

void
sim_check_drops(const struct sim *sim, const enum drop_reason *allowed)
{
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		struct worker_counters c = sim_node_counters(sim, i);

		for (int r = 0; r < DROP_COUNT; r++)
			SIM_CHECK(sim, c.drops[r] == 0 || is_allowed(allowed, r),
				"node %u: %" PRIu64 " drops: %s", sim->nodes[i].id, c.drops[r],
				drop_text((enum drop_reason)r));
	}
}

static void
hash_node(const struct sim *sim, uint32_t index, uint64_t *hash)
{
	const struct node *node = sim->nodes[index].node;
	struct worker_counters sum = sim_node_counters(sim, index);

	hash_bytes(hash, &sum, sizeof(sum));
	if (node == NULL)
		return;
	for (uint16_t i = 0; i < node->nb_workers; i++)
		hash_bytes(hash, &node->workers[i]->counters, sizeof(struct worker_counters));
	for (uint16_t i = 0; i < node->max_links; i++) {
		const struct link *link = node->links[i];

		if (link == NULL)
			continue;
		hash_bytes(hash, &link->tx, sizeof(link->tx));
		hash_bytes(hash, &link->rx.bytes, sizeof(uint64_t));
		hash_bytes(hash, &link->rx.packets, 6 * sizeof(uint64_t));
		hash_bytes(hash, &link->rx.heard_at, sizeof(uint64_t));
		hash_bytes(hash, &link->live.rtt, sizeof(link->live.rtt));
		hash_bytes(hash, &link->live.missed, sizeof(uint64_t));
	}
}

void
sim_hash_counters(const struct sim *sim, uint64_t *hash)
{
	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		hash_node(sim, i, hash);
	for (uint32_t i = 0; i < sim->nb_sessions; i++) {
		const struct sim_session *s = &sim->sessions[i];

		if (sim->nodes[s->source].node != NULL) {
			const struct source *source = sim_source(sim, i);

			const struct flow_state sent = source_sent(source);

			hash_bytes(hash, &sent, sizeof(sent));
			hash_bytes(hash, &source->counters, sizeof(source->counters));
		}
		for (uint16_t d = 0; d < s->nb_destinations; d++) {
			const struct destination *dst;
			struct delay_histogram delay;
			struct destination_sum sum;
			uint64_t heard_at;

			if (sim->nodes[s->destinations[d]].node == NULL)
				continue;
			dst = sim_destination(sim, i, s->destinations[d]);
			heard_at = destination_heard_at(dst);
			sum = destination_delivered(dst);
			hash_bytes(hash, &heard_at, sizeof(heard_at));
			hash_bytes(hash, &sum, sizeof(sum));
			hash_bytes(hash, &dst->counters, sizeof(dst->counters));
			destination_delay(dst, &delay);
			hash_bytes(hash, &delay, sizeof(delay));
			for (uint16_t f = 0; f < dst->params.nb_flows; f++) {
				uint64_t counts[] = {destination_flow_received(dst, f),
					destination_flow_const(dst, f)->lost};

				hash_bytes(hash, counts, sizeof(counts));
			}
		}
	}
}
