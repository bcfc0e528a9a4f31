/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "bench.h"
#include "bench_node.h"
#include "frames.h"
#include "wire.h"

void
bench_node_port(struct port *port, uint16_t mtu, uint16_t nb_addresses, bool ipv6)
{
	port->mtu = mtu;
	port->udp_port = FERRY_UDP_PORT;
	port->offloads = PORT_TX_CHAINS;
	port->mac = frames_own_mac();
	port->nb_addresses = nb_addresses;
	for (uint16_t i = 0; i < nb_addresses; i++)
		port->addresses[i] = frames_own_address(i, ipv6);
}

struct node *
bench_node_new(const struct bench_node_params *params)
{
	static unsigned int made;
	const char *error = "";
	char name[16];
	struct node_params node_params = {
		.name = name,
		.id = FRAMES_OWN_ID,
		.epoch = BENCH_NODE_EPOCH,
		.nb_workers = params->nb_ports,
		.max_links = params->max_links,
		.may_sleep = params->may_sleep,
		.seed = 1,
		.now = params->now,
	};
	struct node *node;

	snprintf(name, sizeof(name), "bench%u", made++);
	node = node_new(&node_params, &error);
	if (node == NULL)
		bench_die("node: %s", error);
	if (params->clock != NULL)
		node->tsc = *params->clock;
	node_set_clock(node, &params->utc);
	for (uint16_t i = 0; i < params->nb_ports; i++)
		if (node_add_port(node, params->ports[i]) < 0)
			bench_die("node: a port too many");
	if (node_layout(node, &params->budget, &error) < 0)
		bench_die("node: %s", error);
	return node;
}

struct link *
bench_node_neighbour(struct node *node, const struct link_params *params, uint16_t mac)
{
	struct rte_ether_addr other = frames_other_mac(mac);
	struct link_params known = *params;
	struct link *link;

	known.udp_port = FERRY_UDP_PORT;
	link = node_add_link(node, &known);
	if (link == NULL || node_set_link_mac(node, link, &other) < 0)
		return NULL;
	return link;
}

struct frame_endpoints
bench_node_ends(uint16_t hop, bool ipv6)
{
	return (struct frame_endpoints){
		.source_mac = frames_own_mac(),
		.destination_mac = frames_other_mac((uint16_t)(hop + 1)),
		.source = frames_own_address(0, ipv6),
		.destination = frames_hop_address(hop, ipv6),
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = FRAME_HOP_LIMIT,
	};
}
