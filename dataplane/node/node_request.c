/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "idle_wait.h"
#include "node_request.h"

struct node_request {
	struct worker_request request;
	struct node_request *next;
	uint16_t worker;
	bool sent;
	void (*then)(struct node *node, void *object, void *arg);
	void *arg;
};

/* False: the worker's mailbox is full. */
static bool
try_send(struct node *node, struct node_request *r)
{
	struct worker *w = node->workers[r->worker];

	if (r->sent)
		return true;
	if (rte_ring_sp_enqueue(w->mailbox, &r->request) != 0)
		return false;
	r->sent = true;
	idle_wake(w);
	return true;
}

int
node_request(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*then)(struct node *node, void *object, void *arg), void *arg)
{
	struct node_request *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->request.perform = perform;
	r->request.object = object;
	r->worker = worker;
	r->then = then;
	r->arg = arg;
	/* In the order in which they were asked, also where a mailbox was full for a while. */
	if (node->requests == NULL)
		node->requests_end = &node->requests;
	*node->requests_end = r;
	node->requests_end = &r->next;
	if (node->requests == r)
		(void)try_send(node, r);
	return 0;
}

void
node_tick(struct node *node)
{
	struct node_request **at = &node->requests;
	bool full[WORKERS_MAX] = {false};

	while (*at != NULL) {
		struct node_request *r = *at;

		/* A place that becomes free meanwhile is that of the first that found none. */
		if (!full[r->worker])
			full[r->worker] = !try_send(node, r);
		if (!__atomic_load_n(&r->request.done, __ATOMIC_ACQUIRE)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		if (node->requests_end == &r->next)
			node->requests_end = at;
		if (r->then != NULL)
			r->then(node, r->request.object, r->arg);
		free(r);
	}
	(void)reclaim_poll(&node->reclaim);
}

bool
node_settled(const struct node *node)
{
	return node->requests == NULL && node->reclaim.first == NULL;
}

void
node_free_requests(struct node *node)
{
	while (node->requests != NULL) {
		struct node_request *r = node->requests;

		node->requests = r->next;
		/* The workers have ended: this thread is the owner of all that was theirs. */
		if (!r->request.done)
			r->request.perform(node->workers[r->worker], &r->request);
		if (r->then != NULL)
			r->then(node, r->request.object, r->arg);
		free(r);
	}
}
