/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet on its way through a node: an mbuf, and the few words about it that must travel with it
 * when it changes hands. While one worker works on it, the rest lies in that worker's locals.
 *
 * The meta words and the flags are registered as an mbuf dynamic field and flag, once a process.
 */
#ifndef FERRY_PACKET_H
#define FERRY_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "checksum.h"
#include "wire.h"

/* Packets that one turn takes from one queue or ring at most. */
#define BURST_MAX 32

/* What a ring between threads carries; says where its data begins. */
enum packet_kind {
	PACKET_FRAME,	/* a frame as it came; index = port; for a worker: type = link type */
	PACKET_LINK,	/* for a next hop: what follows the link header; type = link type */
	PACKET_INGRESS, /* for a source: the payload; key = its ingress key */
	/*
	 * For a link's owner: the body of what its neighbour said, its link header before it; type
	 * = link type, index = link, key = when it came.
	 */
	PACKET_CONTROL,
	PACKET_RECODE,	/* to be recoded: from its Pathlet on; index = link it came by */
	PACKET_DECODED, /* for a coded session's owner: the body of a DECODED; decoded_input.h */
	/*
	 * For a destination: the payload, the session header before it; of a coded packet index =
	 * link that it came over.
	 */
	PACKET_DELIVER,
};

struct packet_meta {
	uint64_t key; /* of what it is for, looked up anew by who takes it */
	uint16_t sum; /* Internet checksum of all data, if packet_sum_known */
	uint16_t index;
	uint8_t kind; /* enum packet_kind */
	uint8_t type; /* enum link_type; of a file's payload: SESSION_MESSAGE_... flags */
};

extern int packet_meta_offset;
extern uint64_t packet_sum_flag;
extern uint64_t packet_recode_flag; /* a place holder of recode.h */
extern uint64_t packet_held_flag;   /* of the other reference: a decoder that only reads the data */

/* Registers field and flag; may be called again. 0, or a negative errno. */
int packet_init(void);

static inline struct packet_meta *
packet_meta(struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, packet_meta_offset, struct packet_meta *);
}

/*
 * The sum of a packet's data is known when it came with a UDP checksum; it is kept up to date as
 * headers go and come, so that a new UDP checksum costs nothing that grows with the payload
 * (RFC 1624).
 */
static inline bool
packet_sum_known(const struct rte_mbuf *m)
{
	return (m->ol_flags & packet_sum_flag) != 0;
}

static inline uint16_t
packet_sum(const struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, packet_meta_offset, const struct packet_meta *)->sum;
}

static inline void
packet_sum_set(struct rte_mbuf *m, uint16_t sum)
{
	packet_meta(m)->sum = sum;
	m->ol_flags |= packet_sum_flag;
}

/*
 * Takes len bytes from the front, which must lie in the first segment. Their number may be odd: the
 * length of a Pathlet is what a neighbour says.
 */
static inline void
packet_trim(struct rte_mbuf *m, uint16_t len)
{
	if (packet_sum_known(m)) {
		uint16_t gone = checksum_bytes(rte_pktmbuf_mtod(m, void *), len);

		packet_meta(m)->sum = checksum_at(len, checksum_sub(packet_meta(m)->sum, gone));
	}
	m->data_off += len;
	m->data_len -= len;
	m->pkt_len -= len;
}

/* Counts len bytes that now stand at the front. */
static inline void
packet_sum_grow(struct rte_mbuf *m, const void *data, uint16_t len)
{
	if (packet_sum_known(m))
		packet_meta(m)->sum = checksum_add(
			checksum_at(len, packet_meta(m)->sum), checksum_bytes(data, len));
}

/* Flags that spoke of a frame as it came, or of what was known of it, say nothing as it leaves. */
static inline void
packet_clear_flags(struct rte_mbuf *m)
{
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
}

/* True if the bytes before the data are this packet's own to write, len of them. */
static inline bool
packet_can_prepend(const struct rte_mbuf *m, uint16_t len)
{
	return rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m) && m->data_off >= len;
}

/* Moves the start of the data back over bytes that may be written (packet_can_prepend). */
static inline void *
packet_prepend(struct rte_mbuf *m, uint16_t len)
{
	m->data_off -= len;
	m->data_len += len;
	m->pkt_len += len;
	return rte_pktmbuf_mtod(m, void *);
}

/* rte_pktmbuf_free_bulk of one packet at least, faster where most are bare and of one pool. */
void packet_free_bulk(struct rte_mbuf **pkts, unsigned int n);

/* The session header of a packet whose data begins at its payload. */
static inline const struct session_hdr *
packet_session(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(
		m, const struct session_hdr *, -(int)sizeof(struct session_hdr));
}

/*
 * Puts a header buffer before a packet: head becomes the packet, body its rest. The caller's
 * reference to body goes to head.
 */
static inline void
packet_chain(struct rte_mbuf *head, struct rte_mbuf *body)
{
	head->next = body;
	head->nb_segs = (uint16_t)(body->nb_segs + 1);
	head->pkt_len = head->data_len + body->pkt_len;
}

#endif
