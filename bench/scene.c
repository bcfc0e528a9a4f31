/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "bench_node.h"
#include "feeder.h"
#include "floor.h"
#include "frame.h"
#include "link_tfrc.h"
#include "scene.h"
#include "wire.h"

/* Bytes a second that TFRC allows a link whose neighbour is not there to say otherwise. */
#define PLENTY UINT64_C(1000000000000)

#define WARM_UP 4096u

static void
make_floor(struct scene *s)
{
	const struct frames_params *frames = &s->params.frames;
	struct floor_params params = {.own_id = FRAMES_OWN_ID,
		.port = &s->loop->port,
		.hops = frames->hops,
		.hash = s->params.hash};
	struct link_hdr hdr = {
		.version_type = LINK_VERSION << 4 | LINK_DATA,
		.epoch = rte_cpu_to_be_16(BENCH_NODE_EPOCH),
		.node = rte_cpu_to_be_32(FRAMES_OWN_ID),
	};

	s->floor = floor_new(&params);
	for (uint16_t i = 0; i < frames->hops; i++) {
		struct frame_endpoints ends = bench_node_ends(i, false);
		struct frame_template t;

		frame_template_build(&t, &s->loop->port, &ends, &hdr, sizeof(hdr));
		floor_add_hop(s->floor, frames_hop_id(i, frames->sparse),
			t.bytes + sizeof(t.bytes) - t.total);
	}
	floor_fill(s->floor);
}

static void
add_neighbour(struct scene *s, uint32_t id, struct address remote, uint16_t mac)
{
	struct link_params params = {
		.node_id = id,
		.port = &s->loop->port,
		.remote = remote,
		.pacing = s->params.tfrc ? LINK_PACING_TFRC : LINK_PACING_NONE,
	};

	if (bench_node_neighbour(s->node, &params, mac) == NULL)
		bench_die("neighbour %u: %s", id, strerror(errno));
}

static void
add_destinations(struct scene *s)
{
	const struct frames_params *frames = &s->params.frames;

	for (uint32_t i = 0; i < frames->sessions; i++) {
		struct destination_params params = {
			.conference = FRAMES_CONFERENCE,
			.session = i + 1,
			.window = 1024,
			.egress = s->params.egress ? EGRESS_UDP : EGRESS_SINK,
			.egress_port = &s->loop->port,
			.nb_flows = 1,
		};
		struct frame_endpoints ends = bench_node_ends(
			(uint16_t)(i % frames->hops), frames->ipv6);
		struct destination *dst = node_add_destination(s->node, &params, 0);

		if (dst == NULL || (s->params.egress && node_set_egress(s->node, dst, &ends) < 0))
			bench_die("destination of session %u: %s", i + 1, strerror(errno));
	}
}

/* Each session goes to the next hops whose turn it is, as relayed frames do. */
static void
add_sources(struct scene *s)
{
	const struct frames_params *frames = &s->params.frames;
	uint16_t hop = 0;

	for (uint32_t i = 0; i < frames->sessions; i++) {
		struct pathlet_hdr routing[LOOP_HEAD_MAX / sizeof(struct pathlet_hdr)];
		struct flow_params flow = {.weight = 1,
			.routing = (const uint8_t *)routing,
			.routing_len = (uint16_t)(frames->ways * sizeof(routing[0]))};
		struct source_params params = {
			.conference = FRAMES_CONFERENCE,
			.session = i + 1,
			.epoch = 1,
			.kind = SOURCE_UDP,
			.ingress_port = &s->loop->port,
			.ingress_local = (uint8_t)(i / LOOP_PER_PORT),
			.ingress_udp_port = (uint16_t)(LOOP_INGRESS + i % LOOP_PER_PORT),
			.seed = i,
		};
		struct source *source;
		uint32_t missing;

		for (uint16_t w = 0; w < frames->ways;
			w++, hop = (uint16_t)((hop + 1) % frames->hops))
			routing[w] = (struct pathlet_hdr){
				.length = rte_cpu_to_be_16(sizeof(routing[0])),
				.node = rte_cpu_to_be_32(
					frames_hop_id(hop, frames->sparse) | PATHLET_DESTINATION),
			};
		source = node_add_source(
			s->node, &params, node_build_plan(s->node, &flow, 1, 0, &missing));
		if (source == NULL)
			bench_die("source of session %u: %s", i + 1, strerror(errno));
		node_start_source(s->node, source);
	}
}

