/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole node for fuzz targets: two workers, one port in memory with two queues, turned by hand.
 * What leaves is read byte for byte and must be a frame of the port's; each worker's sums hold
 * after each of its turns; whatever does not hold ends the process.
 */
#ifndef FERRY_FUZZ_NODE_H
#define FERRY_FUZZ_NODE_H

#include "node.h"

#define FUZZ_NODE 7 /* its NodeID */

/* Frames that come are in packets of this pool. */
extern struct rte_mempool *fuzz_rx_pool;

/* Called with each frame that is sent, unless NULL. */
extern void (*fuzz_sent)(const struct rte_mbuf *m);

void fuzz_check(bool condition);

/* Once, first: DPDK, and the pool of what comes. */
void fuzz_eal(void);

/* 10.0.0.last, fd00::last; the port's own end with FUZZ_NODE, neighbours' with their NodeID. */
struct address fuzz_ipv4(uint8_t last);
struct address fuzz_ipv6(uint8_t last);

/* A node with the port, not laid out yet. */
struct node *fuzz_node_new(struct port *port, uint64_t now);

/* A neighbour, params without UDP port and ring; MAC 02:00:00:00:00:NodeID if it is resolved. */
struct link *fuzz_add_neighbour(struct node *node, struct link_params params, bool resolved);

/* A frame; from cut on, if that is below len, in a second segment. Behind each lies poison. */
struct rte_mbuf *fuzz_fill(const uint8_t *bytes, uint16_t len, uint16_t cut);

/* What the port's queue gives next. */
void fuzz_receive(uint16_t queue, struct rte_mbuf *m);

/* Turns until nothing moves; what is for the control thread is freed. */
void fuzz_turn(struct node *node, uint64_t now);

/* Neighbours as if nothing had come from them yet. */
void fuzz_forget_links(struct node *node);

/* A destination as if just made. */
void fuzz_forget_destination(struct node *node, struct destination *dst);

/* Every pool is full. */
void fuzz_check_empty(const struct node *node);

#endif
