/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network of nodes in one process and in virtual time: N times what ferryd is made of, turned by
 * hand, with simulated wires between them. Each node has one more wire, perfect, to its host: the
 * applications at the ends of its sessions.
 *
 * A run is decided by its seed and by what the test does: two of one seed agree in sim->hash, which
 * goes over every frame on every wire with its time, and in sim_hash_counters.
 *
 * What must hold at any time is checked as the simulation runs (the sums of each worker after each
 * turn); a failure is told on stderr and ends the process.
 */
#ifndef FERRY_SIM_H
#define FERRY_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "rng.h"
#include "wire_port.h"

#define SIM_NODES_MAX	 128
#define SIM_WIRES_MAX	 1024
#define SIM_SESSIONS_MAX 64
#define SIM_FLOWS_MAX	 16
#define SIM_TEXT_MAX	 2048
#define SIM_HOST	 UINT32_MAX
#define SIM_LINKS_MAX	 64 /* of a node */

/* Places for packets and queues of a node with a paced link. */
#define SIM_FEEDER_PACKETS 256
#define SIM_FEEDER_QUEUES  64

#define SIM_US UINT64_C(1000)
#define SIM_MS UINT64_C(1000000)
#define SIM_S  UINT64_C(1000000000)

/* UDP ports of session i at its hosts. */
#define SIM_INGRESS_PORT 10000
#define SIM_EGRESS_PORT	 20000

/* What a wire is like; the same in both directions. */
struct sim_line {
	struct wire_lane_params lane;
	uint16_t vlan;
	uint16_t mtu;	 /* 0 = 1500 */
	uint16_t queues; /* receive queues of its ports; 0 = 1 */
	uint32_t offloads;
	bool partial; /* wire_port.h */
	bool ipv6;
};

struct sim_wire {
	struct wire *wire;
	uint32_t node[2]; /* index, or SIM_HOST */
	uint16_t port[2]; /* among the node's */
	struct address address[2];
	struct rte_ether_addr mac[2];
	struct sim_line line;
};

struct sim_node {
	struct node *node; /* NULL: down */
	uint32_t id;
	uint16_t workers;
	uint16_t epoch; /* of its links, and of the sources that start there */
	uint16_t nb_ports;
	uint32_t wires[WORKER_PORTS_MAX]; /* by port index */
	uint8_t ends[WORKER_PORTS_MAX];
	struct worker_counters before; /* of its lives that ended */
	uint32_t busy;		       /* what its last turn had to do */
};

struct sim_flow {
	uint8_t id;
	uint32_t weight;
	char text[SIM_TEXT_MAX];
};

struct sim_session {
	uint32_t conference, session;
	uint32_t source; /* node index */
	uint8_t kind;	 /* enum source_kind */
	uint8_t egress;	 /* enum egress_kind */
	uint64_t rate, burst;
	struct generator_params generator;
	bool delay_sensitive;
	uint32_t window, reorder_packets;
	uint64_t reorder_ns;
	struct rlnc_params coding;     /* k 0: none */
	uint8_t recode[SIM_NODES_MAX]; /* enum recode_how, by node index */
	uint16_t nb_flows;
	struct sim_flow flows[SIM_FLOWS_MAX];
	uint16_t nb_destinations;
	uint32_t destinations[SIM_NODES_MAX]; /* node indexes */
	uint64_t sent;			      /* payloads from the source's host */
};

struct sim;

struct sim_hooks {
	/* Every event on the wires between nodes and on those to hosts. */
	void (*wire)(void *arg, struct sim *sim, const struct sim_wire *wire,
		const struct wire_log *log);
	/* A payload that a session's egress took, as the host sees it. */
	void (*delivered)(void *arg, struct sim *sim, uint32_t node, uint32_t session,
		const uint8_t *payload, uint32_t len);
	void *arg;
	/* What a worker told its control thread; NULL: it stays in the worker's ring. */
	void (*event)(void *arg, struct sim *sim, uint32_t node, const struct worker_event *event);
	/* After the nodes in each turn: what else there is in the underlay. */
	void (*turn)(void *arg, struct sim *sim);
	void *turn_arg;
};

