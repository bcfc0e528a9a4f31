/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_node.h"
#include "feeder.h"
#include "feeder_scene.h"
#include "frames.h"
#include "packet.h"
#include "wire.h"

/* What a packet has when it is pushed: a Pathlet, a session header, a payload. */
#define PUSHED	 (FEEDER_PACKET - sizeof(struct link_hdr))
#define HEADROOM RTE_PKTMBUF_HEADROOM

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	(void)port;
	(void)queue;
	(void)pkts;
	(void)n;
	(void)now;
	return 0;
}

/* The Pathlet lies where it was written, behind what was put before it. */
static const struct pathlet_hdr *
pathlet_of(const struct rte_mbuf *m)
{
	return (const struct pathlet_hdr *)((const uint8_t *)m->buf_addr + HEADROOM);
}

static uint32_t
link_of(const struct rte_mbuf *m)
{
	return (rte_be_to_cpu_32(pathlet_of(m)->node) & NODE_ID_MAX) - FEEDER_HOP_ID;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct feeder_scene *s = port->driver;

	(void)queue;
	for (uint16_t i = 0; i < n; i++) {
		if (s->look != NULL)
			s->look(s, link_of(pkts[i]), now);
		s->back[s->nb_back++] = pkts[i];
	}
	s->taken += n;
	return n;
}

static const struct port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

static void
set_port(struct feeder_scene *s)
{
	s->port = (struct port){.ops = &ops,
		.driver = s,
		.name = "paced",
		.rx_queues = 1,
		.tx_queues = 1,
		.up = true};
	bench_node_port(&s->port, 1500, 1, false);
}

/*
 * No queue has more places than are left, and no link more queues: one that has all of them needs
 * as many again.
 */
static void
make_node(struct feeder_scene *s, uint64_t now)
{
	const struct feeder_scene_params *p = &s->params;
	struct bench_node_params params = {.ports = {&s->port},
		.nb_ports = 1,
		.max_links = (uint16_t)p->links,
		.now = now,
		.utc = {.utc0_ns = BENCH_NODE_UTC0},
		.budget = {.feeder_packets = 2 * p->packets + 2,
			.feeder_queues = (p->links + 1) * p->conferences}};

	s->node = bench_node_new(&params);
	s->worker = s->node->workers[0];
}

static void
add_links(struct feeder_scene *s)
{
	for (uint32_t i = 0; i < s->params.links; i++) {
		struct link_params params = {.node_id = FEEDER_HOP_ID + i,
			.port = &s->port,
			.remote = frames_hop_address((uint16_t)i, false),
			.rate = s->params.rate};

		s->links[i] = bench_node_neighbour(s->node, &params, (uint16_t)(i + 1));
		if (s->links[i] == NULL)
			bench_die("link %u: %s", i, strerror(errno));
	}
}

static void
add_conferences(struct feeder_scene *s)
{
	struct feeder_terms terms = feeder_terms_default();

	terms.packets = UINT32_MAX;
	terms.bytes = UINT32_MAX;
	terms.age = UINT64_MAX;
	for (uint32_t i = 0; i < s->params.conferences; i++)
		if (node_set_conference(s->node, i + 1, &terms) < 0)
			bench_die("out of memory for conferences");
}

static struct rte_mbuf *
make_packet(struct feeder_scene *s, uint32_t i)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->node->pool);
	uint32_t link = i % s->params.links, conference = i / s->params.links;
	struct pathlet_hdr *pathlet;
	struct session_hdr *session;

	if (m == NULL)
		bench_die("no packet is free");
	pathlet = (struct pathlet_hdr *)rte_pktmbuf_append(m, PUSHED);
	session = (struct session_hdr *)(pathlet + 1);
	*pathlet = (struct pathlet_hdr){.length = RTE_BE16(sizeof(*pathlet)),
		.node = rte_cpu_to_be_32((FEEDER_HOP_ID + link) | PATHLET_DESTINATION)};
	*session = (struct session_hdr){
		.conference = rte_cpu_to_be_32(conference % s->params.conferences + 1),
		.session = RTE_BE32(1)};
	return m;
}

void
feeder_scene_push(struct feeder_scene *s)
{
	for (uint32_t i = 0; i < s->nb_back; i++) {
		struct rte_mbuf *m = s->back[i];

		m->data_off = HEADROOM;
		m->data_len = PUSHED;
		m->pkt_len = PUSHED;
		feeder_push(s->worker, s->links[link_of(m)], m);
	}
	s->nb_back = 0;
}

void
feeder_scene_init(struct feeder_scene *s, const struct feeder_scene_params *params, uint64_t now)
{
	*s = (struct feeder_scene){.params = *params};
	tsc_clock_init(&s->clock);
	/* Beside those that wait, one of each link was sent at once. */
	s->back = calloc(params->packets + params->links, sizeof(*s->back));
	s->links = calloc(params->links, sizeof(*s->links));
	if (s->back == NULL || s->links == NULL)
		bench_die("out of memory");
	set_port(s);
	make_node(s, now);
	add_links(s);
	add_conferences(s);
	s->worker->now = now;
	for (uint32_t i = 0; i < params->packets; i++)
		s->back[s->nb_back++] = make_packet(s, i);
}

void
feeder_scene_free(struct feeder_scene *s)
{
	struct worker_counters sum;

	node_counters(s->node, &sum);
	for (int i = 0; i < DROP_COUNT; i++)
		if (sum.drops[i] > 0)
			bench_die("%lu packets dropped: %s", (unsigned long)sum.drops[i],
				drop_name((enum drop_reason)i));
	rte_pktmbuf_free_bulk(s->back, s->nb_back);
	node_free(s->node);
	free(s->back);
	free(s->links);
}
