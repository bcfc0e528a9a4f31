/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coding at the source of a session. Source packets go at once, each with a coding header; the
 * encoder keeps a reference to them, and sends repair packets, random combinations of them:
 *
 * RLNC_BLOCK: of a generation of k packets, when it is closed: full, at the end of a message, or
 * when the next packet does not come in time. Or nothing but combinations, from then on.
 * RLNC_WINDOW: of the last k packets, between them, as soon as the next repair is due.
 *
 * A packet that is kept counts as queued, and is consumed in the end, or dropped if the source ends
 * before anything was sent of it; a repair is originated.
 *
 * An encoder belongs to its source's owner; the control thread makes and frees it with the source.
 */
#ifndef FERRY_RLNC_ENCODER_H
#define FERRY_RLNC_ENCODER_H

#include "fanout.h"
#include "rlnc_combine.h"
#include "rlnc_params.h"
#include "rlnc_redundancy.h"
#include "rlnc_seeds.h"
#include "source.h"
#include "timer_wheel.h"

/* Written by the owner. */
struct rlnc_encoder_counters {
	uint64_t generations; /* closed */
	uint64_t repairs;     /* packets sent beside sources, each once whatever its branches */
	uint64_t starved;     /* repairs for which no buffer was to be had */
	uint64_t decoded;     /* generations of which all destinations said that they have them */
	uint64_t given_up;    /* generations of which they did not, within the bound */
};

/* Neighbours that a generation's DECODED is kept from: the first hops of a flow. */
#define RLNC_TOLD_MAX FANOUT_MAX

/* Source packets that are combined: a generation, or the window. */
struct rlnc_generation {
	struct rlnc_encoder *encoder;
	uint32_t first; /* source sequence of vectors[start] */
	uint16_t start; /* 0 but for a window, which moves */
	uint16_t n;
	uint16_t seed;	  /* of its next repair: 0 is the first one's, so that few are ever drawn */
	uint64_t last_at; /* its last packet, ns */
	struct timer timer;
	struct rlnc_held *vectors; /* k; of a window 2 * k */

	/* RLNC_REPAIR_RATELESS, from when it is closed: */
	bool closed;
	uint8_t nb_told;
	uint16_t again;		      /* times that repair was sent again */
	uint32_t repairs;	      /* sent */
	uint64_t closed_at;	      /* ns */
	uint32_t told[RLNC_TOLD_MAX]; /* NodeIDs of neighbours that want no more */
};

/* How many repairs a generation needs, and how long it takes to be told so. */
struct rlnc_rateless {
	uint32_t first;	 /* repairs at first, 2^-8 packets */
	uint64_t srtt;	 /* ns from the end of a generation to DECODED; 0: not known */
	uint64_t rttvar; /* RFC 6298 */
	uint8_t in_row;	 /* generations that got more, since one that did not */
	uint8_t backoff; /* times that patience was doubled since then */
};

/* How much repair a target needs, for the loss that was last seen. */
struct rlnc_adaptive {
	uint64_t way;  /* the control thread's; rlnc_encoder_set_way */
	uint32_t loss; /* of the own links: millionths, smoothed */
	uint32_t for_loss;
	struct rlnc_way for_way;
	uint16_t for_n;
	uint16_t repairs;
};

struct rlnc_encoder {
	struct source *source;
	struct rlnc_params params;
	uint32_t seq;	      /* of the next source packet */
	uint32_t unprotected; /* source packets since the last repair: RLNC_WINDOW */
	uint64_t credit;      /* repair that is due, millionths of a packet */
	uint16_t flow_seq[SOURCE_FLOWS_MAX];
	uint64_t flow_credit[SOURCE_FLOWS_MAX];
	struct rlnc_encoder_counters counters;
	struct rlnc_rateless rateless;
	struct rlnc_adaptive adaptive;
	struct rlnc_seeds seeds; /* of the last repairs */
	struct rlnc_generation *current;
	uint16_t nb_generations;
	struct rlnc_generation generations[];
};

/* Bytes that rlnc_encoder_new takes. */
size_t rlnc_encoder_bytes(const struct rlnc_params *params);
/* NULL: memory is short. */
struct rlnc_encoder *rlnc_encoder_new(struct source *source, const struct rlnc_params *params);
/* Frees what it still holds, too; NULL is allowed. */
void rlnc_encoder_free(struct rlnc_encoder *encoder);

/*
 * A payload that may go now is the session's next source packet; flags are those of the session
 * header beside the source's own. m is taken. Owner only.
 */
void rlnc_encoder_take(
	struct worker *w, struct rlnc_encoder *encoder, struct rte_mbuf *m, uint8_t flags);

/* The source ends: what is kept goes, no timer runs any more. Owner only. */
void rlnc_encoder_stop(struct worker *w, struct rlnc_encoder *encoder);

/* Gives back the packets of a generation. Owner only. */
void rlnc_generation_release(struct worker *w, struct rlnc_generation *g);

/*
 * RLNC_REPAIR_ADAPTIVE: what is known of the whole way, from somebody who knows the links beyond
 * the first; loss 0: nothing. The control thread sets it, in one word; any thread reads.
 */
static inline void
rlnc_encoder_set_way(struct rlnc_encoder *encoder, struct rlnc_way way)
{
	__atomic_store_n(
		&encoder->adaptive.way, (uint64_t)way.loss << 32 | way.regained, __ATOMIC_RELAXED);
}

static inline struct rlnc_way
rlnc_encoder_way(const struct rlnc_encoder *encoder)
{
	uint64_t way = __atomic_load_n(&encoder->adaptive.way, __ATOMIC_RELAXED);

	return (struct rlnc_way){.loss = (uint32_t)(way >> 32), .regained = (uint32_t)way};
}

/* rlnc_adaptive.c: repairs for a generation or window of n packets, as the links now lose. */
uint32_t rlnc_adaptive_repairs(struct rlnc_encoder *encoder, uint16_t n);

/*
 * rlnc_rateless.c: a generation is closed, and repaired until it is decoded, or given up; the
 * encoder's current generation is another one then.
 */
void rlnc_rateless_close(struct worker *w, struct rlnc_generation *g);
/* Its timer has fired. */
void rlnc_rateless_fire(struct worker *w, struct rlnc_generation *g);
/* A neighbour (NodeID) says that all behind it have the generation that begins with first. */
void rlnc_rateless_decoded(
	struct worker *w, struct rlnc_encoder *encoder, uint32_t first, uint32_t neighbour);

/*
 * Sends so many combinations of a generation's first g->n packets; final: they are all. What has
 * no buffer is counted. Owner only.
 */
void rlnc_send_repairs(struct worker *w, struct rlnc_generation *g, bool final, uint32_t count);

/* Sends a packet whose data begins with its coding header along a flow chosen by weight. */
void rlnc_send(struct worker *w, struct rlnc_encoder *encoder, struct rte_mbuf *m,
	struct session_hdr *session, bool source_packet);

#endif