struct sim {
	uint64_t seed;
	uint32_t serial; /* of the process's simulations: for names */
	uint64_t now;
	uint64_t step; /* ns between turns at least */
	uint64_t hash;
	uint64_t polls;
	struct rng rng;
	struct sim_hooks hooks;
	struct rte_mempool *host_pool;
	uint16_t buffer_bytes; /* of nodes' packet buffers; 0 = default */
	uint32_t extra_buffers;
	uint32_t link_ring;	 /* packets in the ring of a next hop */
	uint8_t pacing;		 /* enum link_pacing, of all links; with TFRC they have feeders */
	uint64_t link_rate;	 /* bytes/s at which a link is paced; 0 = none is: */
	uint32_t paced_node;	 /* the one of this node, an index (SIM_HOST: all links), */
	uint32_t paced_peer;	 /* to this one, an id */
	uint32_t feeder_packets; /* of a node with a paced link; 0 = SIM_FEEDER_PACKETS */
	uint32_t feeder_queues;	 /* the same; 0 = SIM_FEEDER_QUEUES */
	uint32_t recode_packets; /* that a node keeps for recoding; 0: none recodes */
	uint64_t probe;		 /* ns between probes of a link; 0 = none */
	uint32_t nb_nodes, nb_wires, nb_sessions;
	struct sim_node nodes[SIM_NODES_MAX];
	struct sim_wire wires[SIM_WIRES_MAX];
	struct sim_session sessions[SIM_SESSIONS_MAX];
	uint64_t next_tick;
};

/* Ends the process with a message and the seed if condition does not hold. */
#define SIM_CHECK(sim, condition, ...)                                                             \
	do {                                                                                       \
		if (!(condition))                                                                  \
			sim_fail(sim, __FILE__, __LINE__, #condition, __VA_ARGS__);                \
	} while (0)

void sim_fail(const struct sim *sim, const char *file, int line, const char *condition,
	const char *format, ...) __attribute__((format(printf, 5, 6), noreturn));

/* DPDK's environment with so many MiB; once a process. Ends the process if it fails. */
void sim_eal(uint32_t mib);

/* sim.c: making a network. Indexes count from 0 in the order of making. */
struct sim *sim_new(uint64_t seed);
uint32_t sim_add_node(struct sim *sim, uint32_t id, uint16_t workers);
uint32_t sim_connect(struct sim *sim, uint32_t a, uint32_t b, const struct sim_line *line);
/* Builds all nodes: after all wires, before sessions. */
void sim_build(struct sim *sim);
/* Checks that every buffer is back in its pool (what is under way must have drained), frees all. */
void sim_free(struct sim *sim);
/* A node by its id. */
uint32_t sim_node_index(const struct sim *sim, uint32_t id);

/* sim_node.c: one node. A stop takes it out as it stands, with all that it holds. */
void sim_node_start(struct sim *sim, uint32_t index);
void sim_node_stop(struct sim *sim, uint32_t index);
struct worker_counters sim_node_counters(const struct sim *sim, uint32_t index);
struct port *sim_port(const struct sim *sim, uint32_t node, uint16_t port);
/* The wire between two nodes. */
struct sim_wire *sim_wire_between(struct sim *sim, uint32_t a, uint32_t b);

/* sim_session.c. The session's flows and destinations are filled; returns its index. */
uint32_t sim_add_session(struct sim *sim, const struct sim_session *session);
/* For tests with one flow or few: adds a flow with its path in text form. */
void sim_session_flow(struct sim_session *session, uint8_t id, uint32_t weight, const char *text);
void sim_session_start(struct sim *sim, uint32_t index);
void sim_session_stop(struct sim *sim, uint32_t index);
/* Publishes the session's flows as they now stand in sim->sessions. */
void sim_session_publish(struct sim *sim, uint32_t index);
struct source *sim_source(const struct sim *sim, uint32_t index);
struct destination *sim_destination(const struct sim *sim, uint32_t index, uint32_t node);
/* Adds what the sessions have at a node that was just started. */
void sim_sessions_of_node(struct sim *sim, uint32_t node);

/* sim_host.c: the source's host sends the session's next payload of len bytes. */
void sim_host_send(struct sim *sim, uint32_t session, uint16_t len);
/* Hosts receive; control threads take what is theirs. */
void sim_hosts_turn(struct sim *sim);

/* sim_run.c: turning. */
void sim_run_until(struct sim *sim, uint64_t until);
/* All nodes probe their links from now on, each so many ns; 0 = no more. */
void sim_probe(struct sim *sim, uint64_t interval);
/*
 * Runs until nothing is under way anywhere, at most so long; sources must have stopped. Probes end.
 */
void sim_drain(struct sim *sim, uint64_t most);
/* No node dropped anything but for reasons in allowed (a list that DROP_none ends). */
void sim_check_drops(const struct sim *sim, const enum drop_reason *allowed);
void sim_hash_counters(const struct sim *sim, uint64_t *hash);
void sim_on_wire(void *arg, const struct wire_log *log);

#endif
