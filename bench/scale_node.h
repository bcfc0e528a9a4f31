/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node with one worker for each of its in-process ports: worker i receives and sends on port i
 * alone, so the next hops on port i are its own.
 */
#ifndef FERRY_BENCH_SCALE_NODE_H
#define FERRY_BENCH_SCALE_NODE_H

#include "bench.h"
#include "node.h"
#include "scale_port.h"

#define SCALE_WORKERS_MAX 2

enum scale_role {
	SCALE_RELAY,	   /* frames are relayed to next hops */
	SCALE_SOURCE,	   /* datagrams to ingress addresses of sessions */
	SCALE_DESTINATION, /* frames end here, in a counting sink */
};

struct scale_params {
	uint16_t workers;
	enum scale_role role;
	uint16_t hops;	      /* of each port, 1 to LOOP_HOPS */
	uint32_t sessions;    /* source, destination */
	uint32_t conferences; /* over which sessions are spread; divides their number */
	uint32_t packets;     /* in turn, of each port's pool */
	bool may_sleep;
};

struct scale_node {
	struct scale_params params;
	struct node *node;
	struct scale_port ports[SCALE_WORKERS_MAX];
	struct scale_traffic *own[SCALE_WORKERS_MAX];	 /* by port: to next hops on it */
	struct scale_traffic *across[SCALE_WORKERS_MAX]; /* by port: to those on the other */
	struct tsc_clock clock;
};

/* Ends the program when something cannot be had. */
void scale_node_init(struct scale_node *s, const struct scale_params *params);
void scale_node_free(struct scale_node *s);

/* Other frames than those of its role, to what the node has; no packet is under way. */
void scale_node_traffic(struct scale_node *s, enum scale_role role);

/* NodeID of a next hop of a port. */
uint32_t scale_hop_id(uint16_t port, uint16_t hop);

/* Adds the neighbour; NULL when it cannot be had. */
struct link *scale_add_hop(struct scale_node *s, uint16_t port, uint16_t hop);

/* A plan of one flow to one next hop. */
struct flow_plan *scale_plan(struct scale_node *s, uint16_t port, uint16_t hop);

/* What sources' and destinations' parameters are for a session of the node, 0 to sessions - 1. */
struct source_params scale_source_params(const struct scale_node *s, uint32_t session);
struct destination_params scale_destination_params(const struct scale_node *s, uint32_t session);

/* Bytes of DPDK's heap in use: packets, tables, links, sessions. */
uint64_t scale_allocated(void);

/*
 * Turns the workers by hand until nothing is under way, no packet and no change; ends the program
 * if packets do not come back to their pool.
 */
void scale_drain(struct scale_node *s);

/* The same; ends the program also if the node dropped any so far. */
void scale_settle(struct scale_node *s);

/*
 * Turns the first worker for so long by the clock. Turns in which the core was somewhere else are
 * left out of the cycles, but counted.
 */
struct bench_meter scale_node_forward(struct scale_node *s, uint64_t ns);

/* Dropped by all workers so far, and why most recently. */
uint64_t scale_drops(const struct scale_node *s, const char **reason);

#endif
