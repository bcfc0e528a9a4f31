/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include <rte_errno.h>

#include "../harness/test_eal.h"
#include "sim.h"

#define HOST_BUFFERS 511
#define LANE_FRAMES  4096

void
sim_fail(const struct sim *sim, const char *file, int line, const char *condition,
	const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "\n%s:%d: %s\n", file, line, condition);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (sim != NULL)
		fprintf(stderr, "\nseed %lu, at %.6f s of virtual time\n", sim->seed,
			(double)sim->now / 1e9);
	exit(EXIT_FAILURE);
}

void
sim_eal(uint32_t mib)
{
	SIM_CHECK(NULL, test_eal(mib, false) == 0, "EAL: %s", rte_strerror(rte_errno));
	SIM_CHECK(NULL, packet_init() == 0, "no room for Ferry's fields in mbufs");
}

struct sim *
sim_new(uint64_t seed)
{
	static uint32_t serial;
	struct sim *sim = calloc(1, sizeof(*sim));
	char name[16];

	SIM_CHECK(NULL, sim != NULL, "out of memory");
	sim->serial = serial++;
	sim->seed = seed;
	sim->now = SIM_S;
	sim->step = 20 * SIM_US;
	sim->hash = 0xcbf29ce484222325u;
	sim->link_ring = 256;
	rng_seed(&sim->rng, seed);
	snprintf(name, sizeof(name), "hosts%u", sim->serial);
	sim->host_pool = rte_pktmbuf_pool_create(
		name, HOST_BUFFERS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	SIM_CHECK(sim, sim->host_pool != NULL, "hosts' pool: %s", rte_strerror(rte_errno));
	return sim;
}

uint32_t
sim_node_index(const struct sim *sim, uint32_t id)
{
	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		if (sim->nodes[i].id == id)
			return i;
	sim_fail(sim, __FILE__, __LINE__, "node known", "no node %u", id);
}

static struct address
wire_address(uint32_t wire, uint8_t end, bool ipv6)
{
	uint8_t bytes[16] = {0xfd, 0xfe};

	if (!ipv6)
		return address_ipv4(rte_cpu_to_be_32(10u << 24 | wire << 8 | (end + 1u)));
	bytes[6] = (uint8_t)(wire >> 8);
	bytes[7] = (uint8_t)wire;
	bytes[15] = (uint8_t)(end + 1);
	return address_ipv6(bytes);
}

static void
attach(struct sim *sim, uint32_t wire, uint8_t end, uint32_t index)
{
	struct sim_wire *sw = &sim->wires[wire];
	struct port *port = wire_port(sw->wire, end);
	struct sim_node *node;

	sw->node[end] = index;
	sw->address[end] = wire_address(wire, end, sw->line.ipv6);
	sw->mac[end] = (struct rte_ether_addr){
		{2, 0, 0, (uint8_t)(wire >> 8), (uint8_t)wire, (uint8_t)(end + 1)}};
	snprintf(port->name, sizeof(port->name), "wire%u.%u", wire, end);
	port->vlan = sw->line.vlan;
	port->udp_port = FERRY_UDP_PORT;
	port->mac = sw->mac[end];
	port->nb_addresses = 1;
	port->addresses[0] = sw->address[end];
	if (index == SIM_HOST)
		return;
	node = &sim->nodes[index];
	SIM_CHECK(sim, node->nb_ports < WORKER_PORTS_MAX, "node %u has too many wires", node->id);
	sw->port[end] = node->nb_ports;
	node->wires[node->nb_ports] = wire;
	node->ends[node->nb_ports] = end;
	node->nb_ports++;
}

uint32_t
sim_connect(struct sim *sim, uint32_t a, uint32_t b, const struct sim_line *line)
{
	uint32_t index = sim->nb_wires++, both[] = {a, b};
	struct sim_wire *sw = &sim->wires[index];
	struct wire_params params = {
		.lanes = {line->lane, line->lane},
		.frames = LANE_FRAMES,
		.frame_bytes = 2048,
		.seed = rng_next(&sim->rng),
		.log = sim_on_wire,
		.log_arg = sim,
	};

	SIM_CHECK(sim, index < SIM_WIRES_MAX, "too many wires");
	sw->line = *line;
	sw->line.mtu = line->mtu != 0 ? line->mtu : 1500;
	for (int end = 0; end < 2; end++) {
		params.ends[end] = (struct wire_end_params){
			.rx_queues = line->queues != 0 ? line->queues : 1,
			.tx_queues = both[end] == SIM_HOST ? 1 : sim->nodes[both[end]].workers,
			.mtu = sw->line.mtu,
			.offloads = line->offloads,
			.partial = line->partial,
		};
		if (both[end] == SIM_HOST)
			params.ends[end].rx_queues = 1;
	}
	sw->wire = wire_new(&params);
	SIM_CHECK(sim, sw->wire != NULL, "no memory for a wire");
	wire_set_tag(sw->wire, index);
	attach(sim, index, 0, a);
	attach(sim, index, 1, b);
	return index;
}

uint32_t
sim_add_node(struct sim *sim, uint32_t id, uint16_t workers)
{
	uint32_t index = sim->nb_nodes++;

	SIM_CHECK(sim, index < SIM_NODES_MAX, "too many nodes");
	sim->nodes[index] = (struct sim_node){
		.id = id, .workers = workers, .epoch = (uint16_t)(65000 + 7 * index)};
	return index;
}

/* The wire to a node's host comes last, so that all others count from 0. */
void
sim_build(struct sim *sim)
{
	struct sim_line perfect = {.offloads = PORT_TX_CHAINS, .mtu = 1500};

	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		uint32_t wire;

		perfect.ipv6 = i % 2 != 0;
		perfect.queues = sim->nodes[i].workers;
		wire = sim_connect(sim, i, SIM_HOST, &perfect);
		wire_plug(sim->wires[wire].wire, 1, sim->host_pool, sim->now);
	}
	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		sim_node_start(sim, i);
}

static void
check_pool(const struct sim *sim, const struct rte_mempool *pool)
{
	unsigned int used = rte_mempool_in_use_count(pool);

	SIM_CHECK(sim, used == 0, "%u packets of pool %s are somewhere", used, pool->name);
}

void
sim_free(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		if (sim->nodes[i].node == NULL)
			continue;
		check_pool(sim, sim->nodes[i].node->pool);
		check_pool(sim, sim->nodes[i].node->header_pool);
		node_free(sim->nodes[i].node);
	}
	check_pool(sim, sim->host_pool);
	rte_mempool_free(sim->host_pool);
	for (uint32_t i = 0; i < sim->nb_wires; i++)
		wire_free(sim->wires[i].wire);
	free(sim);
}
