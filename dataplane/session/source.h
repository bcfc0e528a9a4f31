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

#include <rte_branch_prediction.h>
#include <rte_ring.h>

#include "alias.h"
#include "counters.h"
#include "generator.h"
#include "link.h"
#include "rng.h"
#include "source_line.h"
#include "timer_wheel.h"
#include "token_bucket.h"
#include "wire.h"

#define SOURCE_FLOWS_MAX 256 /* a flow's id has one byte on the wire */

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

/* Of what is not sent. */
struct source_counters {
	uint64_t policed;
	uint64_t oversize;
	uint64_t oversize_last; /* bytes of the last one */
	uint64_t stopped;
	uint64_t starved; /* times that no buffer was to be had */
};

struct source {
	/* The owner's; what a payload of a source with a rate touches besides the line. */
	struct token_bucket bucket;

	/* Constant once published. */
	struct source_line *line;
	struct node *node;

	/* Published by the control thread. */
	const struct flow_plan *plan;

	/* The owner's. */
	struct flow_state others; /* of all flows but line->first, those that have ended too */
	struct source_counters counters;
	bool finished; /* generator's count reached, or file sent */
	struct rng rng;
	struct timer timer;	  /* generator and file: when to send next */
	struct rte_mbuf *pending; /* file: taken from the feed, its time not come */
	struct generator generator;

	/* Constant once published. */
	uint32_t conference, session;
	uint16_t owner;
	uint16_t epoch;
	uint8_t kind;		      /* enum source_kind */
	uint64_t rate;		      /* bit/s, 0 = no limit */
	uint64_t burst;		      /* bytes */
	struct rte_ring *feed;	      /* SOURCE_FILE: payloads from the control thread */
	struct rlnc_encoder *encoder; /* NULL: its packets go as they are */
} __rte_cache_aligned;

struct worker;
struct fanout_branch;
struct rlnc_encoder;

/* Key of the table of ingress addresses: 32 bits; a node has few ports, those few addresses. */
static inline uint64_t
source_ingress_key(uint16_t port, uint8_t local, uint16_t udp_port)
{
	return (uint64_t)port << 24 | (uint64_t)local << 16 | udp_port;
}

/* The same of a source's line; line_map.h. */
static inline uint64_t
source_key_of(const void *line)
{
	return ((const struct source_line *)line)->ingress_key;
}

/* Session id of the tables: conference and session. */
static inline uint64_t
session_key(uint32_t conference, uint32_t session)
{
	return (uint64_t)conference << 32 | session;
}

/* The same of a session header, as it begins at p. */
static inline uint64_t
session_wire_key(const void *p)
{
	rte_be64_t key;

	static_assert(offsetof(struct session_hdr, conference) == 0 &&
			      offsetof(struct session_hdr, session) == 4,
		"one word of eight bytes");
	memcpy(&key, p, sizeof(key));
	return rte_be_to_cpu_64(key);
}

static inline bool
source_is_running(const struct source *source)
{
	return __atomic_load_n(&source->line->running, __ATOMIC_RELAXED) != 0;
}

/* What it sent, each packet counted once however many branches it takes. Any thread. */
static inline struct flow_state
source_sent(const struct source *source)
{
	const struct flow_state *first = &source->line->first;

	return (struct flow_state){
		.packets = counter_read(&first->packets) + counter_read(&source->others.packets),
		.bytes = counter_read(&first->bytes) + counter_read(&source->others.bytes)};
}

/* The next hop of its next packet, if there is but one way known, else NULL. Owner only. */
static inline struct link *
source_next_hop(const struct source_line *line)
{
	if (unlikely(__atomic_load_n(&line->renewed, __ATOMIC_RELAXED)))
		return NULL;
	return (struct link *)(uintptr_t)line->link;
}

/* What came to the ingress address: takes a payload (data begins at it). Owner only. */
void source_ingress(struct worker *w, struct source_line *line, struct rte_mbuf *m);

/* The ways of a flow: fills flow->nb_branches of them. */
void source_branches(
	const struct flow_plan *plan, const struct flow *flow, struct fanout_branch *branches);

/* Counts a source packet of so many bytes of payload, on a flow. Owner only. */
void source_count_sent(struct source *source, struct flow_state *flow, uint32_t bytes);

/* For timer.fire of a source. */
void source_fire(void *owner, struct timer *timer, uint64_t now);

/* Arms the timer of a generator or file source. Owner only (a request of the control thread). */
void source_start(struct worker *w, struct source *source);

/* Forgets its timer, and drops what its file feed still holds. Owner only. */
void source_stop(struct worker *w, struct source *source);

#endif
