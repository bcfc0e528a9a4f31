/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "bench.h"
#include "scale_node.h"
#include "wire.h"

#define SHORTEST_OF 16

uint32_t
scale_hop_id(uint16_t port, uint16_t hop)
{
	uint32_t n = (uint32_t)port * LOOP_HOPS + hop + 1;

	/* An odd factor: different for each, anywhere below 2^31, never 0. */
	return (n * 0x9e3779b1u) & NODE_ID_MAX;
}

static struct link *
add_neighbour(struct scale_node *s, uint16_t port, uint32_t id, struct address remote, uint16_t mac)
{
	struct link_params params = {
		.node_id = id,
		.port = &s->ports[port].port,
		.remote = remote,
		.ring = (uint32_t)rte_align32pow2(s->ports[port].packets + 256),
	};

	return bench_node_neighbour(s->node, &params, mac);
}

struct link *
scale_add_hop(struct scale_node *s, uint16_t port, uint16_t hop)
{
	return add_neighbour(s, port, scale_hop_id(port, hop), frames_hop_address(hop, false),
		(uint16_t)(hop + 1));
}

struct flow_plan *
scale_plan(struct scale_node *s, uint16_t port, uint16_t hop)
{
	struct pathlet_hdr routing = {
		.length = rte_cpu_to_be_16(sizeof(routing)),
		.node = rte_cpu_to_be_32(scale_hop_id(port, hop) | PATHLET_DESTINATION),
	};
	struct flow_params flow = {
		.weight = 1, .routing = (const uint8_t *)&routing, .routing_len = sizeof(routing)};
	uint32_t missing;

	return node_build_plan(s->node, &flow, 1, 0, &missing);
}

static uint32_t
per_conference(const struct scale_params *params)
{
	return RTE_MAX(params->sessions, 1u) / RTE_MAX(params->conferences, 1u);
}

struct source_params
scale_source_params(const struct scale_node *s, uint32_t i)
{
	uint32_t of = per_conference(&s->params);

	return (struct source_params){
		.conference = FRAMES_CONFERENCE + i / of,
		.session = i % of + 1,
		.epoch = 1,
		.kind = SOURCE_UDP,
		.ingress_port = (struct port *)(uintptr_t)&s->ports[0].port,
		.ingress_local = (uint8_t)(i / LOOP_PER_PORT),
		.ingress_udp_port = (uint16_t)(LOOP_INGRESS + i % LOOP_PER_PORT),
		.seed = i,
	};
}

struct destination_params
scale_destination_params(const struct scale_node *s, uint32_t i)
{
	uint32_t of = per_conference(&s->params);

	return (struct destination_params){
		.conference = FRAMES_CONFERENCE + i / of,
		.session = i % of + 1,
		.window = 1024,
		.egress = EGRESS_SINK,
		.nb_flows = 1,
	};
}

static void
add_sessions(struct scale_node *s)
{
	for (uint32_t i = 0; s->params.role == SCALE_DESTINATION && i < s->params.sessions; i++) {
		struct destination_params params = scale_destination_params(s, i);

		if (node_add_destination(s->node, &params, 0) == NULL)
			bench_die("destination %u: %s", i, strerror(errno));
	}
	for (uint32_t i = 0; s->params.role == SCALE_SOURCE && i < s->params.sessions; i++) {
		struct source_params params = scale_source_params(s, i);
		struct flow_plan *plan = scale_plan(s, 0, (uint16_t)(i % s->params.hops));
		struct source *source = plan != NULL ? node_add_source(s->node, &params, plan)
						     : NULL;

		if (source == NULL)
			bench_die("source %u: %s", i, strerror(errno));
		node_start_source(s->node, source);
	}
}

/* Each port has a neighbour of its own that sends. */
static void
set_sender(struct loop_traffic *t, uint16_t port)
{
	rte_be32_t id = rte_cpu_to_be_32(FRAMES_SENDER_ID + port);
	size_t off = t->link_seq_off - offsetof(struct link_hdr, seq) +
		     offsetof(struct link_hdr, node);

	memcpy(t->head + off, &id, sizeof(id));
	memcpy(t->frame + off, &id, sizeof(id));
}

/*
 * Frames that arrive on a port; their next hops are those of another, each as often, in no order.
 */
static struct scale_traffic *
make_traffic(const struct scale_node *s, uint16_t arrive, uint16_t leave)
{
	static const enum frames_kind kinds[] = {
		[SCALE_RELAY] = FRAMES_RELAY,
		[SCALE_SOURCE] = FRAMES_INGRESS_UDP,
		[SCALE_DESTINATION] = FRAMES_DESTINATION,
	};
	struct scale_traffic *t = rte_zmalloc("traffic", sizeof(*t), RTE_CACHE_LINE_SIZE);
	struct frames_params params = {
		.kind = kinds[s->params.role],
		.payload = 64,
		.hops = s->params.hops,
		.ways = 1,
		.sessions = RTE_MAX(s->params.sessions, 1u),
	};

	if (t == NULL)
		bench_die("out of memory");
	frames_make(&t->frames, &params);
	t->conference_sessions = per_conference(&s->params);
	if (t->frames.link_seq_off != 0)
		set_sender(&t->frames, arrive);
	for (uint16_t i = 0; params.kind == FRAMES_RELAY && i < LOOP_HOPS; i++) {
		/* frames.c drew from ids that lie side by side. */
		uint32_t id = rte_be_to_cpu_32(t->frames.hops[i]) & NODE_ID_MAX;

		t->frames.hops[i] = rte_cpu_to_be_32(
			scale_hop_id(leave, (uint16_t)(id - FRAMES_FIRST_HOP)) |
			PATHLET_DESTINATION);
	}
	return t;
}

