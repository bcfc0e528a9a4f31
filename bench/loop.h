/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An in-process port for benchmarks on one core: a source that hands out prepared frames, and a
 * sink that frees what it is given and prepares the frame for its next round.
 *
 * The packets of its pool come in turn, first freed first taken, so that a pool of N packets is a
 * working set of N. What a device's driver does with a received packet is done here too: its words
 * in the mbuf are written, its bytes are not touched (a device writes them by DMA). What is sent is
 * freed as a driver frees it: segment by segment, references looked at, back to the pool in bulk.
 *
 * One thread.
 */
#ifndef FERRY_BENCH_LOOP_H
#define FERRY_BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "port.h"
#include "utc.h"

#define LOOP_BURST     32
#define LOOP_HEAD_MAX  256
#define LOOP_FRAME_MAX 2048
#define LOOP_HOPS      4096  /* next hops drawn in advance, then anew */
#define LOOP_ADDRESSES 4     /* destination addresses of ingress frames */
#define LOOP_PER_PORT  25000 /* ingress UDP ports an address */
#define LOOP_INGRESS   20000 /* the first of them */
#define LOOP_SENDERS   8     /* neighbours whose frames come */

/*
 * The frames: one head that all share, then what differs from frame to frame. An offset of 0 means
 * that the frames have no such field. Offsets from the frame's start.
 */
struct loop_traffic {
	uint8_t head[LOOP_HEAD_MAX] __rte_aligned(16); /* also what a node overwrites later */
	uint16_t head_len;			       /* a multiple of 16 is written */
	uint16_t frame_len;
	uint8_t frame[LOOP_FRAME_MAX]; /* whole, as packets are filled once */
	uint64_t rx_flags;	       /* what the device says of each frame (ol_flags) */

	/* Frames come from all senders in turn. The first one's are as the head has them. */
	uint16_t link_seq_off; /* 8 bytes, one more for each frame of a sender */
	uint16_t link_node_off;
	uint16_t senders, sender_at;
	uint32_t ready; /* frames that are made and not handed out yet */
	struct {
		uint64_t link_seq;
		rte_be32_t node;
		rte_be32_t address; /* its last four bytes, if IPv6 */
		rte_be16_t ip_sum;  /* of the IPv4 header */
		uint16_t sum;	    /* to be added to udp_sum */
	} from[LOOP_SENDERS];

	uint16_t hop_off; /* first of nb_hops ids of 4 bytes, hop_step apart */
	uint16_t hop_step;
	uint16_t nb_hops;
	uint16_t hop_at;
	rte_be32_t hops[LOOP_HOPS];

	/* Sessions in an order without pattern; a round gives each its next sequence. */
	uint16_t session_off; /* of a session header */
	uint16_t ingress_off; /* UDP port; with IPv4 the address too is the session's */
	uint32_t sessions, session_step, session_at, round;
	uint32_t stamp; /* of their headers, or a little less */
	struct {
		rte_be32_t ip;
		rte_be16_t sum; /* of the IPv4 header */
	} addresses[LOOP_ADDRESSES];

	/* IPv6: the UDP checksum's sum with all the fields above zero. */
	uint16_t udp_sum_off;
	uint16_t udp_sum;
};

/* What comes now was on its way for so long, and for up to a quarter of a millisecond more. */
#define LOOP_ON_ITS_WAY_US 20000

static inline rte_be32_t
loop_stamp(const struct loop_traffic *t)
{
	return rte_cpu_to_be_32(t->stamp - (t->session_at * 41 + t->round * 97) % 256);
}

struct loop {
	struct port port;
	struct rte_mempool *pool;
	struct loop_traffic *traffic;
	const struct utc_map *utc; /* for stamps of session headers; NULL: these stay */
	uint32_t packets;	   /* of the pool */
	bool plain; /* what is sent is put back at once: the cost of the loop itself */

	struct rte_mbuf *ahead[LOOP_BURST]; /* handed out next; none with one burst in all */
	uint16_t nb_ahead;
	/*
	 * Frames are made ready as they are handed out: for who frees packets without sending them.
	 */
	bool late;

	uint64_t sent; /* packets given to the sink */
	/* Looks at what is sent before it is freed; for checks, NULL while measuring. */
	void (*look)(void *arg, struct rte_mbuf *m);
	void *look_arg;
};

/*
 * A pool of so many packets (LOOP_BURST, or at least twice that). Ends the program when memory is
 * short.
 */
void loop_init(struct loop *loop, const char *name, uint32_t packets);
void loop_free(struct loop *loop);

/* All packets of the pool get this traffic's frames. The traffic stays the caller's. */
void loop_set(struct loop *loop, struct loop_traffic *traffic);

/* True if all packets are back in the pool. */
bool loop_is_whole(const struct loop *loop);

#endif
