/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slow-path underlay of a node: the ports' cards have left the kernel, so the node itself
 * answers ARP, neighbour discovery, multicast listener queries and ping, and finds the MAC
 * addresses of its neighbours and gateways. Frames in and frames out are plain bytes, `now` is
 * monotonic nanoseconds, no clock is read, nothing blocks. Control thread only.
 *
 * A frame that a worker could not use is handed to underlay_input(). After each call here that
 * takes `now`, call underlay_tick() and wait no longer than until the time that it returns.
 *
 * Limits, on purpose: no neighbour entries for strangers (they are answered at the MAC from which
 * they ask), no router advertisements, no redirects, no answer to fragments or to pings sent to a
 * broadcast or multicast address.
 */
#ifndef FERRY_UNDERLAY_H
#define FERRY_UNDERLAY_H

#include "neighbour.h"
#include "token_bucket.h"
#include "underlay_counters.h"
#include "underlay_if.h"
#include "underlay_route.h"

#define UNDERLAY_PORTS_MAX NEIGHBOUR_PORTS_MAX

struct underlay_ops {
	void *ctx;
	/*
	 * The MAC of a needed neighbour is known, was replaced, or (n->has_mac false) is no longer:
	 * publish link headers. It may call underlay_need(), not underlay_release().
	 */
	void (*changed)(void *ctx, const struct neighbour *n);
	/* As of struct neighbour_ops; may be NULL. */
	bool (*alive)(void *ctx, const struct neighbour *n);
	/* priority: LOG_INFO or LOG_WARNING of syslog.h; text: one line without its end */
	void (*log)(void *ctx, int priority, const char *text);
};

/* What a port is doing; its configuration is beside it in underlay.ports. */
struct underlay_port_state {
	bool up;
	unsigned int announcements; /* still to send */
	uint64_t announce_due;
	uint64_t mld_due;	/* answer to a multicast listener query; NEIGHBOUR_NEVER: none */
	uint64_t defended_at;	/* meaningful if conflicts > 0 */
	uint64_t conflict_told; /* meaningful if conflicts > 0 */
	uint64_t conflicts;
};

struct underlay {
	struct underlay_ops ops;
	unsigned int n_ports;
	struct underlay_if ports[UNDERLAY_PORTS_MAX];
	struct underlay_port_state state[UNDERLAY_PORTS_MAX]; /* as ports */
	struct neighbour_table neighbours;
	struct token_bucket echo_bucket; /* a reply is one token */
	uint64_t next_due;		 /* of the ports' timers; the neighbours have their own */
	uint64_t frames_in;
	uint64_t counters[UNDERLAY_N_COUNTERS];
};

/* A frame that came in, its Ethernet header taken apart; l3 has alignment 2. */
struct underlay_rx {
	uint64_t now;
	unsigned int slot; /* in underlay.ports */
	const struct underlay_if *port;
	struct rte_ether_addr dst, src;
	const uint8_t *l3;
	size_t l3_len;
};

void underlay_init(struct underlay *u, const struct underlay_ops *ops, uint64_t seed);
void underlay_fini(struct underlay *u);

/*
 * Adds a port, which is down at first. index < UNDERLAY_PORTS_MAX, used once. Returns NULL, or what
 * is wrong with it (static text).
 */
const char *underlay_add_port(struct underlay *u, const struct underlay_if *port);

/* NULL if there is none of this index. */
const struct underlay_if *underlay_port(const struct underlay *u, unsigned int index);

/* How often another host claimed an address of this port; 0 if there is none of this index. */
uint64_t underlay_conflicts(const struct underlay *u, unsigned int index);

/*
 * The port came up or went down. Up: its addresses are announced (twice, 2 s apart) and its
 * neighbours asked for. Down: nothing is sent by it, what arrives by it is ignored.
 */
void underlay_set_up(struct underlay *u, uint64_t now, unsigned int index, bool up);

/*
 * How to reach dst (see underlay_route()), and that somebody needs the next hop, which is released
 * once for each success. 0, an error of underlay_route(), or -ENOMEM.
 */
int underlay_need(struct underlay *u, uint64_t now, int only_port, const struct underlay_addr *dst,
	struct underlay_hop *hop, struct neighbour **neighbour);
void underlay_release(struct underlay *u, struct neighbour *neighbour);

/*
 * One frame, without its FCS, as it arrived by the port of this index; the bytes may change under
 * our hands (they are copied before they are looked at).
 */
void underlay_input(
	struct underlay *u, uint64_t now, unsigned int index, const uint8_t *frame, size_t len);

/* Does what is due and returns when it wants to be called next, at the latest. */
uint64_t underlay_tick(struct underlay *u, uint64_t now);

/* For the parts of the underlay. Another host (at mac) claims one of our addresses. */
void underlay_conflict(struct underlay *u, const struct underlay_rx *rx,
	const struct underlay_addr *addr, const struct rte_ether_addr *mac);

#endif
