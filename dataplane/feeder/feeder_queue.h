/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait on one worker for its links: a queue for each link and conference, found by
 * both, in which those of delay-sensitive sessions go first. Queues and places for packets come
 * from arrays of a fixed size, made with the node: nothing is allocated while it runs. A queue
 * without packets keeps its counters until another needs its place; the one that is empty longest
 * goes first.
 *
 * The worker's own. The control thread may read counters and gauges (counter_read).
 */
#ifndef FERRY_FEEDER_QUEUE_H
#define FERRY_FEEDER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define FEEDER_NONE UINT32_MAX

#define FEEDER_PRIORITIES   8 /* 0 to 7; the higher goes first */
#define FEEDER_WEIGHT_MAX   256
#define FEEDER_PRIORITY	    3	    /* of a conference that is not configured, */
#define FEEDER_WEIGHT	    1	    /* its weight, */
#define FEEDER_LIMIT	    512	    /* packets of one queue, */
#define FEEDER_LIMIT_BYTES  1048576 /* of UDP payload, */
#define FEEDER_LIMIT_AGE_MS 1000

/* How a conference is treated, and how long each of its queues may be. */
struct feeder_terms {
	uint8_t priority;
	uint16_t weight;  /* 1 to FEEDER_WEIGHT_MAX */
	uint32_t packets; /* at most */
	uint32_t bytes;
	uint64_t age; /* ns; what waited longer is not sent */
};

static inline struct feeder_terms
feeder_terms_default(void)
{
	return (struct feeder_terms){.priority = FEEDER_PRIORITY,
		.weight = FEEDER_WEIGHT,
		.packets = FEEDER_LIMIT,
		.bytes = FEEDER_LIMIT_BYTES,
		.age = FEEDER_LIMIT_AGE_MS * UINT64_C(1000000)};
}

/* A packet that waits. */
struct feeder_entry {
	struct rte_mbuf *m;
	uint64_t since; /* ns */
	uint32_t bytes; /* of UDP payload */
	uint32_t next;
};

struct feeder_fifo {
	uint32_t first, last;
};

/* Two cache lines, so that many conferences fit a cache. */
struct feeder_queue {
	uint32_t conference;
	uint16_t link;	     /* index */
	bool used;	     /* the two above are somebody's */
	uint32_t chain;	     /* the next queue of this bucket */
	uint32_t next, prev; /* in the round of its class; without packets: idle list */
	uint32_t packets;
	struct feeder_fifo fifos[2]; /* delay-sensitive ones in the first */
	uint64_t bytes;
	uint32_t deficit;	/* bytes that it may still send in this turn */
	uint32_t terms_version; /* of the node's, when terms were looked up */
	struct feeder_terms terms;

	uint64_t taken, sent;
	uint64_t drops;	      /* found it full */
	uint64_t expired;     /* waited too long */
	uint64_t event_at;    /* when congestion was told last; 0 = never */
	uint64_t event_drops; /* so many of drops and expired were told */
} __attribute__((aligned(128)));

/*
 * A queue's place among those of its link: a ring, whose head is the link's own place. Not in the
 * queue itself, for it changes only when a queue becomes another's.
 */
struct feeder_sibling {
	uint32_t next, prev;
};

struct feeder_pool {
	struct feeder_queue *queues;
	struct feeder_entry *entries;
	struct feeder_sibling *siblings; /* of each queue, then of each link */
	uint32_t *buckets;
	uint32_t nb_queues, nb_entries;
	uint32_t shift;			/* 64 - log2(buckets) */
	uint64_t odd;			/* hash_own's: conferences are what neighbours say */
	uint32_t idle_first, idle_last; /* queues without packets, the longest empty first */
	uint32_t idle;			/* so many */
	uint32_t free_entry;
	uint32_t packets; /* waiting in all queues */
};

/*
 * Places for so many links, by index, queues and packets (any may be 0); random: a number that
 * nobody knows. 0, or -ENOMEM.
 */
int feeder_pool_init(struct feeder_pool *pool, uint16_t links, uint32_t queues, uint32_t packets,
	uint64_t random);

/* Frees what still waits, too. */
void feeder_pool_free(struct feeder_pool *pool);

/* Bytes of memory that feeder_pool_init takes, but for the few of each link. */
uint64_t feeder_pool_bytes(uint32_t queues, uint32_t packets);

static inline uint32_t
feeder_pool_free_places(const struct feeder_pool *pool)
{
	return pool->nb_entries - pool->packets;
}

/* Some queue of a link; NULL: it has none. */
struct feeder_queue *feeder_queue_of_link(const struct feeder_pool *pool, uint16_t link);

/* The queue of a conference on a link; NULL: there is none. */
struct feeder_queue *
feeder_queue_find(const struct feeder_pool *pool, uint16_t link, uint32_t conference);

/* The same, made if there is none; NULL: no queue is free. A new one has no terms yet. */
struct feeder_queue *feeder_queue_get(struct feeder_pool *pool, uint16_t link, uint32_t conference);

/*
 * Appends a packet; false: no place is free. A queue that had none is out of the idle list now, and
 * belongs into the round of its class.
 */
bool feeder_queue_push(struct feeder_pool *pool, struct feeder_queue *q, struct rte_mbuf *m,
	uint32_t bytes, bool urgent, uint64_t now);

/* The packet that goes next; the queue has one. */
static inline const struct feeder_entry *
feeder_queue_head(const struct feeder_pool *pool, const struct feeder_queue *q)
{
	return &pool->entries[q->fifos[q->fifos[0].first == FEEDER_NONE].first];
}

/* Takes that packet out. */
struct rte_mbuf *feeder_queue_pop(struct feeder_pool *pool, struct feeder_queue *q);

/* A queue without packets, out of every round, goes to the end of the idle list. */
void feeder_queue_rest(struct feeder_pool *pool, struct feeder_queue *q);

/* Forgets a queue that rests: its place is the first to be used again. */
void feeder_queue_forget(struct feeder_pool *pool, struct feeder_queue *q);

static inline uint32_t
feeder_queue_index(const struct feeder_pool *pool, const struct feeder_queue *q)
{
	return (uint32_t)(q - pool->queues);
}

#endif
