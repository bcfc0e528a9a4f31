/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node: workers, ports, and the tables that workers look things up in. All functions here are the
 * control thread's (or a test's that turns the workers by hand); they never stop a worker: what
 * changes is published, and the old freed after quiescence.
 *
 * Order of making: node_new; node_add_port for each port; node_layout, which spreads queues
 * over workers and makes the pools; then links, sources, destinations, before or after workers run.
 */
#ifndef FERRY_NODE_H
#define FERRY_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#include "destination.h"
#include "fanout.h"
#include "id_map.h"
#include "key_set.h"
#include "line_map.h"
#include "link.h"
#include "port.h"
#include "reclaim.h"
#include "rlnc_params.h"
#include "source.h"
#include "tsc.h"
#include "utc.h"
#include "worker.h"

/* Written by the control thread, copied by workers (a sequence lock with one bounded try). */
struct node_clock {
	uint32_t version; /* odd while it is written */
	struct utc_map map;
};

struct node {
	uint32_t id;
	uint16_t epoch; /* of this start */
	uint16_t nb_workers;
	uint16_t nb_ports;
	uint16_t max_links;
	struct worker *workers[WORKERS_MAX];
	struct port *ports[WORKER_PORTS_MAX];

	struct node_clock clock;
	struct tsc_clock tsc; /* of worker_loop and the control thread; not used in virtual time */

	/* Read by workers. */
	struct id_map peers;	      /* NodeID -> struct link */
	struct id_map sources;	      /* session_key -> struct source */
	struct line_map ingress;      /* source_ingress_key -> struct source_line */
	struct line_map destinations; /* session_key -> struct destination_line */
	struct id_map recoded;	      /* session_key -> struct recode_session */
	struct key_set known;	      /* session_keys that the node was told of */
	bool installed;		      /* no other session is forwarded */
	struct id_map conferences;    /* conference -> struct feeder_terms; others: the default */
	uint32_t terms_version;	      /* of these; never 0 */
	struct link **links;	      /* by index; published slots */

	/* The control thread's. */
	struct line_pool source_lines, destination_lines;
	struct id_map egress_headers; /* egress_header.h */
	struct rte_rcu_qsbr *qsbr;
	struct reclaim reclaim;
	struct rte_mempool *pool, *header_pool;
	struct node_request *requests;	    /* under way, in the order in which they were asked */
	struct node_request **requests_end; /* where the next one goes, if there is any */
	int control_fd; /* an eventfd by which a worker that goes to sleep wakes it; -1: none */
	uint64_t secret;
	uint16_t link_epoch; /* of links to come: one that was here before is told apart */
	char name[32];
};

struct node_params {
	const char *name; /* distinguishes pools and rings of nodes in one process */
	uint32_t id;
	uint16_t epoch;
	uint16_t nb_workers;
	uint16_t max_links;
	bool may_sleep;
	uint64_t seed;
	uint64_t secret; /* what no neighbour can guess: of tables that they could fill otherwise */
	uint64_t now;
};

/* One holder of packets: its name and how many it may hold at most. */
struct node_holder {
	const char *name;
	uint32_t packets;
	uint32_t headers; /* buffers of headers that these may have */
};

#define NODE_HOLDERS_MAX 16

/* Capacities of each worker's rings, powers of two. */
#define NODE_HANDOVER_RING 1024
#define NODE_INJECT_RING   256
#define NODE_MAILBOX_RING  1024
#define NODE_PUNT_RING	   256

/* What decides how many packets the node can hold; the pool is their sum. */
struct node_budget {
	uint32_t port_descriptors; /* over all ports and queues, receive and send */
	uint32_t ring_packets;	   /* next hops' rings */
	uint32_t reorder_packets;  /* all destinations' windows */
	uint32_t file_packets;	   /* feeds and egress files */
	uint32_t later_packets;	   /* of links and sessions that come at run time */
	uint32_t impair_packets;   /* on the impaired lines of ports */
	uint32_t coding_packets;   /* rlnc_encoder_holds and rlnc_receiver_holds, of all */
	uint32_t recode_packets;   /* kept by relays that recode; 0 = nothing is recoded */
	uint16_t recode_span;	   /* source packets of their longest generation */
	uint64_t recode_hold;	   /* ns that they are kept after a generation's last packet */
	uint32_t feeder_packets;   /* waiting for their time on paced links */
	uint32_t feeder_queues;	   /* a conference on a link each; of each worker */
	uint16_t buffer_bytes;	   /* data room, with headroom; 0 = 2048 and headroom */
};

