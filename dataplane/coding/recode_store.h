/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a relay keeps of generations in order to combine their packets anew: the packets, by
 * reference, that are linearly independent, their coefficients, and where they go on to.
 *
 * Bounded: so many generations and packets. Whatever is new has its place; what gives it up is the
 * generation of which nothing came for longest. What is given up goes on without being combined.
 *
 * A packet that is kept counts as queued, and is consumed in the end. A store is one worker's.
 */
#ifndef FERRY_RECODE_STORE_H
#define FERRY_RECODE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "pathlet.h"
#include "pathlet_tree.h"
#include "rlnc_combine.h"
#include "rlnc_header.h"
#include "timer_wheel.h"
#include "wire.h"

#define RECODE_HOPS_MAX	     8 /* next hops of a generation; packets for more go as they are, */
#define RECODE_BRANCHES_MAX  PATHLET_BRANCHES_MAX /* and so many can say that they have all */
#define RECODE_UPSTREAMS_MAX 8			  /* neighbours that it comes from */
#define RECODE_NONE	     UINT32_MAX

struct worker;

struct recode_key {
	uint32_t conference, session;
	uint32_t first; /* source sequence */
	uint16_t epoch; /* of the source */
};

/* What is combined for a next hop of a generation. */
struct recode_hop {
	uint32_t credit;      /* transmissions that are due, millionths */
	uint16_t pathlet_len; /* of the union of all Pathlets that came */
	uint8_t pathlet[PATHLET_TREE_MAX_BYTES];
};

struct recode_generation {
	struct recode_key key;
	bool used;
	uint32_t chain;	       /* the next of its bucket */
	uint32_t newer, older; /* by last_at */
	uint64_t last_at;      /* its last packet, ns */
	uint64_t told_at;      /* when upstream was told that it is decoded; 0: never */
	rte_be32_t stamp;      /* the oldest */
	uint16_t n;	       /* source packets that its packets speak of */
	uint16_t kept;	       /* packets */
	int32_t against;       /* packets that contradict it, less those that do not */
	bool final;	       /* n is all */
	bool here;	       /* it is for this node too, */
	bool here_decoded;     /* which has all of it */
	uint8_t flags;	       /* of the session header: delay-sensitive */
	bool more; /* next hops than there are places for: nobody knows what they have */
	uint8_t nb_branches, nb_upstreams;
	uint32_t upstreams[RECODE_UPSTREAMS_MAX]; /* NodeIDs */
	uint32_t branches[RECODE_BRANCHES_MAX];	  /* next hops: NodeIDs, */
	bool decoded[RECODE_BRANCHES_MAX];	  /* of each: it wants no more, */
	struct recode_hop hops[RECODE_HOPS_MAX];  /* of the first ones */
	struct rlnc_held *vectors;		  /* span of them */
	uint8_t *coeffs;			  /* of each, a row of span */
	uint8_t *reduced; /* the same space: row i begins with the 1 of column i, or is 0 */
};

/*
 * More packets contradict what is known of it than do not: then that may be what one forged packet
 * said, and what next hops said of it as well.
 */
static inline bool
recode_in_doubt(const struct recode_generation *g)
{
	return g->against > 0;
}

/* Written by the owner. */
struct recode_counters {
	uint64_t kept;	    /* packets that were new in the sense of rank */
	uint64_t dependent; /* that were not */
	uint64_t combined;  /* packets made */
	uint64_t as_is;	    /* sent on as they came */
	uint64_t forgotten; /* generations given up for want of room */
	uint64_t starved;   /* times that no buffer was to be had */
};

struct recode_store {
	uint32_t nb_generations, packets_max;
	uint16_t span; /* longest generation */
	uint32_t packets;
	uint64_t hold; /* ns: so long after its last packet a generation is forgotten */
	uint32_t free_one, newest, oldest;
	uint32_t shift;
	uint64_t odd; /* hash_own's: a generation's first sequence is what a packet says */
	uint32_t *buckets;
	struct timer timer; /* when the oldest is to be forgotten */
	struct recode_counters counters;
	struct recode_generation *generations;
};

/* NULL: memory is short. hold: ns. random: a number that nobody knows. */
struct recode_store *recode_store_new(
	uint32_t generations, uint32_t packets, uint16_t span, uint64_t hold, uint64_t random);
/* Frees the packets that are kept, too; NULL is allowed. */
void recode_store_free(struct recode_store *store);
/* Bytes that recode_store_new takes, about. */
uint64_t recode_store_bytes(uint32_t generations, uint16_t span);

struct recode_generation *
recode_find(const struct recode_store *store, const struct recode_key *key);
/* The same, made if there is none; it is the newest now. */
struct recode_generation *
recode_get(struct worker *w, struct recode_store *store, const struct recode_key *key);
void recode_forget(struct worker *w, struct recode_store *store, struct recode_generation *g);

/*
 * A packet of the generation: what its header says, its symbol's head, and where in m its body
 * begins. True: it is new, and the caller's reference to m is the store's now.
 */
bool recode_keep(struct worker *w, struct recode_store *store, struct recode_generation *g,
	const struct rlnc_header *h, struct rlnc_symbol_head head, struct rte_mbuf *m,
	uint16_t skip);

/*
 * A new packet, a random combination of all that is kept (at least one): its data begins with the
 * coding header. NULL: no buffer, or none large enough.
 */
struct rte_mbuf *
recode_combine(struct worker *w, struct recode_store *store, struct recode_generation *g);

#endif
