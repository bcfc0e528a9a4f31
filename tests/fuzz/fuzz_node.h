/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole node for fuzz targets: two workers, ports in memory with two queues each, turned by hand.
 * What leaves is read byte for byte and must be a frame of its port's, its lengths and checksums
 * right; each worker's sums hold after each of its turns; whatever does not hold ends the process.
 */
#ifndef FERRY_FUZZ_NODE_H
#define FERRY_FUZZ_NODE_H

#include "node.h"

#define FUZZ_NODE	 7  /* its NodeID */
#define FUZZ_TAGGED	 70 /* the last byte of a tagged port's addresses */
#define FUZZ_TAGGED_VLAN 5
#define FUZZ_UTC_NS	 UINT64_C(1000000000) /* fuzz_set_clock */

/* Frames that come are in packets of this pool. */
extern struct rte_mempool *fuzz_rx_pool;

/* Called with each frame that is sent, unless NULL. */
extern void (*fuzz_sent)(const uint8_t *frame, uint32_t len);

/* Frames that ports take in one burst. */
extern uint16_t fuzz_room;

/* A frame came whose UDP checksum need not be right: so need none be that is sent. */
extern bool fuzz_sums_may_lie;

void fuzz_check(bool condition);

/* Once, first: DPDK, and the pool of what comes. */
void fuzz_eal(void);

/* 10.0.0.last, fd00::last; the port's own end with FUZZ_NODE, neighbours' with their NodeID. */
struct address fuzz_ipv4(uint8_t last);
struct address fuzz_ipv6(uint8_t last);

/* A node with the port, not laid out yet. */
struct node *fuzz_node_new(struct port *port, uint64_t now);

/* One more, before the node is laid out: tagged, and it sends no chains. */
void fuzz_add_tagged_port(struct node *node, struct port *port);

/* UTC is FUZZ_UTC_NS now. */
void fuzz_set_clock(struct node *node, uint64_t now);

/* A neighbour, params without UDP port and ring; MAC 02:00:00:00:00:NodeID if it is resolved. */
struct link *fuzz_add_neighbour(struct node *node, struct link_params params, bool resolved);

/* A frame; from cut on, if that is below len, in a second segment. Behind each lies poison. */
struct rte_mbuf *fuzz_fill(const uint8_t *bytes, uint16_t len, uint16_t cut);

/* What the port's queue gives in the next turn. False: no other one fits before that. */
bool fuzz_receive(const struct port *port, uint16_t queue, struct rte_mbuf *m);

/* Turns until nothing moves; what is for the control thread is freed. */
void fuzz_turn(struct node *node, uint64_t now);

/* Links whose rate is controlled send what waits, at the next turn. */
void fuzz_let_go(struct node *node);

/* Neighbours as if nothing had come from them yet, rates and probes too. */
void fuzz_forget_links(struct node *node);

/* A destination as if just made. */
void fuzz_forget_destination(struct node *node, struct destination *dst);

/* Every pool is full. */
void fuzz_check_empty(const struct node *node);

#endif