struct link_params {
	uint32_t node_id;
	struct port *port;
	struct address remote;
	uint8_t local;
	uint16_t udp_port;
	uint32_t ring;	/* packets from other workers, a power of two */
	uint8_t pacing; /* enum link_pacing; LINK_PACING_NONE with a rate: LINK_PACING_RATE */
	uint64_t rate;	/* bytes of UDP payload a second; 0 = none */
	uint8_t share;	/* percent for lower priorities while higher ones have packets, 0 to 50 */
	uint64_t probe; /* ns between probes; 0 = none are sent */
};

struct source_params {
	uint32_t conference, session;
	uint16_t epoch;
	uint8_t kind;
	uint8_t flags;
	uint64_t rate, burst;
	struct port *ingress_port; /* SOURCE_UDP */
	uint8_t ingress_local;
	uint16_t ingress_udp_port;
	uint32_t feed; /* SOURCE_FILE: packets, a power of two */
	uint64_t seed;
	struct generator_params generator;
	const struct rlnc_params *coding; /* NULL: packets go as they are */
};

/* A flow of a plan to be built: its Pathlets as pathlet_tree encodes them. */
struct flow_params {
	uint8_t id;
	uint32_t weight;
	struct flow_state *state; /* NULL = a new one */
	const uint8_t *routing;	  /* RoutingInfo at the source: outermost Pathlets in a row */
	uint16_t routing_len;
};

/* NULL with *error set to a text when memory is short. */
struct node *node_new(const struct node_params *params, const char **error);
/* Takes the port, its addresses set; sets its index and shape. 0 or -ENOSPC. */
int node_add_port(struct node *node, struct port *port);
/*
 * Who holds packets and how many at most: returns the number of holders. The pools that node_layout
 * makes have as many packets and header buffers as all of them together.
 */
uint32_t node_holders(uint16_t nb_workers, uint16_t nb_ports, const struct node_budget *budget,
	struct node_holder holders[NODE_HOLDERS_MAX]);
struct node_holder node_holders_sum(const struct node_holder *holders, uint32_t n);
/*
 * Spreads receive and send queues over workers and makes the pools. Ports' drivers may receive only
 * after it (they need node->pool). 0 or a negative errno with *error.
 */
int node_layout(struct node *node, const struct node_budget *budget, const char **error);

/* Bytes of memory that the pools of a budget take, about. */
uint64_t node_memory(uint32_t packets, uint32_t headers, uint16_t buffer_bytes);

/* Workers have ended: frees everything. Ports are the caller's. */
void node_free(struct node *node);

/* The bookkeeping of the control thread: frees what is free, ends what was asked for. */
void node_tick(struct node *node);

/* Nothing waits for a worker any more. */
bool node_settled(const struct node *node);

void node_set_clock(struct node *node, const struct utc_map *map);

/*
 * Links. NULL with errno set: EINVAL (NodeID), EEXIST, ENOSPC, ENOMEM, ENODEV (no worker sends on
 * the port).
 */
struct link *node_add_link(struct node *node, const struct link_params *params);
/* Publishes the neighbour's MAC; NULL = not resolved. 0 or -ENOMEM. */
int node_set_link_mac(struct node *node, struct link *link, const struct rte_ether_addr *mac);
/* Begins to probe anew, at another interval (ns), or ends it (0). 0 or -ENOMEM. */
int node_set_probe(struct node *node, struct link *link, uint64_t interval);
struct link *node_find_link(const struct node *node, uint32_t node_id);
/* Takes a link away; no plan may name it any more. */
void node_remove_link(struct node *node, struct link *link);
/*
 * The same neighbour by another link, whose NodeID is the old one's: found from now on. Errors as
 * node_add_link. The old one goes on until no plan names it and node_retire_link takes it away;
 * what waits in it is then dropped. The neighbour sees another epoch, newer than the old one.
 */
