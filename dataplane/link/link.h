/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A link: the connection to one neighbour over a port. Its sending state belongs to one worker (the
 * owner, fixed when the link is made), its receiving state to the worker on whose queue its
 * datagrams arrive (the first to see one claims it). The control thread makes links, publishes
 * their prepared headers, and reads their counters.
 */
#ifndef FERRY_LINK_H
#define FERRY_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_prefetch.h>
#include <rte_ring.h>

#include "address.h"
#include "counters.h"
#include "drop.h"
#include "event_limit.h"
#include "feeder_drr.h"
#include "frame.h"
#include "link_head.h"
#include "link_head6.h"
#include "liveness.h"
#include "pacer.h"
#include "port.h"
#include "seq_behind.h"
#include "seq_window.h"
#include "tfrc_receiver.h"
#include "tfrc_sender.h"
#include "timer_wheel.h"
#include "tx_account.h"

#define LINK_WINDOW   1024
#define LINK_NO_OWNER UINT16_MAX

/* A link that was silent for so long takes any epoch. */
#define LINK_SILENCE_NS UINT64_C(2000000000)

/*
 * What is too old for so long begins the window anew. Where the underlay takes another way, what
 * the old one still brings comes in bursts between what is new, and for less.
 */
#define LINK_BEHIND_NS UINT64_C(100000000)

struct tx_buffer;

/* How a link's DATA is paced. */
enum link_pacing {
	LINK_PACING_NONE,
	LINK_PACING_RATE,
	LINK_PACING_TFRC,
	LINK_PACING_TFRC_SP,
};

/* Written by the link's owner only. */
struct link_tx {
	/* One cache line for each DATA packet. */
	uint64_t seq;	  /* the next DATA sequence */
	uint64_t packets; /* DATA taken by the port */
	uint64_t bytes;	  /* of UDP payload */
	rte_be32_t rtt;	  /* our estimate, microseconds; 0 = none yet */
	bool held;	  /* packets wait for their time, or the nofeedback timer for a packet */
	struct pacer pacer;

	uint64_t seq_control;	/* the next sequence of all other types */
	uint64_t control;	/* datagrams of other types taken by the port */
	uint64_t drops;		/* by the owner, on the way to this link */
	uint64_t oversize;	/* of these, larger than the port's MTU */
	uint64_t oversize_last; /* bytes of the last one's UDP payload */
	uint64_t flattened;	/* copied into one piece for a port that sends no chains */
};

static_assert(offsetof(struct link_tx, pacer.rate) <= 64, "one cache line");

/*
 * Written by the worker that owns the receiving side only. A packet in order touches a head's line
 * and the one that begins with the highest sequence.
 */
struct link_rx {
	struct link_head head; /* of a frame in order that need be told to nobody; else forgotten */

	uint16_t epoch;	      /* of the neighbour */
	bool heard;	      /* an epoch was taken */
	bool reports;	      /* the neighbour is told how its DATA arrives */
	uint64_t lost_before; /* missing in epochs that ended */
	struct seq_window window;

	uint64_t packets;	   /* DATA accepted */
	uint64_t bytes;		   /* of UDP payload, of these */
	uint64_t heard_at;	   /* last accepted datagram, ns */
	rte_be32_t rtt;		   /* the neighbour's estimate, microseconds, as it came */
	rte_be32_t stamp;	   /* of the last DATA that came in order, as it came */
	struct tfrc_receiver tfrc; /* used if reports; see link_tfrc_catch_up */

	uint64_t control; /* FEEDBACK and PROBE accepted */
	uint64_t reordered;
	uint64_t duplicates;
	uint64_t epochs; /* taken, the first one too; and beginnings anew */

	struct seq_behind behind; /* of window */

	uint64_t bits[LINK_WINDOW / 64];

	struct link_head6 head6 __rte_cache_aligned; /* as head, over IPv6 */
};

static_assert(sizeof(struct link_head) == RTE_CACHE_LINE_SIZE, "one line");
static_assert(offsetof(struct link_rx, window.highest) == 2 * RTE_CACHE_LINE_SIZE &&
		      offsetof(struct link_rx, tfrc) <= 3 * RTE_CACHE_LINE_SIZE,
	"one line more for a packet in order");

/* What a packet in order touches but for its head, on the way to the cache. */
static inline void
link_rx_prefetch(const struct link_rx *rx)
{
	rte_prefetch0(&rx->window.highest);
}

/* Packets of a paced link that wait for their time; written by the link's owner only. */
struct link_feeder {
	struct feeder_drr drr;
	struct timer timer;	   /* runs while packets wait */
	struct event_limit events; /* of congestion */
};

/* Rate control; written by the link's owner only. */
struct link_tfrc {
	struct tfrc_sender sender;
	struct timer timer; /* the nofeedback timer */
	bool asleep;	    /* it waits for a packet */
	uint64_t ignored;   /* reports that could not be true, or came too late */
};

struct link {
	/* One cache line for each packet that comes or goes; most is constant once published. */
	uint32_t node_id;
	uint16_t index;	   /* among the node's links */
	uint16_t owner;	   /* worker that sends */
	uint16_t direct;   /* the owner while nothing may have to wait, else LINK_NO_OWNER */
	uint16_t rx_owner; /* claimed once by a worker */
	uint8_t pacing;	   /* enum link_pacing */
	uint8_t local;	   /* our address on the port, an index */
	struct port *port;
	struct tx_buffer *out; /* the owner's, of the port */
	/* Published by the control thread; NULL while the neighbour is not resolved. */
	const struct frame_template *header;
	struct rte_ring *ring; /* from other workers to the owner; NULL with one worker */
	struct address remote;

	struct tx_account data, control; /* of tx below: DATA, all other types */
	uint16_t udp_port;		 /* the neighbour's, host order */
	uint16_t epoch;			 /* of what we send */

	uint64_t probe_interval; /* ns, the control thread's wish; 0 = no probes */

	uint64_t ring_drops_before; /* of those who had its index before; the control thread's */

	struct link_tx tx __rte_cache_aligned;
	struct link_rx rx __rte_cache_aligned;
	struct link_feeder feeder;
	struct link_tfrc tfrc;

	struct timer feedback; /* of the next report; the receiving worker's */

	/* The owner's: does the neighbour live? Its rtt is the one estimate of the link's. */
	struct liveness live __rte_cache_aligned;
	struct timer probe; /* of the next probe */
};

static inline const struct frame_template *
link_header(const struct link *link)
{
	return __atomic_load_n(&link->header, __ATOMIC_ACQUIRE);
}

/* Whenever a queue of the link's feeder begins or ends, or tfrc.asleep changes. */
static inline void
link_note_held(struct link *link)
{
	link->tx.held = link->feeder.drr.packets > 0 || link->tfrc.asleep;
}

/* The next datagram takes the general path: its owner is to look at it. */
static inline void
link_forget_heads(struct link_rx *rx)
{
	link_head_forget(&rx->head);
	link_head6_forget(&rx->head6);
}

/* DATA packets of the neighbour that did not come, all epochs; any thread. */
static inline uint64_t
link_lost(const struct link_rx *rx)
{
	return counter_read(&rx->lost_before) + counter_read(&rx->window.missing);
}

#endif
