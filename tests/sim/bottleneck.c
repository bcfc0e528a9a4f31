/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "bottleneck.h"

#define BURST 32
/* Of an untagged frame. */
#define IPV4_DESTINATION 30

static void forward(void *arg, struct sim *sim);

void
bottleneck_init(struct bottleneck *b, struct sim *sim, const struct wire_lane_params *to_right)
{
	struct sim_line line = {.lane = {.delay = to_right->delay}};

	*b = (struct bottleneck){.sim = sim};
	b->shared = sim_connect(sim, SIM_HOST, SIM_HOST, &line);
	bottleneck_set(b, to_right);
	for (uint8_t end = 0; end < 2; end++)
		wire_plug(sim->wires[b->shared].wire, end, sim->host_pool, sim->now);
	sim->hooks.turn = forward;
	sim->hooks.turn_arg = b;
}

void
bottleneck_set(struct bottleneck *b, const struct wire_lane_params *to_right)
{
	wire_set_lane(b->sim->wires[b->shared].wire, 1, to_right);
}

void
bottleneck_attach(
	struct bottleneck *b, uint32_t node, uint8_t side, uint64_t delay, uint64_t jitter)
{
	struct sim_line line = {.lane = {.delay = delay, .impair = {.jitter_ns = jitter}},
		.offloads = PORT_TX_CHAINS};
	uint32_t wire = sim_connect(b->sim, node, SIM_HOST, &line);

	b->side[wire] = (uint8_t)(side + 1);
	wire_plug(b->sim->wires[wire].wire, 1, b->sim->host_pool, b->sim->now);
}

static void
link_one(struct sim *sim, uint32_t from, uint32_t to)
{
	const struct sim_wire *own = &sim->wires[sim->nodes[from].wires[0]];
	struct link_params params = {
		.node_id = sim->nodes[to].id,
		.port = sim_port(sim, from, 0),
		.remote = sim->wires[sim->nodes[to].wires[0]].address[0],
		.udp_port = FERRY_UDP_PORT,
		.ring = sim->link_ring,
		.probe = sim->probe,
		.pacing = sim->pacing,
	};
	struct link *link = node_add_link(sim->nodes[from].node, &params);

	SIM_CHECK(sim, link != NULL, "link %u to %u: errno %d", sim->nodes[from].id,
		sim->nodes[to].id, errno);
	SIM_CHECK(sim, node_set_link_mac(sim->nodes[from].node, link, &own->mac[1]) == 0,
		"link's header");
}

void
bottleneck_link(struct bottleneck *b, uint32_t left, uint32_t right)
{
	link_one(b->sim, left, right);
	link_one(b->sim, right, left);
}

/* The wire whose node has this address (sim.c gives them out): 10.WIRE.WIRE.END. */
static uint32_t
wire_to(const struct bottleneck *b, const struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, IPV4_DESTINATION);
	uint32_t wire = (uint32_t)ip[1] << 8 | ip[2];

	SIM_CHECK(b->sim, wire < b->sim->nb_wires && b->side[wire] != 0,
		"a router has no way to %u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	return wire;
}

/* What came to a router on this side (1, 2) from one of its wires. */
static void
route(struct bottleneck *b, struct port *from, uint8_t side)
{
	struct sim *sim = b->sim;
	struct rte_mbuf *pkts[BURST];
	uint16_t n;

	while ((n = from->ops->rx_burst(from, 0, pkts, BURST, sim->now)) > 0) {
		for (uint16_t i = 0; i < n; i++) {
			uint32_t wire = wire_to(b, pkts[i]);
			struct port *to = b->side[wire] == side
						  ? wire_port(sim->wires[wire].wire, 1)
						  : wire_port(sim->wires[b->shared].wire,
							    (uint8_t)(side - 1));

			SIM_CHECK(sim, to->ops->tx_burst(to, 0, &pkts[i], 1, sim->now) == 1,
				"a router's wire");
		}
	}
}

static void
forward(void *arg, struct sim *sim)
{
	struct bottleneck *b = arg;
	struct wire *shared = sim->wires[b->shared].wire;

	for (uint32_t i = 0; i < sim->nb_wires; i++)
		if (b->side[i] != 0 && wire_next(sim->wires[i].wire, 1) <= sim->now)
			route(b, wire_port(sim->wires[i].wire, 1), b->side[i]);
	route(b, wire_port(shared, 0), 1);
	route(b, wire_port(shared, 1), 2);
}