static void
install_sessions(struct scene *s)
{
	for (uint32_t i = 0; i < s->params.frames.sessions; i++)
		if (node_know_session(s->node, FRAMES_CONFERENCE, i + 1) < 0)
			bench_die("session %u: out of memory", i + 1);
	node_set_forwarding(s->node, true);
}

static void
make_node(struct scene *s)
{
	const struct frames_params *frames = &s->params.frames;
	uint16_t senders = s->traffic->senders;
	struct bench_node_params params = {
		.ports = {&s->loop->port},
		.nb_ports = 1,
		.max_links = (uint16_t)(frames->hops + senders),
		.now = tsc_clock_now(&s->clock),
		.utc = s->utc,
	};

	s->node = bench_node_new(&params);
	for (uint16_t i = 0; i < senders; i++)
		add_neighbour(s, FRAMES_SENDER_ID + i, frames_sender_address(i, frames->ipv6), 0);
	for (uint16_t i = 0; i < frames->hops; i++)
		add_neighbour(s, frames_hop_id(i, frames->sparse),
			frames_hop_address(i, frames->ipv6), (uint16_t)(i + 1));
	if (frames->kind == FRAMES_DESTINATION)
		add_destinations(s);
	if (frames->kind == FRAMES_INGRESS_UDP)
		add_sources(s);
	if (s->params.installed)
		install_sessions(s);
	node_tick(s->node);
}

static void
set_port(struct port *port, bool ipv6)
{
	bench_node_port(port, 1600, LOOP_ADDRESSES, ipv6);
}

void
scene_init(struct scene *s, struct loop *loop, const struct scene_params *params)
{
	*s = (struct scene){.params = *params, .loop = loop};
	s->traffic = rte_malloc("traffic", sizeof(*s->traffic), RTE_CACHE_LINE_SIZE);
	if (s->traffic == NULL)
		bench_die("out of memory");
	frames_make(s->traffic, &params->frames);
	tsc_clock_init(&s->clock);
	s->utc.utc0_ns = BENCH_NODE_UTC0;
	set_port(&loop->port, params->frames.ipv6);
	if (params->kind == SCENE_FLOOR)
		make_floor(s);
	if (params->kind == SCENE_NODE)
		make_node(s);
}

void
scene_free(struct scene *s)
{
	node_free(s->node);
	if (s->floor != NULL)
		floor_free(s->floor);
	rte_free(s->traffic);
}

static inline uint32_t
turn_io(struct loop *loop, uint64_t now)
{
	struct rte_mbuf *pkts[LOOP_BURST];
	uint16_t n = loop->port.ops->rx_burst(&loop->port, 0, pkts, LOOP_BURST, now);

	return loop->port.ops->tx_burst(&loop->port, 0, pkts, n, now);
}

uint32_t
scene_turn(struct scene *s)
{
	uint64_t now = tsc_clock_now(&s->clock), before;
	struct worker *w;

	switch (s->params.kind) {
	case SCENE_IO:
		return turn_io(s->loop, now);
	case SCENE_FLOOR:
		return floor_poll(s->floor, now, (uint32_t)(utc_ns(&s->utc, now) / 1000));
	default:
		w = s->node->workers[0];
		before = w->counters.received;
		(void)worker_poll(w, now);
		return (uint32_t)(w->counters.received - before);
	}
}

