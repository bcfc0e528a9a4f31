/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated wire: two ports and a full-duplex line between them, in virtual time. Each direction
 * (lane) has a rate, a propagation delay, a queue that drops or marks, and impairments.
 *
 * A frame under way is bytes in the wire's own memory, of no node's pool; on arrival it is copied
 * into a packet of the receiver's pool, and lost (WIRE_NO_BUFFER) if there is none, as with a
 * device that has no descriptor filled. Memory is allocated at set-up only. One thread turns both
 * ends. Times in nanoseconds of the `now` that the ports' functions are given.
 *
 * Whoever sets a log hook sees every frame: WIRE_SENT once for what a port took, and then for each
 * copy (two if WIRE_DUPLICATED says so) exactly one of the other events, except that a copy still
 * under way has none yet, and that WIRE_MARKED comes besides.
 */
#ifndef FERRY_WIRE_PORT_H
#define FERRY_WIRE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "impair.h"
#include "port.h"

#define WIRE_EVENTS(X)                                                                             \
	X(SENT)	      /* taken from a port */                                                      \
	X(DUPLICATED) /* comes twice */                                                            \
	X(MARKED)     /* marked congestion experienced (RFC 3168) */                               \
	X(DELIVERED)  /* received by a port */                                                     \
	X(LOST)	      /* lost, by itself */                                                        \
	X(LOST_BURST) /* lost in a burst */                                                        \
	X(QUEUE_FULL) /* found the queue full */                                                   \
	X(CUT)	      /* sent into a wire that is cut */                                           \
	X(UNPLUGGED)  /* arrived where no node was */                                              \
	X(NO_BUFFER)  /* arrived where no buffer was free, or none large enough */                 \
	X(OVERSIZE)   /* larger than the wire carries */                                           \
	X(CHAIN)      /* several segments from a port that sends none */

#define WIRE_EVENT_ENUM(name) WIRE_##name,
enum wire_event {
	WIRE_EVENTS(WIRE_EVENT_ENUM) WIRE_EVENT_COUNT
};
#undef WIRE_EVENT_ENUM

const char *wire_event_name(enum wire_event event);

struct wire;

struct wire_log {
	const struct wire *wire;
	enum wire_event event;
	uint8_t to;	      /* end that the frame goes to, 0 or 1 */
	uint16_t queue;	      /* of the receiving port; events on arrival */
	uint64_t now;	      /* DELIVERED and UNPLUGGED: when it was due */
	uint64_t serial;      /* of the frame in its lane; a duplicate has its own */
	const uint8_t *frame; /* as it lies in the wire; NULL for OVERSIZE */
	uint32_t len;
};

typedef void (*wire_log_fn)(void *arg, const struct wire_log *log);

struct wire_lane_params {
	uint64_t rate;	/* bit/s of frames as the port gives them; 0 = no limit */
	uint64_t delay; /* ns from the last bit sent to arrival */
	uint32_t queue; /* bytes that may wait to be sent; 0 = no limit; only with a rate */
	uint32_t mark;	/* bytes waiting from which ECN-capable frames are marked; 0 = never */
	bool push_back; /* what the queue has no room for stays with the sender */
	struct impair_params impair;
};

struct wire_end_params {
	uint16_t rx_queues, tx_queues; /* 1 to PORT_QUEUES_MAX */
	uint16_t mtu;
	uint32_t offloads; /* PORT_*, which the end then does as a device would */
	/*
	 * With PORT_RX_UDP_CHECKSUM: as a virtual device whose peers leave it to the next card to
	 * compute UDP checksums, so that right ones arrive unfinished, and it says so.
	 */
	bool partial;
};

struct wire_params {
	struct wire_end_params ends[2];
	struct wire_lane_params lanes[2]; /* [i] leads to end i */
	uint32_t frames;		  /* under way at most in each lane */
	uint32_t frame_bytes;		  /* largest frame */
	uint64_t seed;
	wire_log_fn log; /* NULL = none */
	void *log_arg;
};

/* NULL when memory is short or a parameter is out of its range. */
struct wire *wire_new(const struct wire_params *params);
void wire_free(struct wire *wire);

/*
 * The port at an end. The wire filled what a driver fills; the caller sets addresses, MAC, name,
 * VLAN and UDP port, and gives it to a node.
 */
struct port *wire_port(struct wire *wire, uint8_t end);

/*
 * A node is there to receive, into packets of this pool, from now on; what came before is gone
 * (WIRE_UNPLUGGED). NULL: no node is there any more.
 */
void wire_plug(struct wire *wire, uint8_t end, struct rte_mempool *pool, uint64_t now);

/* A cut wire loses all that is sent (WIRE_CUT); what is under way still arrives. */
void wire_cut(struct wire *wire, bool cut);

/* Other properties from now on, for what is not yet sent. */
void wire_set_lane(struct wire *wire, uint8_t to, const struct wire_lane_params *params);

/* When the next frame arrives at an end, at any of its queues; UINT64_MAX if none is under way. */
uint64_t wire_next(const struct wire *wire, uint8_t end);

/* How often an event happened in the lane to an end. */
uint64_t wire_count(const struct wire *wire, uint8_t to, enum wire_event event);

/* Any number the owner wants to find a wire again by. */
void wire_set_tag(struct wire *wire, uint32_t tag);
uint32_t wire_tag(const struct wire *wire);

#endif
