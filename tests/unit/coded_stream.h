/* SPDX-License-Identifier: BSD-3-Clause */
/* A coded session's packets as its source and relays send them, and a network that disturbs them.
 */
#ifndef FERRY_TEST_CODED_STREAM_H
#define FERRY_TEST_CODED_STREAM_H

#include "coded_packets.h"
#include "rlnc_header.h"
#include "wire.h"

#define CODED_CONFERENCE 7
#define CODED_SESSION	 9
#define CODED_K_MAX	 32
#define CODED_FLOWS_MAX	 8    /* of the source */
#define CODED_SENT_MAX	 8192 /* of one stream */

/* A packet as its source sent it, from its session header on. */
struct coded_packet {
	uint32_t len;
	uint32_t cut; /* where its second segment begins; 0 = it has none */
	bool shared;  /* somebody else has a reference to its buffer */
	bool summed;  /* its checksum is known */
	uint8_t bytes[sizeof(struct session_hdr) + RLNC_HEADER_BYTES + CODED_SYMBOL_MAX];
};

/* What source and network are like; odds in thousandths. */
struct coded_odds {
	uint8_t k;
	uint32_t loss, late, twice, damaged, odd, short_ones, relayed, pause, turn;
	uint32_t lies;	  /* of source packets, about the length of their generation */
	uint32_t flows;	  /* that packets take turns on; 0 and 1 say the same */
	uint32_t repairs; /* of a generation, at most */
	uint32_t generations;
};

/* What was sent, and which of it comes, in this order. */
extern struct coded_packet coded_sent[CODED_SENT_MAX];
extern uint32_t coded_nb_sent, coded_order[2 * CODED_SENT_MAX], coded_nb_order;

bool coded_happens(struct rng *rng, uint32_t thousandths);

/* Sends all generations; numbers go past their ends. Then loses, doubles and delays packets. */
void coded_stream(struct rng *rng, const struct coded_odds *odds);

/* Changes a bit of the session or the coding header that a relay or a liar may have changed. */
void coded_damage(struct rng *rng, uint8_t *bytes);

#endif