uint32_t
scene_turn_sampled(struct scene *s, uint64_t gap, uint64_t cycles[STAGE_COUNT])
{
	struct worker_load *load = &s->node->workers[0]->load;
	uint64_t now = tsc_clock_now(&s->clock), begin = rte_rdtsc();
	uint64_t before = s->node->workers[0]->counters.received;

	observe_sample(load);
	(void)worker_poll(s->node->workers[0], now);
	load->sampling = false;
	if (rte_rdtsc() - begin > gap)
		return 0;
	for (int i = 0; i < STAGE_COUNT; i++)
		cycles[i] += load->turn_cycles[i];
	return (uint32_t)(s->node->workers[0]->counters.received - before);
}

/*
 * As if a report had just come that lets each link send far more than it is given: no neighbour is
 * there to report.
 */
static void
allow_plenty(struct scene *s)
{
	struct worker *w = s->node->workers[0];

	w->now = tsc_clock_now(&s->clock);
	for (uint16_t i = 0; i < s->node->max_links; i++) {
		struct link *link = s->node->links[i];

		if (link == NULL)
			continue;
		link_tfrc_wake(w, link);
		feeder_set_rate(w, link, PLENTY);
	}
}

void
scene_set(struct scene *s)
{
	set_port(&s->loop->port, s->params.frames.ipv6);
	s->loop->plain = s->params.kind == SCENE_IO;
	/* Where the node frees what came, the sink cannot put the headers back. */
	s->loop->late = (s->params.frames.kind == FRAMES_DESTINATION && !s->params.egress) ||
			s->params.frames.ways > 1;
	s->loop->utc = &s->utc;
	loop_set(s->loop, s->traffic);
	if (s->params.tfrc && s->node != NULL)
		allow_plenty(s);
}

/* Packets that leave for each one that comes. */
static uint64_t
copies(const struct scene_params *params)
{
	if (params->kind != SCENE_NODE)
		return 1;
	if (params->frames.kind == FRAMES_DESTINATION)
		return params->egress;
	return params->frames.ways;
}

/* Datagrams of links' own. */
static uint64_t
control_sent(const struct scene *s)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; s->node != NULL && i < s->node->max_links; i++)
		if (s->node->links[i] != NULL)
			sum += s->node->links[i]->tx.control;
	return sum;
}

uint64_t
scene_sent(const struct scene *s)
{
	return s->loop->sent - control_sent(s);
}

void
scene_check(const struct scene *s, uint64_t received, uint64_t sent)
{
	uint64_t dropped = s->floor != NULL ? floor_drops(s->floor) : 0;
	const char *reason = "not understood by the floor";
	struct worker_counters sum;

	if (s->node != NULL) {
		node_counters(s->node, &sum);
		for (int i = 0; i < DROP_COUNT; i++) {
			if (sum.drops[i] == 0)
				continue;
			dropped += sum.drops[i];
			reason = drop_name(i);
		}
	}
	if (dropped > 0)
		bench_die("%lu packets dropped: %s", (unsigned long)dropped, reason);
	if (sent != received * copies(&s->params))
		bench_die(
			"%lu packets came, %lu left", (unsigned long)received, (unsigned long)sent);
	if (!loop_is_whole(s->loop))
		bench_die("packets are missing from the pool");
}

void
scene_run(struct scene *s, uint64_t packets)
{
	struct bench_meter meter;
	uint64_t received = 0, sent = scene_sent(s), least = UINT64_MAX;
	uint32_t warm = RTE_MAX(s->loop->packets, WARM_UP);

	scene_set(s);
	/* Each session's first packet is other work than all that follow. */
	warm = RTE_MAX(warm, s->params.frames.sessions);
	for (uint64_t begin = rte_rdtsc(), end; received < warm; begin = end) {
		received += scene_turn(s);
		end = rte_rdtsc();
		least = RTE_MIN(least, end - begin);
	}
	bench_meter_start(&meter, least);
	while (meter.packets < packets) {
		uint32_t n = scene_turn(s);

		received += n;
		bench_meter_turn(&meter, rte_rdtsc(), n);
	}
	bench_meter_end(&meter);
	bench_add(&s->cycles, (double)meter.cycles / (double)meter.packets);
	s->preempted += meter.preempted;
	s->measured += meter.cycles + meter.preempted;
	scene_check(s, received, scene_sent(s) - sent);
}
