/* SPDX-License-Identifier: BSD-3-Clause */
/* What the oracle's files share. */
#ifndef FERRY_SIM_ORACLE_PRIVATE_H
#define FERRY_SIM_ORACLE_PRIVATE_H

#include "map64.h"
#include "oracle.h"

#define ORACLE_TREE_MAX	 90
#define ORACLE_BYTES_MAX 512
#define ORACLE_FLOWS_MAX 32

/* A place in a tree, in the order of its text. */
struct oracle_place {
	uint32_t id;
	bool destination;
	int parent; /* index; -1: below the source */
	int end;    /* index after all that is below it */
	int edge;   /* of the flow */
};

/* From one node to another with the same Pathlet: all places where that is so. */
struct oracle_edge {
	uint32_t from, to; /* NodeIDs */
	uint16_t len;
	uint8_t pathlet[ORACLE_BYTES_MAX];
	bool outermost;
	bool destination;
	int nb_below;
	int below[ORACLE_TREE_MAX]; /* edges that each arrival is sent on along */
};

struct oracle_flow {
	uint8_t id;
	int nb_places, nb_edges, nb_destinations;
	struct oracle_place places[ORACLE_TREE_MAX];
	struct oracle_edge edges[ORACLE_TREE_MAX];
	uint32_t destinations[ORACLE_TREE_MAX]; /* NodeIDs */
};

/* Reads a path's text. False if it is none. */
bool oracle_flow_read(struct oracle_flow *flow, uint32_t source, const char *text);

/* What the bytes of a frame say; false with *why if a sender must not send such a frame. */
struct oracle_frame {
	uint8_t type;
	uint32_t node;
	uint16_t link_epoch;
	uint64_t link_seq;
	uint32_t stamp;
	/* DATA */
	const uint8_t *pathlet;
	uint32_t pathlet_len;
	uint32_t conference, session, seq;
	uint16_t epoch, flow_seq;
	uint8_t flow;
	const uint8_t *payload;
	uint32_t payload_len;
};

bool
oracle_frame_read(struct oracle_frame *f, const uint8_t *frame, uint32_t len, const char **why);

/* One packet of a session; counts: sent and arrived by edge, then delivered by destination. */
struct oracle_packet {
	uint32_t seq;
	uint16_t epoch, flow_seq;
	uint16_t flow; /* index */
	uint32_t len;
	uint64_t hash;
	uint8_t *counts;
};

struct oracle_session {
	uint32_t conference, session;
	uint32_t source; /* NodeID */
	bool generated, ordered;
	int nb_flows;
	struct oracle_flow *flows;
	uint32_t nb_packets, max_packets;
	struct oracle_packet *packets;
	struct map64 by_seq;	 /* epoch, sequence -> packet */
	struct map64 by_payload; /* hash -> packet */
};

#define ORACLE_NODES_MAX    256
#define ORACLE_SESSIONS_MAX 64

struct oracle {
	oracle_fail_fn fail;
	void *arg;
	uint32_t nb_nodes, nb_sessions;
	uint32_t ids[ORACLE_NODES_MAX];
	struct oracle_session sessions[ORACLE_SESSIONS_MAX];
	struct map64 brought; /* datagrams by link, epoch and sequence */
	struct map64 next;    /* link and epoch -> next sequence */
	uint64_t totals[4];
	uint64_t last_delivered[ORACLE_SESSIONS_MAX][ORACLE_NODES_MAX]; /* epoch, seq; +1 */
};

void oracle_complain(const struct oracle *oracle, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

static inline uint8_t *
oracle_sent_of(const struct oracle_packet *p, int edge)
{
	return &p->counts[2 * edge];
}

static inline uint8_t *
oracle_arrived_of(const struct oracle_packet *p, int edge)
{
	return &p->counts[2 * edge + 1];
}

static inline uint8_t *
oracle_delivered_of(const struct oracle_flow *flow, const struct oracle_packet *p, int destination)
{
	return &p->counts[2 * flow->nb_edges + destination];
}

/* Copies of a packet that came to a destination. */
uint32_t
oracle_copies(const struct oracle_flow *flow, const struct oracle_packet *p, int destination);
/* Index among the flow's destinations, -1 if it is none. */
int oracle_destination_index(const struct oracle_flow *flow, uint32_t id);

#endif
