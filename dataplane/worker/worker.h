/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one polling lcore and all that it owns. worker_poll is one step of a machine that takes
 * the time as its argument; the loop that reads the clock, and sleeps when there is nothing to do,
 * is worker_loop.
 */
#ifndef FERRY_WORKER_H
#define FERRY_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "counters.h"
#include "doorbell.h"
#include "event.h"
#include "feeder_queue.h"
#include "link.h"
#include "observe.h"
#include "packet.h"
#include "port.h"
#include "rng.h"
#include "stranger.h"
#include "timer_wheel.h"
#include "utc.h"

#define WORKERS_MAX	  16
#define WORKER_PORTS_MAX  16
#define WORKER_QUEUES_MAX 64

#define TX_BUFFER_SIZE 64

struct node;
struct recode_store;
struct worker;

/*
 * Something the control thread asks an owner to do: called in the worker's own turn, then done is
 * set. The asker keeps the request until then.
 */
struct worker_request {
	void (*perform)(struct worker *w, struct worker_request *request);
	void *object;
	bool done; /* written by the worker, release; read by the control thread, acquire */
};

/* Packets on their way to one port's queue, sent together at the end of a turn or when full. */
struct tx_buffer {
	struct port *port;
	uint16_t queue;
	uint16_t n;
	uint16_t delivered; /* so many of n are a destination's egress */
	struct rte_mbuf *pkts[TX_BUFFER_SIZE];
	const struct tx_account *accounts[TX_BUFFER_SIZE]; /* whose they are */
};

struct rx_queue {
	struct port *port;
	uint16_t queue;
};

/* Packets of this turn for links of other workers, by next hop: lists without sorting. feeder.h */
#define OUTBOX_MAX  512
#define OUTBOX_NONE UINT16_MAX

struct outbox {
	uint16_t n;
	uint16_t nb_links;
	uint16_t *last_of; /* by link index: last entry, or OUTBOX_NONE */
	struct link *links[OUTBOX_MAX];
	struct {
		struct rte_mbuf *m;
		uint16_t next; /* circular: the last entry's next is the first */
	} entries[OUTBOX_MAX];
};

struct worker {
	struct node *node;
	uint16_t index;
	uint16_t nb_rx;
	struct rte_mempool *pool;	 /* whole packets */
	struct rte_mempool *header_pool; /* headers of copies */

	/* Of this turn. */
	uint64_t now;	   /* ns */
	uint32_t utc_us;   /* UTC microseconds modulo 2^32 */
	rte_be32_t stamp;  /* the same, for headers */
	uint32_t progress; /* packets, requests and timers dealt with */

	struct utc_map utc;
	uint32_t utc_version;

	struct rx_queue rx[WORKER_QUEUES_MAX];
	struct tx_buffer *tx[WORKER_PORTS_MAX]; /* by port index; NULL = no queue there */
	struct outbox outbox;
	struct feeder_pool feeders;  /* packets that wait for links of ours */
	struct recode_store *recode; /* generations that are recoded; NULL: none ever */

	struct worker_counters counters;
	uint64_t *ring_drops; /* by link index: drops at that next hop's ring */
	struct worker_load load;

	struct timer_wheel wheel;
	struct rng rng;

	/* From others. */
	struct doorbell bell;	   /* links of ours whose ring was filled */
	struct rte_ring *handover; /* other workers: multi-producer */
	struct rte_ring *inject;   /* control thread: frames to send, as they are */
	struct rte_ring *mailbox;  /* control thread: requests */
	/* To the control thread: PACKET_FRAME; what happened (event.h). */
	struct rte_ring *punt;
	struct rte_ring *events;
	uint64_t events_lost; /* found no room there */
	struct event_limit congestion;
	struct stranger_watch strangers;

	bool stop;	/* written by the control thread */
	bool may_sleep; /* constant */

	/* Of one that may sleep (idle_wait.h). */
	int wake_fd;   /* an eventfd; -1: none */
	bool asleep;   /* written by the worker; read by the control thread */
	bool answered; /* has done what a request asks for, and the control thread is not told */
} __rte_cache_aligned;

/* One turn. Returns how much there was to do; 0 = idle. */
uint32_t worker_poll(struct worker *w, uint64_t now);

/* Turns until w->stop; the lcore's main function (arg = struct worker). */
int worker_loop(void *arg);

static inline void
worker_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	w->counters.drops[reason]++;
	rte_pktmbuf_free(m);
}

void
worker_drop_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n, enum drop_reason reason);

/*
 * Gives a packet to another worker's handover ring (kind, index and key as struct packet_meta
 * says), or drops it by name; DATA leaves some room there for all else. Pointers do not travel:
 * what they point to may be freed while a packet waits.
 */
void worker_handover(struct worker *w, uint16_t to, struct rte_mbuf *m, enum packet_kind kind,
	uint16_t index, uint64_t key);

/* Does this worker poll a queue of the port; does it send on it? */
bool worker_receives_on(const struct worker *w, const struct port *port);

static inline bool
worker_sends_on(const struct worker *w, const struct port *port)
{
	return w->tx[port->index] != NULL;
}

/* The buffer for what this worker sends on a port, NULL when it has no queue there. */
static inline struct tx_buffer *
worker_tx(struct worker *w, const struct port *port)
{
	return w->tx[port->index];
}

#endif
