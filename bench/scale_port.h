/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In-process ports for several threads: each is a source of prepared frames and a sink. A packet
 * that one port's source hands out may end in another's sink, on another core; packets are taken
 * from and freed to their pool as a driver does, with the lcore's cache.
 *
 * Source: as many as are asked for, at most `burst`, at most what `rate` makes due, while the pool
 * has some. A pool without packets is what holds back a source whose packets wait elsewhere, so a
 * ring that can hold the whole pool never overflows.
 *
 * Receiving and sending are each one thread's; the counters are their own.
 */
#ifndef FERRY_BENCH_SCALE_PORT_H
#define FERRY_BENCH_SCALE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "bench_node.h"
#include "frames.h"
#include "port.h"
#include "relay_latency.h"
#include "tsc.h"
#include "utc.h"

#define SCALE_BURST 32

/* What differs from frame to frame beside what frames.h makes. */
struct scale_traffic {
	struct loop_traffic frames;
	uint32_t conference_sessions; /* sessions of a conference; the next begins after so many */
};

/* The time of day that nodes and time stamps go by. */
static const struct utc_map scale_utc = {.utc0_ns = BENCH_NODE_UTC0};

struct scale_port {
	struct port port;
	struct rte_mempool *pool;
	struct scale_traffic *traffic; /* NULL: nothing comes */
	uint32_t packets;	       /* of the pool */
	uint16_t burst;		       /* that one call hands out at most */
	uint64_t link_seq;	       /* of the next frame, whatever its traffic */

	/* Paced, if rate is not 0: packets a second, by `now`. */
	uint64_t rate;
	uint64_t due;  /* ns: of the next packet; 0: now, whenever that is */
	uint64_t late; /* packets that were due and never handed out, for nobody came for so long */

	/* With it, each packet carries when it was due, and the sink says how long it took. */
	const struct tsc_clock *clock;
	struct relay_latency *latency;

	/*
	 * With it: TSC as the source last handed packets out, and as the sink was first called
	 * since.
	 */
	bool marks;
	uint64_t left_at, back_at;

	uint64_t given __rte_cache_aligned; /* by the source's thread */
	uint64_t taken __rte_cache_aligned; /* by the sink's thread */
} __rte_cache_aligned;

/*
 * A port with a pool of so many packets, index i of its node. Ends the program if memory is short.
 */
void scale_port_init(struct scale_port *port, uint16_t i, uint32_t packets);
void scale_port_free(struct scale_port *port);

/* Traffic for it; all packets are in the pool and get its frames. It stays the caller's. */
void scale_port_set(struct scale_port *port, struct scale_traffic *traffic);

/*
 * So many a second from when the source is next asked: what its thread needs to start is nobody's
 * delay. 0 = as many as are asked for.
 */
void scale_port_pace(struct scale_port *port, uint64_t rate);

#endif
