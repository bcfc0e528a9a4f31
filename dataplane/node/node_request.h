/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of a node share among themselves; the control thread's. */
#ifndef FERRY_NODE_REQUEST_H
#define FERRY_NODE_REQUEST_H

#include "node.h"

/*
 * Asks a worker to call perform in its own turn; then(node, object, arg), if it is not NULL,
 * follows in some node_tick. -ENOMEM leaves nothing behind.
 */
int node_request(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*then)(struct node *node, void *object, void *arg), void *arg);

/*
 * Ends an object that workers use, once it is published no more: when none of them can find it any
 * longer its owner performs what is left to do (request->object is the object), then it is
 * released. Out of memory it is not, and stays, unpublished, until the process ends.
 */
void node_retire(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object));

/*
 * The same for what two workers use, one of which may give to the other: before(object), called
 * when no worker can find it any longer, says which one performs perform_before; UINT16_MAX: none.
 * When it has, the owner performs perform.
 */
void node_retire_both(struct node *node, uint16_t (*before)(const void *object),
	void (*perform_before)(struct worker *w, struct worker_request *request), uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object));

/*
 * Spreads what has this key over the workers that a predicate (NULL: all) admits for a port; -1 if
 * it admits none.
 */
int node_spread(const struct node *node, uint64_t key, const struct port *port,
	bool (*admits)(const struct worker *w, const struct port *port));

/*
 * A ring of a power of two places, whose one consumer is a worker or the control thread; or NULL.
 */
struct rte_ring *node_ring(uint32_t size, bool many_producers);

/* Parts of node_free. */
void node_free_requests(struct node *node);
void node_free_sources(struct node *node);
void node_free_recodes(struct node *node);
void node_free_destinations(struct node *node);
void node_free_links(struct node *node);
void node_free_conferences(struct node *node);

#endif
