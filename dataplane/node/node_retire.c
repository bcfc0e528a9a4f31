/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "node_request.h"

struct retirement {
	struct node *node;
	uint16_t (*before)(const void *object); /* NULL: nobody performs before the owner */
	void (*perform_before)(struct worker *w, struct worker_request *request);
	void (*perform)(struct worker *w, struct worker_request *request);
	void *object;
	void (*release)(void *object);
	uint16_t worker;
};

/* A worker may have looked at it once more in the turn in which it performed. */
static void
performed(struct node *node, void *object, void *arg)
{
	struct retirement *r = arg;

	reclaim_defer(&node->reclaim, r->release, object);
	free(r);
}

static void
perform_last(struct node *node, void *object, void *arg)
{
	struct retirement *r = arg;

	if (node_request(node, r->worker, r->perform, object, performed, r) < 0)
		free(r);
}

/* No worker can find the object any more. */
static void
quiet(void *arg)
{
	struct retirement *r = arg;
	uint16_t before = r->before != NULL ? r->before(r->object) : UINT16_MAX;

	if (before == UINT16_MAX)
		perform_last(r->node, r->object, r);
	else if (node_request(r->node, before, r->perform_before, r->object, perform_last, r) < 0)
		free(r);
}

void
node_retire_both(struct node *node, uint16_t (*before)(const void *object),
	void (*perform_before)(struct worker *w, struct worker_request *request), uint16_t worker,
	void (*perform)(struct worker *w, struct worker_request *request), void *object,
	void (*release)(void *object))
{
	struct retirement *r = malloc(sizeof(*r));

	if (r == NULL)
		return;
	*r = (struct retirement){.node = node,
		.before = before,
		.perform_before = perform_before,
		.perform = perform,
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
	node_retire_both(node, NULL, NULL, worker, perform, object, release);
}
