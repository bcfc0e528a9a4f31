/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coding at the source of a session. Source packets go at once, each with a coding header; the
 * encoder keeps a reference to them, and sends repair packets, random combinations of them:
 *
 * RLNC_BLOCK: of a generation of k packets, when it is closed: full, at the end of a message, or
 * when the next packet does not come in time. Or nothing but combinations, from then on.
 * RLNC_WINDOW: of the last k packets, between them, as soon as the next repair is due.
 *
 * A packet that is kept counts as queued, and is consumed in the end; a repair is originated.
 *
 * An encoder belongs to its source's owner; the control thread makes and frees it with the source.
 */
#ifndef FERRY_RLNC_ENCODER_H
#define FERRY_RLNC_ENCODER_H

#include "rlnc_combine.h"
#include "rlnc_params.h"
#include "source.h"
#include "timer_wheel.h"

/* Written by the owner. */
struct rlnc_encoder_counters {
	uint64_t generations; /* closed */
	uint64_t repairs;     /* packets sent beside sources, each once whatever its branches */
	uint64_t starved;     /* repairs for which no buffer was to be had */
};

/* Source packets that are combined: a generation, or the window. */
struct rlnc_generation {
	struct rlnc_encoder *encoder;
	uint32_t first; /* source sequence of vectors[start] */
	uint16_t start; /* 0 but for a window, which moves */
	uint16_t n;
	uint64_t last_at; /* its last packet, ns */
	struct timer timer;
	struct rlnc_vector *vectors; /* k; of a window 2 * k */
};

struct rlnc_encoder {
	struct source *source;
	struct rlnc_params params;
	uint32_t seq;	      /* of the next source packet */
	uint32_t unprotected; /* source packets since the last repair: RLNC_WINDOW */
	uint64_t credit;      /* repair that is due, millionths of a packet */
	uint16_t seed;	      /* of the next repair */
	uint16_t flow_seq[SOURCE_FLOWS_MAX];
	struct rlnc_encoder_counters counters;
	struct rlnc_generation current;
};

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

/*
 * Sends so many combinations of a generation's first g->n packets; final: they are all. What has
 * no buffer is counted. Owner only.
 */
void
rlnc_send_repairs(struct worker *w, const struct rlnc_generation *g, bool final, uint32_t count);

/* Sends a packet whose data begins with its coding header along a flow chosen by weight. */
void rlnc_send(struct worker *w, struct rlnc_encoder *encoder, struct rte_mbuf *m,
	struct session_hdr *session, bool source_packet);

#endif
