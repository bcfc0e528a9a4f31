/* SPDX-License-Identifier: BSD-3-Clause */
/* Coded packets as they are on a wire, and what a plain decoder makes of them. */
#ifndef FERRY_SIM_CODED_CAPTURE_H
#define FERRY_SIM_CODED_CAPTURE_H

#include "plain_decoder.h"
#include "rlnc_header.h"
#include "small.h"

#define CODED_CAPTURE_MAX 8192

struct coded_packet {
	struct session_hdr session;
	struct rlnc_header h;
	uint8_t coeffs[RLNC_SPAN_MAX];
	uint32_t pathlet_len;
	uint8_t pathlet[PATHLET_TREE_MAX_BYTES];
	uint32_t len; /* of the symbol, or of a systematic packet's payload */
	uint8_t data[PLAIN_SYMBOL];
};

struct coded_capture {
	enum wire_event event; /* of the packets that are taken */
	uint32_t from, to;     /* nodes (ids) between which they are; 0: all */
	uint32_t n;
	struct coded_packet packets[CODED_CAPTURE_MAX];
};

/* Hears the simulation's wires from now on. */
void coded_capture_begin(struct coded_capture *c, struct sim *sim, enum wire_event event,
	uint32_t from, uint32_t to);

/* The first source sequence that a packet speaks of. */
uint32_t coded_first(const struct coded_packet *p);

/* What a packet says of its generation's symbols: PLAIN_SYMBOL bytes; returns how many count. */
uint32_t coded_symbol(const struct coded_packet *p, uint8_t *symbol);

/* The symbol is that of the session's payload with this number. */
void coded_check_symbol(const uint8_t *symbol, uint32_t session, uint32_t seq);

/*
 * Decodes all generations from sequence 0 on, each from packets taken at random until it is known;
 * fails if they do not suffice. Returns source packets. *dependent (NULL: any) is told how many
 * packets were taken that said nothing new.
 */
uint32_t coded_decode_all(
	const struct coded_capture *c, struct sim *sim, uint32_t session, uint32_t *dependent);

uint32_t coded_count(const struct coded_capture *c, uint8_t kind);

#endif
