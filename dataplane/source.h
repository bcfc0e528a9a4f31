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

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_prefetch.h>
#include <rte_ring.h>

#include "alias.h"
#include "generator.h"
#include "link.h"
#include "rng.h"
#include "timer_wheel.h"
#include "token_bucket.h"
#include "wire.h"

#define SOURCE_FLOWS_MAX 256 /* a flow's id has one byte on the wire */

/*
 * A flow's own numbers; they outlive the plans that name the flow. Written by the owner. The flow
 * sequence of the next packet is packets modulo 2^16.
 */
struct flow_state {
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

/* Of what is not sent; what is sent stands in the source itself. */
struct source_counters {
	uint64_t policed;
	uint64_t oversize;
	uint64_t oversize_last; /* bytes of the last one */
	uint64_t stopped;
	uint64_t starved; /* times that no buffer was to be had */
};

/*
 * The owner's copy of a plan's one way, where there is one flow, one next hop and a short Pathlet:
 * most sessions. It holds as long as version is the source's plan_version.
 */
#define SOURCE_WAY_BYTES 12

struct source_way {
	struct link *link; /* NULL: not such a plan */
	uint32_t version;
	uint16_t payload_max;
	uint8_t flow; /* id */
	uint8_t pathlet_len;
	uint8_t pathlet[SOURCE_WAY_BYTES];
} __attribute__((packed));

/*
 * A node may have very many sources, their packets in any order: what a packet costs are the cache
 * lines that it is the first to touch. A payload of the common kind touches the first two, which
 * processors fetch as a pair.
 */
struct source {
	/* The owner's. */
	struct flow_state sent; /* all flows; packets count once however many branches they take */

	/* Published by the control thread. */
	const struct flow_plan *plan;
	uint32_t plan_version; /* one more with each plan */

	/* Constant once published. */
	uint32_t conference, session;

	uint32_t seq; /* the owner's */

	/* Constant once published. */
	uint16_t owner;
	uint16_t epoch;
	uint8_t flags; /* session header flags of every packet */
	uint8_t kind;  /* enum source_kind */

	bool running;  /* published by the control thread */
	bool finished; /* the owner's: generator's count reached, or file sent */

	/* The owner's; in the first line what a packet changes. */
	struct token_bucket bucket;
	struct flow_state first; /* of the first flow of the first plan */
	struct source_way way;

	uint32_t ingress_key; /* constant once published; SOURCE_UDP */

	/* Touched seldom. */
	struct source_counters counters;
	struct rng rng;
	struct timer timer;	  /* generator and file: when to send next */
	struct rte_mbuf *pending; /* file: taken from the feed, its time not come */
	struct generator generator;

	/* Constant once published. */
	uint64_t rate;		      /* bit/s, 0 = no limit */
	uint64_t burst;		      /* bytes */
	struct rte_ring *feed;	      /* SOURCE_FILE: payloads from the control thread */
	struct rlnc_encoder *encoder; /* NULL: its packets go as they are */
} __rte_aligned(2 * RTE_CACHE_LINE_SIZE);

static_assert(offsetof(struct source, bucket.ns_per_byte) == RTE_CACHE_LINE_SIZE &&
		      offsetof(struct source, counters) == 2 * RTE_CACHE_LINE_SIZE,
	"what a packet touches of its source");

struct worker;
struct fanout_branch;
struct rlnc_encoder;

/* Key of the table of ingress addresses: 32 bits; a node has few ports, those few addresses. */
static inline uint64_t
source_ingress_key(uint16_t port, uint8_t local, uint16_t udp_port)
{
	return (uint64_t)port << 24 | (uint64_t)local << 16 | udp_port;
}

/* The same of a source; object_map.h. */
static inline uint64_t
source_key_of(const void *source)
{
	return ((const struct source *)source)->ingress_key;
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

/* Fetches what source_ingress will touch of a source. */
static inline void
source_prefetch(const struct source *source)
{
	rte_prefetch0(source);
	rte_prefetch0((const uint8_t *)source + RTE_CACHE_LINE_SIZE);
}

/* The next hop of its next packet, if there is but one way known, else NULL. Owner only. */
static inline const struct link *
source_next_hop(const struct source *source)
{
	uint32_t version = __atomic_load_n(&source->plan_version, __ATOMIC_ACQUIRE);

	return likely(source->way.version == version) ? source->way.link : NULL;
}

/* What came to the ingress address: takes a payload (data begins at it). Owner only. */
void source_ingress(struct worker *w, struct source *source, struct rte_mbuf *m);

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
