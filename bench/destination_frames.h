/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames of a session whose destination is the node in the seat, with coding or without, made
 * before they are sent: on the way only what differs from round to round is written, a line or two
 * of each. And what the node must deliver.
 *
 * A payload says of which generation it is, and which of its sources; the rest of it is random
 * bytes, of each source others. What is combined elsewhere is combined here, by the table of
 * logarithms.
 *
 * Headers are written from dataplane/wire/WIRE.md. One thread.
 */
#ifndef FERRY_BENCH_DESTINATION_FRAMES_H
#define FERRY_BENCH_DESTINATION_FRAMES_H

#include "coding_pattern.h"
#include "relay_frame.h"

/* Generations whose source frames exist at once: more than any ring holds. */
#define DESTINATION_SLOTS 64

#define DESTINATION_CONFERENCE 7

struct destination_payload {
	uint64_t generation;
	uint8_t index; /* below CODING_K */
	uint8_t bytes[CODING_PAYLOAD - 9];
} __attribute__((packed));

static_assert(sizeof(struct destination_payload) == CODING_PAYLOAD, "payload");

struct destination_frames {
	struct coding_pattern pattern;
	struct rte_mempool *pool; /* of them all; none goes back */
	struct rte_mbuf *sources[DESTINATION_SLOTS][CODING_K];
	struct rte_mbuf *repairs[PATTERN_GENERATIONS][PATTERN_REPAIRS]; /* with coding */
	struct destination_payload payloads[CODING_K];			/* of generation 0 */
};

/* What differs from frame to frame. */
struct destination_stamp {
	uint32_t session;
	uint32_t generation;
	uint32_t utc; /* when it began, microseconds */
	uint64_t link_seq;
};

/* Makes them all. Ends the program when memory is short. */
void destination_frames_init(struct destination_frames *f, const char *name, bool coded, bool lossy,
	const struct relay_ends *ends);

/*
 * Frame number of a generation, with all its headers, and a reference of its own to who sends it;
 * NULL while its last round has not left the port.
 */
struct rte_mbuf *destination_frames_take(
	struct destination_frames *f, uint32_t number, const struct destination_stamp *stamp);

enum destination_verdict {
	DESTINATION_RIGHT,    /* a source packet's payload, every byte as it must be */
	DESTINATION_WRONG,    /* a datagram to this UDP port that is damaged */
	DESTINATION_NOT_OURS, /* ARP and the like */
};

/*
 * Judges a packet that came: what the node delivers leaves it as a datagram to this UDP port of
 * ours. *seq of a right one: which source packet it is, CODING_K a generation.
 */
enum destination_verdict destination_frames_check(
	const struct destination_frames *f, const struct rte_mbuf *m, uint16_t port, uint64_t *seq);

#endif
