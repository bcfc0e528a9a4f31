/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conferences, as far as the dataplane knows them: how their packets are treated where they wait.
 */
#include <errno.h>

#include <rte_malloc.h>

#include "feeder.h"
#include "node.h"
#include "node_request.h"

static int
publish(struct node *node, uint32_t conference, struct feeder_terms *terms)
{
	struct feeder_terms *old = id_map_find(&node->conferences, conference);
	int rc = id_map_set(&node->conferences, conference, terms, &node->reclaim);
	uint32_t version = node->terms_version + 1;

	/* Who sees the new version finds the new terms. */
	__atomic_store_n(&node->terms_version, version != 0 ? version : 1, __ATOMIC_RELEASE);
	if (rc == 0 && old != NULL)
		reclaim_defer(&node->reclaim, rte_free, old);
	return rc;
}

int
node_set_conference(struct node *node, uint32_t conference, const struct feeder_terms *terms)
{
	struct feeder_terms *copy;
	int rc;

	if (terms == NULL)
		return publish(node, conference, NULL);
	if (terms->priority >= FEEDER_PRIORITIES || terms->weight < 1 ||
		terms->weight > FEEDER_WEIGHT_MAX)
		return -EINVAL;
	copy = rte_malloc("terms", sizeof(*copy), 0);
	if (copy == NULL)
		return -ENOMEM;
	*copy = *terms;
	rc = publish(node, conference, copy);
	if (rc < 0)
		rte_free(copy);
	return rc;
}

static void
perform_end(struct worker *w, struct worker_request *request)
{
	feeder_end_conference(w, (uint32_t)(uintptr_t)request->object);
}

int
node_end_conference(struct node *node, uint32_t conference)
{
	int rc = 0;

	for (uint16_t i = 0; i < node->nb_workers && rc == 0; i++)
		rc = node_request(node, i, perform_end, (void *)(uintptr_t)conference, NULL, NULL);
	return rc;
}

static void
free_each(void *arg, uint64_t key, void *value)
{
	(void)arg;
	(void)key;
	rte_free(value);
}

void
node_free_conferences(struct node *node)
{
	if (node->conferences.table != NULL)
		id_map_each(&node->conferences, free_each, NULL);
}