static void
make_node(struct scale_node *s)
{
	struct bench_node_params params = {
		.nb_ports = s->params.workers,
		.max_links = (uint16_t)((s->params.hops + 1) * s->params.workers + 64),
		.may_sleep = s->params.may_sleep,
		.now = tsc_clock_now(&s->clock),
		.clock = &s->clock,
		.utc = scale_utc,
		.budget = {.ring_packets = 4096},
	};

	for (uint16_t i = 0; i < s->params.workers; i++)
		params.ports[i] = &s->ports[i].port;
	s->node = bench_node_new(&params);
}

void
scale_node_traffic(struct scale_node *s, enum scale_role role)
{
	s->params.role = role;
	for (uint16_t i = 0; i < s->params.workers; i++) {
		rte_free(s->own[i]);
		rte_free(s->across[i]);
		s->own[i] = make_traffic(s, i, i);
		s->across[i] = make_traffic(s, i, (uint16_t)(s->params.workers - 1 - i));
	}
}

void
scale_node_init(struct scale_node *s, const struct scale_params *params)
{
	*s = (struct scale_node){.params = *params};
	tsc_clock_init(&s->clock);
	for (uint16_t i = 0; i < params->workers; i++)
		scale_port_init(&s->ports[i], i, params->packets);
	make_node(s);
	for (uint16_t i = 0; i < params->workers; i++) {
		if (add_neighbour(s, i, FRAMES_SENDER_ID + i, frames_sender_address(0, false), 0) ==
			NULL)
			bench_die("neighbour: %s", strerror(errno));
		for (uint16_t k = 0; k < params->hops; k++)
			if (scale_add_hop(s, i, k) == NULL)
				bench_die("next hop %u of port %u: %s", k, i, strerror(errno));
	}
	scale_node_traffic(s, params->role);
	add_sessions(s);
	node_tick(s->node);
}

void
scale_node_free(struct scale_node *s)
{
	node_free(s->node);
	for (uint16_t i = 0; i < s->params.workers; i++) {
		scale_port_free(&s->ports[i]);
		rte_free(s->own[i]);
		rte_free(s->across[i]);
	}
}

uint64_t
scale_allocated(void)
{
	struct rte_malloc_socket_stats stats;

	if (rte_malloc_get_socket_stats(0, &stats) < 0)
		bench_die("DPDK does not tell how much of its memory is in use");
	return stats.heap_allocsz_bytes;
}

uint64_t
scale_drops(const struct scale_node *s, const char **reason)
{
	struct worker_counters sum;
	uint64_t drops = 0;

	*reason = "none";
	node_counters(s->node, &sum);
	for (int i = 0; i < DROP_COUNT; i++) {
		if (sum.drops[i] == 0)
			continue;
		drops += sum.drops[i];
		*reason = drop_name(i);
	}
	return drops;
}

void
scale_drain(struct scale_node *s)
{
	struct scale_traffic *traffic[SCALE_WORKERS_MAX];
	uint32_t progress;

	for (uint16_t i = 0; i < s->params.workers; i++) {
		traffic[i] = s->ports[i].traffic;
		s->ports[i].traffic = NULL;
	}
	do {
		progress = 0;
		for (uint16_t i = 0; i < s->params.workers; i++)
			progress += worker_poll(s->node->workers[i], tsc_clock_now(&s->clock));
		node_tick(s->node);
	} while (progress > 0 || !node_settled(s->node));
	for (uint16_t i = 0; i < s->params.workers; i++) {
		s->ports[i].traffic = traffic[i];
		if (!rte_mempool_full(s->ports[i].pool))
			bench_die("packets are missing from the pool of port %u", i);
	}
}

void
scale_settle(struct scale_node *s)
{
	const char *reason;
	uint64_t drops;

	scale_drain(s);
	drops = scale_drops(s, &reason);
	if (drops > 0)
		bench_die("%lu packets dropped: %s", (unsigned long)drops, reason);
}

/* TSC cycles of the shortest of a few turns, which nothing interrupted. */
static uint64_t
shortest_turn(struct scale_node *s)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < SHORTEST_OF; i++) {
		uint64_t begin = rte_rdtsc();

		(void)worker_poll(s->node->workers[0], tsc_clock_now(&s->clock));
		least = RTE_MIN(least, rte_rdtsc() - begin);
	}
	return least;
}

struct bench_meter
scale_node_forward(struct scale_node *s, uint64_t ns)
{
	struct worker *w = s->node->workers[0];
	struct bench_meter meter;
	uint64_t end = tsc_clock_now(&s->clock) + ns, now;

	bench_meter_start(&meter, shortest_turn(s));
	while ((now = tsc_clock_now(&s->clock)) < end) {
		uint32_t n = worker_poll(w, now);

		bench_meter_turn(&meter, rte_rdtsc(), n);
	}
	bench_meter_end(&meter);
	return meter;
}