struct link *
node_replace_link(struct node *node, struct link *old, const struct link_params *params);
void node_retire_link(struct node *node, struct link *old);
/* The old one is found again, the new one goes: as before node_replace_link. */
void node_restore_link(struct node *node, struct link *link, struct link *old);

/*
 * How packets of a conference are treated where they wait, on each link from the next one that has
 * to; NULL: as those of one that is not known. 0, -EINVAL, or -ENOMEM.
 */
int node_set_conference(struct node *node, uint32_t conference, const struct feeder_terms *terms);
/*
 * A conference is over, for now: what of it waits is dropped by name in the workers' next turns,
 * and its queues are gone. Its terms stay.
 */
int node_end_conference(struct node *node, uint32_t conference);

/* Places of one worker's feeders. */
uint32_t node_feeder_packets(uint16_t nb_workers, const struct node_budget *budget);
/* Generations that one worker keeps for recoding. */
uint32_t node_recode_generations(uint16_t nb_workers, const struct node_budget *budget);

/*
 * Sources. A plan names links by NodeID: every outermost Pathlet's next hop must be a link.
 * NULL with errno: EINVAL, ENOENT (a next hop is no link, *missing says which), ENOMEM.
 */
struct flow_plan *node_build_plan(struct node *node, const struct flow_params *flows,
	uint16_t nb_flows, uint16_t payload_limit, uint32_t *missing);
/* Frees a plan that was never given to a source. */
void node_discard_plan(struct flow_plan *plan);
/*
 * Takes plan, also when it fails (then it is freed). NULL with errno; of a plan that is NULL, errno
 * is that of who could not build it. Not running yet.
 */
struct source *
node_add_source(struct node *node, const struct source_params *params, struct flow_plan *plan);
struct source *node_find_source(const struct node *node, uint32_t conference, uint32_t session);
/* Publishes a new plan and frees the old after quiescence. */
void node_set_plan(struct node *node, struct source *source, struct flow_plan *plan);
void node_start_source(struct node *node, struct source *source);
void node_stop_source(struct node *node, struct source *source);
void node_remove_source(struct node *node, struct source *source);

/* Destinations. NULL with errno. params->owner is chosen here. */
struct destination *node_add_destination(
	struct node *node, const struct destination_params *params, uint32_t file_ring);
struct destination *
node_find_destination(const struct node *node, uint32_t conference, uint32_t session);
/* EGRESS_UDP: publishes the header of its datagrams; NULL ends = not resolved. 0 or -ENOMEM. */
int node_set_egress(struct node *node, struct destination *dst, const struct frame_endpoints *ends);
void node_remove_destination(struct node *node, struct destination *dst);

/* Frees a ring, as one that was taken from a destination, and what is in it; NULL is allowed. */
void node_ring_free(struct rte_ring *ring);

/*
 * A session is recoded here, and how (enum recode_how), from now on; what is kept of it stays, if
 * it was recoded another way. Nothing comes of it if the budget had no place for it. 0 or -ENOMEM.
 */
int node_set_recode(struct node *node, uint32_t conference, uint32_t session, uint8_t how);
/* Its packets go on as they come from now on; what is kept of it is given up in time. */
void node_remove_recode(struct node *node, uint32_t conference, uint32_t session);

/*
 * Sessions that the node was told of; those that start or end here are, when they are made. Where
 * forwarding is `installed` no other is forwarded, and in either case what comes for one that does
 * not end here is told apart from what comes for an unknown one. 0 or -ENOMEM. Open at first.
 */
int node_know_session(struct node *node, uint32_t conference, uint32_t session);
void node_forget_session(struct node *node, uint32_t conference, uint32_t session);
bool node_knows_session(const struct node *node, uint32_t conference, uint32_t session);
void node_set_forwarding(struct node *node, bool installed);

/*
 * Hands a frame (in a packet of node->pool) to a worker that sends on the port. 0, or -ENOBUFS:
 * then it is still the caller's.
 */
int node_inject(struct node *node, struct port *port, struct rte_mbuf *m);

/* Counters of all workers added up. */
void node_counters(const struct node *node, struct worker_counters *sum);

#endif
