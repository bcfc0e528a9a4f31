/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "node_request.h"

struct retirement {
	struct node *node;
	void (*perform)(struct worker *w, struct worker_request *request);
	void *object;
	void (*release)(void *object);
	uint16_t worker;
};

/* The owner may have looked at it once more in the turn in which it performed. */
static void
performed(struct node *node, void *object, void *arg)
{
	struct retirement *r = arg;

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
node_retire(struct node *node, uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object))
{
	struct retirement *r = malloc(sizeof(*r));

	if (r == NULL)
		return;
	*r = (struct retirement){.node = node,
		.perform = perform,
		.object = object,
		.release = release,
		.worker = worker};
	reclaim_defer(&node->reclaim, quiet, r);
}
