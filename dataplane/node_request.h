/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of a node share among themselves; the control thread's. */
#ifndef FERRY_NODE_REQUEST_H
#define FERRY_NODE_REQUEST_H

#include "node.h"

/*
 * Asks a worker to call perform in its own turn; then(node, object) follows in some node_tick.
 * -ENOMEM leaves nothing behind.
 */
int node_request(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*then)(struct node *node, void *object));

/* A ring whose one consumer is a worker or the control thread. NULL with rte_errno. */
struct rte_ring *node_ring(const struct node *node, const char *what, unsigned int index,
	uint32_t size, bool many_producers);

/* Parts of node_free. */
void node_free_requests(struct node *node);
void node_free_sessions(struct node *node);
void node_free_links(struct node *node);

#endif
