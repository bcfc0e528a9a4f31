/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "node_request.h"

struct retirement {
	struct node *node;
	void (*perform)(struct worker *w, struct worker_request *request);
	uint16_t (*other)(const void *object); /* NULL: nobody else performs */
	void (*perform_other)(struct worker *w, struct worker_request *request);
	void *object;
	void (*release)(void *object);
	uint16_t worker;
};

/* A worker may have looked at it once more in the turn in which it performed. */
static void
performed(struct node *node, void *object, void *arg)
{
	struct retirement *r = arg;
	uint16_t other = r->other != NULL ? r->other(object) : UINT16_MAX;

	r->other = NULL;
	if (other != UINT16_MAX &&
		node_request(node, other, r->perform_other, object, performed, r) == 0)
		return;
	if (other == UINT16_MAX)
		reclaim_defer(&node->reclaim, r->release, object);
	free(r);
}

/* No worker can find the object any more. */
static void
quiet(void *arg)
{
	struct retirement *r = arg;

	if (node_request(r->node, r->worker, r->perform, r->object, performed, r) < 0)
		free(r);
}

void
node_retire_both(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request),
	uint16_t (*other)(const void *object),
	void (*perform_other)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object))
{
	struct retirement *r = malloc(sizeof(*r));

	if (r == NULL)
		return;
	*r = (struct retirement){.node = node,
		.perform = perform,
		.other = other,
		.perform_other = perform_other,
		.object = object,
		.release = release,
		.worker = worker};
	reclaim_defer(&node->reclaim, quiet, r);
}

void
node_retire(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object))
{
	node_retire_both(node, worker, perform, NULL, NULL, object, release);
}
