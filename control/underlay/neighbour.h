/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbours that somebody needs (peers, gateways, egress targets) and their MAC addresses, for
 * ARP and IPv6 neighbour discovery alike. A state machine close to RFC 4861, 7.3; what it sends and
 * tells goes through the owner's functions. Control thread; `now` is monotonic nanoseconds.
 *
 * A node that stood still for a while (a virtual machine that was paused) keeps what it knew and
 * asks: as long it could hear no answer, so that nobody fails by it.
 *
 * Nothing that arrives makes an entry: only neighbour_need() does. Addresses of strangers leave no
 * trace here.
 */
#ifndef FERRY_NEIGHBOUR_H
#define FERRY_NEIGHBOUR_H

#include <sys/queue.h>

#include <rte_ether.h>

#include "rng.h"
#include "underlay_addr.h"

#define NEIGHBOUR_PORTS_MAX 64
#define NEIGHBOUR_NEVER	    UINT64_MAX

enum neighbour_state {
	NEIGHBOUR_INCOMPLETE, /* no MAC yet; asked by broadcast: at 0, 0.2, 0.5, 1 and 2 s */
	NEIGHBOUR_REACHABLE,  /* it answered within the last 8 to 12 s */
	NEIGHBOUR_PROBE,      /* MAC in use, asked at it: three times, a second apart */
	NEIGHBOUR_SEARCH,     /* silent; the MAC stays in use, asked by broadcast as at first */
	NEIGHBOUR_FAILED,     /* no MAC; asked again for ever, 1, 2, 4, then 5 s apart */
	NEIGHBOUR_N_STATES
};

enum neighbour_event {
	NEIGHBOUR_RESOLVED,
	NEIGHBOUR_RESOLVED_AGAIN,   /* after it had failed */
	NEIGHBOUR_CHANGED,	    /* another MAC; `old` is the one before */
	NEIGHBOUR_SILENT,	    /* REACHABLE to SEARCH: does not answer, its MAC stays in use */
	NEIGHBOUR_ANSWERS_AGAIN,    /* SEARCH to REACHABLE, the same MAC */
	NEIGHBOUR_UNRESOLVED,	    /* just failed */
	NEIGHBOUR_STILL_UNRESOLVED, /* a minute later, and each minute */
};

struct neighbour {
	LIST_ENTRY(neighbour) chain;
	struct underlay_addr addr;
	unsigned int port;
	unsigned int refs;
	enum neighbour_state state;
	bool has_mac; /* it may be sent to */
	struct rte_ether_addr
		mac;	      /* the last known one, even without has_mac; zero if never known */
	unsigned int asked;   /* requests sent in this state */
	unsigned int changes; /* how often the MAC was replaced by another */
	uint64_t due;	      /* when it wants neighbour_tick() */
	uint64_t since;	      /* when it came to this state */
	uint64_t changed_at;  /* meaningful if changes > 0 */
	uint64_t told_at;     /* when UNRESOLVED was last told */
};

struct neighbour_ops {
	void *ctx;
	/*
	 * Ask for the neighbour's MAC: by broadcast or multicast if at is NULL, else at that MAC.
	 */
	void (*solicit)(void *ctx, const struct neighbour *n, const struct rte_ether_addr *at);
	/* n->has_mac or n->mac became another: publish it. May call need(), not release(). */
	void (*changed)(void *ctx, const struct neighbour *n);
	/*
	 * Do our packets arrive there, as answers to them tell (RFC 4861, 7.3.1)? Then it does not
	 * fail, though it leaves requests unanswered for a while. May be NULL: nobody knows.
	 */
	bool (*alive)(void *ctx, const struct neighbour *n);
	/* For the log. old: NULL but for CHANGED. */
	void (*event)(void *ctx, enum neighbour_event event, const struct neighbour *n,
		const struct rte_ether_addr *old);
};

#define NEIGHBOUR_BUCKETS 256

struct neighbour_table {
	struct neighbour_ops ops;
	struct rng rng;	   /* for jitter */
	uint64_t next_due; /* no entry is due earlier */
	uint64_t ports_up; /* bit mask */
	unsigned int turn; /* bucket with which the next tick begins */
	LIST_HEAD(neighbour_chain, neighbour) buckets[NEIGHBOUR_BUCKETS];
};

void neighbour_init(struct neighbour_table *table, const struct neighbour_ops *ops, uint64_t seed);

/* Frees all entries, needed or not; tells nobody. */
void neighbour_fini(struct neighbour_table *table);

/*
 * Somebody needs this neighbour; each call is undone by one neighbour_release(). The entry is made
 * and asked for (by the next tick) if it is new. NULL: out of memory. port < NEIGHBOUR_PORTS_MAX.
 */
struct neighbour *neighbour_need(struct neighbour_table *table, uint64_t now, unsigned int port,
	const struct underlay_addr *addr);
void neighbour_release(struct neighbour_table *table, struct neighbour *n);

/* NULL if nobody needs it. */
struct neighbour *
neighbour_find(struct neighbour_table *table, unsigned int port, const struct underlay_addr *addr);

/* Walks over all, in no order: the first for NULL, NULL after the last. */
struct neighbour *neighbour_next(struct neighbour_table *table, const struct neighbour *n);

/*
 * A port came up or went down (it is down at first). While it is down nothing is asked for and
 * nothing fails, and known MACs stay; once up again every neighbour of it is asked for at once.
 */
void neighbour_port(struct neighbour_table *table, uint64_t now, unsigned int port, bool up);

enum neighbour_verdict {
	NEIGHBOUR_STRANGER, /* nobody needs it */
	NEIGHBOUR_TAKEN,
	NEIGHBOUR_KEPT, /* may not replace the MAC that is known; or says nothing new to use */
};

/*
 * What a frame says about a neighbour. mac: valid, not a group address and not the port's own; or
 * NULL if it says none. answer: sent to us alone, as the answer to a request (it is believed as one
 * only if one was sent). override: it may replace a known MAC. A replaced MAC that was not an
 * answer is used at once and probed. A second change within a second is not believed: both MACs
 * may be in use, and the table asks who answers after that second.
 */
enum neighbour_verdict neighbour_learn(struct neighbour_table *table, uint64_t now,
	unsigned int port, const struct underlay_addr *addr, const struct rte_ether_addr *mac,
	bool answer, bool override);

/*
 * Does what is due; returns when it wants to be called next (NEIGHBOUR_NEVER: not before another
 * function here was called). Cheap when nothing is due. At most 32 requests a call.
 */
uint64_t neighbour_tick(struct neighbour_table *table, uint64_t now);

/* "incomplete", "reachable", "probe", "search", "failed" */
const char *neighbour_state_name(enum neighbour_state state);

/* An event as a sentence for the log; port is the port's name. Returns buf. */
const char *neighbour_event_text(enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old, const char *port, char *buf, size_t len);

#endif
