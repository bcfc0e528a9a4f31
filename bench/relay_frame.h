/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames that go round: Ferry DATA from node 1 to node 2 on the way 2 > 1, so that node 2 sends
 * each back; and what must come back from those that take the place of node 2.
 *
 * Headers are written here from dataplane/wire/WIRE.md, not by the code that is measured. The
 * payload carries its sequence, a time stamp, the number of the trial, then a pattern.
 */
#ifndef FERRY_BENCH_RELAY_FRAME_H
#define FERRY_BENCH_RELAY_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "wire.h"

#define RELAY_PAYLOAD_MIN 20
#define RELAY_PAYLOAD_MAX 1400

#define RELAY_OWN_NODE	1
#define RELAY_SEAT_NODE 2
#define RELAY_OWN_IP	RTE_IPV4(198u, 18, 0, 1)
#define RELAY_SEAT_IP	RTE_IPV4(198u, 18, 0, 2)

struct relay_payload {
	uint64_t seq;	/* of the trial */
	uint64_t stamp; /* TSC when it was sent */
	uint32_t trial;
} __attribute__((packed));

/* Headers around a Ferry datagram. */
struct relay_outer {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct link_hdr link;
} __attribute__((packed));

/* As sent: the seat's Pathlet with ours inside. */
struct relay_sent {
	struct relay_outer outer;
	struct pathlet_hdr seat, own;
	struct session_hdr session;
	uint8_t payload[];
} __attribute__((packed));

/* As a node sends it back. */
struct relay_returned {
	struct relay_outer outer;
	struct pathlet_hdr own;
	struct session_hdr session;
	uint8_t payload[];
} __attribute__((packed));

/* Who has the seat. */
enum relay_seat {
	RELAY_FERRY,   /* a node: new headers */
	RELAY_MACSWAP, /* the frame with its MAC addresses swapped */
	RELAY_IO,      /* the frame as it came */
};

/* What all frames of a trial have in common, and what must come back. */
struct relay_frames {
	enum relay_seat seat;
	uint16_t payload; /* bytes */
	uint16_t sent_len, returned_len;
	uint32_t trial;
	uint64_t link_seq; /* of the trial's first frame */
	uint8_t sent[sizeof(struct relay_sent) + RELAY_PAYLOAD_MAX];
	uint8_t returned[sizeof(struct relay_sent) + RELAY_PAYLOAD_MAX];
};

struct relay_ends {
	struct rte_ether_addr own_mac, seat_mac;
	uint16_t epoch; /* of our links and of the session's source */
};

/*
 * Writes what a Ferry datagram from a node begins with, in a frame of so many bytes; the MAC
 * addresses and the link's epoch and sequence are left to the caller. IPv4 addresses in host order.
 */
void relay_outer_fill(
	struct relay_outer *o, uint16_t frame_len, uint32_t from_ip, uint32_t to_ip, uint32_t node);

void relay_frames_init(struct relay_frames *f, enum relay_seat seat, uint16_t payload,
	uint32_t trial, uint64_t link_seq, const struct relay_ends *ends);

/* Writes the whole frame, but for what relay_frame_write writes each time. */
void relay_frame_fill(const struct relay_frames *f, struct rte_mbuf *m);

/*
 * Makes a packet of the generator's pool the frame of that sequence. It comes back to the pool as
 * it left, so that within a trial only what differs is written. Not all of the pool at once, before
 * the trial: with zero copy some of it may still lie where the seat reads.
 */
static inline void
relay_frame_write(const struct relay_frames *f, struct rte_mbuf *m, uint64_t seq, uint64_t tsc)
{
	struct relay_sent *frame = rte_pktmbuf_mtod(m, struct relay_sent *);
	struct relay_payload *payload = (struct relay_payload *)frame->payload;

	if (unlikely(payload->trial != f->trial))
		relay_frame_fill(f, m);
	frame->outer.link.seq = rte_cpu_to_be_64(f->link_seq + seq);
	frame->session.seq = rte_cpu_to_be_32((uint32_t)seq);
	frame->session.flow_seq = rte_cpu_to_be_16((uint16_t)seq);
	payload->seq = seq;
	payload->stamp = tsc;
}

enum relay_verdict {
	RELAY_RIGHT,	/* one of this trial's frames, every byte as it must be */
	RELAY_WRONG,	/* one of this trial's, but damaged */
	RELAY_STRAY,	/* of an earlier trial */
	RELAY_NOT_OURS, /* no frame of ours: ARP and the like */
};

/* Judges a frame that came; *payload and *link (of a node) point into it if it is right. */
enum relay_verdict relay_frame_check(const struct relay_frames *f, const struct rte_mbuf *m,
	const struct relay_payload **payload, const struct link_hdr **link);

#endif
