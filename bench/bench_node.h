/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node that benchmarks measure in their own process: FRAMES_OWN_ID, with the addresses that
 * frames.h gives it and its neighbours, and a worker for each of its ports. Main lcore, before any
 * worker is turned, except where a function says otherwise.
 */
#ifndef FERRY_BENCH_NODE_H
#define FERRY_BENCH_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "node.h"

#define BENCH_NODE_EPOCH     3
#define BENCH_NODE_PORTS_MAX 2
#define BENCH_NODE_UTC0	     (UINT64_C(1790000000) * 1000000000) /* ns, when its time begins */

/* What a port tells of itself, but for its name, its driver and its queues. */
void bench_node_port(struct port *port, uint16_t mtu, uint16_t nb_addresses, bool ipv6);

struct bench_node_params {
	struct port *ports[BENCH_NODE_PORTS_MAX];
	uint16_t nb_ports; /* and workers */
	uint16_t max_links;
	bool may_sleep;
	uint64_t now;
	const struct tsc_clock *clock; /* for workers that turn by themselves; else NULL */
	struct utc_map utc;	       /* {0}: UTC is its own time */
	struct node_budget budget;
};

/* With its ports and pools laid out. Ends the program when it cannot be had. */
struct node *bench_node_new(const struct bench_node_params *params);

/*
 * A link to a neighbour whose MAC address is number mac of frames.h; its UDP port need not be
 * given. NULL, with errno, when it cannot be had. Control thread, at any time.
 */
struct link *
bench_node_neighbour(struct node *node, const struct link_params *params, uint16_t mac);

/* The headers' ends of a datagram to a next hop. */
struct frame_endpoints bench_node_ends(uint16_t hop, bool ipv6);

#endif
