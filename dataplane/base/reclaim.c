/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "reclaim.h"

struct reclaim_item {
	struct reclaim_item *next;
	uint64_t token;
	void (*fn)(void *object);
	void *object;
};

void
reclaim_init(struct reclaim *rc, struct rte_rcu_qsbr *qsbr)
{
	rc->qsbr = qsbr;
	rc->first = NULL;
	rc->last = NULL;
}

void
reclaim_defer(struct reclaim *rc, void (*fn)(void *object), void *object)
{
	struct reclaim_item *item = malloc(sizeof(*item));

	if (item == NULL) {
		rte_rcu_qsbr_synchronize(rc->qsbr, RTE_QSBR_THRID_INVALID);
		fn(object);
		return;
	}
	item->next = NULL;
	item->token = rte_rcu_qsbr_start(rc->qsbr);
	item->fn = fn;
	item->object = object;
	if (rc->last != NULL)
		rc->last->next = item;
	else
		rc->first = item;
	rc->last = item;
}

static void
free_first(struct reclaim *rc)
{
	struct reclaim_item *item = rc->first;

	rc->first = item->next;
	if (rc->first == NULL)
		rc->last = NULL;
	/* fn may defer something more; the list is whole by now. */
	item->fn(item->object);
	free(item);
}

uint32_t
reclaim_poll(struct reclaim *rc)
{
	uint32_t waiting = 0;

	while (rc->first != NULL && rte_rcu_qsbr_check(rc->qsbr, rc->first->token, false) == 1)
		free_first(rc);
	for (const struct reclaim_item *item = rc->first; item != NULL; item = item->next)
		waiting++;
	return waiting;
}

void
reclaim_drain(struct reclaim *rc)
{
	while (rc->first != NULL)
		free_first(rc);
}
