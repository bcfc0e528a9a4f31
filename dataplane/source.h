/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The source of a session: payloads become packets of the session. Payloads come as UDP datagrams
 * to the session's ingress address (policed by its token bucket), from a generator, or from a file
 * that the control thread reads (both shaped by it). Each packet takes one flow, chosen at random
 * by weight, and is sent along each of that flow's outermost Pathlets.
 *
 * State belongs to one worker, the owner. The control thread makes and frees sources, publishes
 * their flow plan and whether they run.
 */
#ifndef FERRY_SOURCE_H
#define FERRY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

#include "alias.h"
#include "generator.h"
#include "link.h"
#include "rng.h"
#include "timer_wheel.h"
#include "token_bucket.h"
#include "wire.h"

#define SOURCE_FLOWS_MAX 256 /* a flow's id has one byte on the wire */

/* A flow's own numbers; they outlive the plans that name the flow. Written by the owner. */
struct flow_state {
	uint16_t seq;
	uint64_t packets;
	uint64_t bytes; /* of payload */
};

/* One packet's way out: a next hop and the Pathlet it gets. */
struct flow_branch {
	struct link *link;
	uint16_t pathlet_off; /* in the plan's bytes */
	uint16_t pathlet_len;
};

struct flow {
	struct flow_state *state;
	uint32_t weight;
	uint16_t first_branch; /* in the plan's branches */
	uint8_t nb_branches;
	uint8_t id;	/* on the wire */
	bool own_state; /* made with a plan that is not published yet */
};

/* How packets are spread over flows: immutable, published whole, freed after quiescence. */
struct flow_plan {
	uint16_t nb_flows;
	uint16_t payload_max; /* least over all branches */
	struct flow *flows;
	struct flow_branch *branches;
	uint8_t *bytes; /* Pathlets */
	struct alias_entry choice[SOURCE_FLOWS_MAX];
};

enum source_kind {
	SOURCE_UDP,
	SOURCE_GENERATOR,
	SOURCE_FILE
};

struct source_counters {
	uint64_t packets; /* sent, each counted once however many branches it takes */
	uint64_t bytes;	  /* of payload */
	uint64_t policed;
	uint64_t oversize;
	uint64_t oversize_last; /* bytes of the last one */
	uint64_t stopped;
	uint64_t starved; /* times that no buffer was to be had */
};

struct source {
	/* Constant once published. */
	uint32_t conference, session;
	uint16_t owner;
	uint16_t epoch;
	uint8_t kind;	       /* enum source_kind */
	uint8_t flags;	       /* session header flags of every packet */
	uint64_t rate;	       /* bit/s, 0 = no limit */
	uint64_t burst;	       /* bytes */
	uint64_t ingress_key;  /* SOURCE_UDP */
	struct rte_ring *feed; /* SOURCE_FILE: payloads from the control thread */

	/* Published by the control thread. */
	const struct flow_plan *plan;
	bool running;
	bool finished; /* written by the owner: generator's count reached, or file sent */

	/* The owner's. */
	uint32_t seq;
	struct token_bucket bucket;
	struct rng rng;
	struct timer timer;	  /* generator and file: when to send next */
	struct rte_mbuf *pending; /* file: taken from the feed, its time not come */
	struct generator generator;
	struct source_counters counters;
};

struct worker;

/* Key of the table of ingress addresses. */
static inline uint64_t
source_ingress_key(uint16_t port, uint8_t local, uint16_t udp_port)
{
	return (uint64_t)port << 32 | (uint64_t)local << 16 | udp_port;
}

/* Session id of the tables: conference and session. */
static inline uint64_t
session_key(uint32_t conference, uint32_t session)
{
	return (uint64_t)conference << 32 | session;
}

/* What came to the ingress address: takes n payloads (data begins at the payload). Owner only. */
void source_ingress(struct worker *w, struct source *source, struct rte_mbuf **pkts, uint16_t n);

/* For timer.fire of a source. */
void source_fire(void *owner, struct timer *timer, uint64_t now);

/* Arms the timer of a generator or file source. Owner only (a request of the control thread). */
void source_start(struct worker *w, struct source *source);

/* Forgets its timer, and drops what its file feed still holds. Owner only. */
void source_stop(struct worker *w, struct source *source);

#endif
