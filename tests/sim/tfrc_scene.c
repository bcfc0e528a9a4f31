/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "link_tfrc.h"
#include "tfrc_equation.h"
#include "tfrc_scene.h"

#define PAYLOAD 946 /* so that a packet has 1000 bytes of UDP payload, */
#define PACKET	1000
#define FRAME	1042 /* and these on the line */
#define OFFERED 3.0  /* times the fair share */
#define GRAIN	(50 * SIM_MS)

static struct wire_lane_params
lane(const struct tfrc_scene_params *p)
{
	struct wire_lane_params params = {
		.rate = p->rate,
		.delay = p->rtt / 4,
		.queue = p->queue != 0 ? p->queue
				       : (uint32_t)(p->rate / 8 * (p->rtt / 1000) / 1000000),
		.mark = p->mark,
		.impair = {.loss = p->loss},
	};

	/* A queue that holds no two frames is none. */
	if (params.queue < 4 * FRAME)
		params.queue = 4 * FRAME;
	return params;
}

/*
 * Coarser than in other simulations, for it is long. But what arrives within a step goes on in the
 * order of the wires, so with several links it is short against the time between two of a link's
 * frames (a fiftieth at 16 Mbit/s).
 */
static uint64_t
grain(const struct tfrc_scene_params *p)
{
	return p->links == 1 ? 100 * SIM_US : RTE_MIN(p->links * 10 * SIM_US, 100 * SIM_US);
}

/*
 * The receivers' lines make the difference between round-trip times. The senders' has a jitter of
 * the time of one frame on the shared line: without it a full queue drops frames of one link and
 * never those of another, whose clock happens to tick otherwise (S. Floyd and V. Jacobson, "On
 * traffic phase effects in packet-switched gateways", 1992).
 */
static void
attach_all(struct tfrc_scene *s)
{
	const struct tfrc_scene_params *p = &s->params;
	uint64_t part = p->rtt / 8;
	uint64_t jitter = p->links > 1 ? FRAME * 8 * SIM_S / p->rate : 0;

	bottleneck_attach(&s->line, sim_add_node(s->sim, 1, 1), 0, part, jitter);
	for (uint32_t i = 0; i < p->links; i++) {
		double differs = p->jitter * (2 * rng_unit(&s->sim->rng) - 1);
		int64_t more = (int64_t)((double)p->rtt / 2 * differs);

		bottleneck_attach(&s->line, sim_add_node(s->sim, 100 + i, 1), 1,
			(uint64_t)((int64_t)part + more), 0);
	}
}

static void
add_sessions(struct tfrc_scene *s)
{
	const struct tfrc_scene_params *p = &s->params;
	uint64_t share = p->rate / p->links * PAYLOAD / FRAME;

	for (uint32_t i = 0; i < p->links; i++) {
		struct sim_session session = {
			.conference = 100 + i,
			.session = 1,
			.kind = SOURCE_GENERATOR,
			.egress = EGRESS_SINK,
			.generator = {.kind = GENERATOR_POISSON,
				.size = PAYLOAD,
				.rate = (uint64_t)(OFFERED * (double)share)},
			.nb_destinations = 1,
			.destinations = {1 + i},
		};
		char path[16];

		bottleneck_link(&s->line, 0, 1 + i);
		snprintf(path, sizeof(path), "%u", 100 + i);
		sim_session_flow(&session, 1, 1, path);
		s->sessions[i] = sim_add_session(s->sim, &session);
		s->starts[i] = s->sim->now +
			       (p->step != 0 ? i * p->step
				       : p->links == 1
					       ? 0
					       : (uint64_t)rng_below(&s->sim->rng, 10000) * SIM_MS);
	}
}

void
tfrc_scene_new(struct tfrc_scene *s, const struct tfrc_scene_params *params)
{
	struct wire_lane_params to_right = lane(params);

	*s = (struct tfrc_scene){.params = *params, .sim = sim_new(params->seed)};
	s->sim->pacing = LINK_PACING_TFRC;
	s->sim->step = grain(params);
	s->sim->buffer_bytes = RTE_PKTMBUF_HEADROOM + 1152;
	s->sim->feeder_packets = 64 + 16 * params->links;
	bottleneck_init(&s->line, s->sim, &to_right);
	attach_all(s);
	sim_build(s->sim);
	add_sessions(s);
}

static struct link *
sending(const struct tfrc_scene *s, uint32_t i)
{
	return node_find_link(s->sim->nodes[0].node, 100 + i);
}

static struct link *
receiving(const struct tfrc_scene *s, uint32_t i)
{
	return node_find_link(s->sim->nodes[1 + i].node, 1);
}

static void
start_due(struct tfrc_scene *s)
{
	for (uint32_t i = 0; i < s->params.links; i++) {
		if (s->started[i] || s->sim->now < s->starts[i])
			continue;
		sim_session_start(s->sim, s->sessions[i]);
		s->started[i] = true;
	}
}

void
tfrc_scene_run(struct tfrc_scene *s, uint64_t ns, struct tfrc_scene_link *links)
{
	uint64_t until = s->sim->now + ns, n = 0;

	for (uint32_t i = 0; i < s->params.links; i++) {
		const struct link_rx *rx = &receiving(s, i)->rx;

		links[i] = (struct tfrc_scene_link){.bytes = rx->bytes, .packets = rx->packets};
	}
	while (s->sim->now < until) {
		start_due(s);
		sim_run_until(s->sim, RTE_MIN(s->sim->now + GRAIN, until));
		n++;
		for (uint32_t i = 0; i < s->params.links; i++) {
			const struct tfrc_receiver *r = &receiving(s, i)->rx.tfrc;

			links[i].p += (double)r->p / 4294967296.0;
			links[i].rtt += (double)r->rtt / 1e6;
		}
	}
	for (uint32_t i = 0; i < s->params.links; i++) {
		const struct link_rx *rx = &receiving(s, i)->rx;

		links[i].bytes = rx->bytes - links[i].bytes;
		links[i].packets = rx->packets - links[i].packets;
		links[i].p /= (double)n;
		links[i].rtt /= (double)n;
		links[i].allowed = (double)sending(s, i)->tfrc.sender.rate / 65536;
	}
}

void
tfrc_scene_set_rate(struct tfrc_scene *s, uint64_t rate)
{
	struct wire_lane_params to_right = lane(&s->params);

	to_right.rate = rate;
	bottleneck_set(&s->line, &to_right);
}

void
tfrc_scene_end(struct tfrc_scene *s)
{
	for (uint32_t i = 0; i < s->params.links; i++)
		if (s->started[i])
			sim_session_stop(s->sim, s->sessions[i]);
	sim_drain(s->sim, 300 * SIM_S);
	sim_free(s->sim);
}

double
tfrc_scene_jain(const struct tfrc_scene_link *links, uint32_t n)
{
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += (double)links[i].bytes;
		squares += (double)links[i].bytes * (double)links[i].bytes;
	}
	return sum * sum / (n * squares);
}

double
tfrc_scene_equation(const struct tfrc_scene_link *link)
{
	return (double)tfrc_equation_rate((uint64_t)PACKET << TFRC_SHIFT,
		       (uint64_t)(link->rtt * 1e9), (uint32_t)(link->p * 4294967295.0)) /
	       65536;
}
