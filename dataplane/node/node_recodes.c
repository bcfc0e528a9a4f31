/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions whose packets the node recodes. */
#include <errno.h>

#include <rte_malloc.h>

#include "node.h"
#include "node_request.h"
#include "recode.h"

/* recode: NULL = none. */
static int
publish(struct node *node, uint64_t key, struct recode_session *recode)
{
	struct recode_session *old = id_map_find(&node->recoded, key);
	int rc = id_map_set(&node->recoded, key, recode, &node->reclaim);

	if (rc == 0 && old != NULL)
		reclaim_defer(&node->reclaim, rte_free, old);
	return rc;
}

int
node_set_recode(struct node *node, uint32_t conference, uint32_t session, uint8_t how)
{
	uint64_t key = session_key(conference, session);
	struct recode_session *recode;
	int rc;

	recode = rte_zmalloc("recode_session", sizeof(*recode), RTE_CACHE_LINE_SIZE);
	if (recode == NULL)
		return -ENOMEM;
	*recode = (struct recode_session){.conference = conference,
		.session = session,
		.how = how,
		.owner = (uint16_t)node_spread(node, key, NULL, NULL)};
	rc = publish(node, key, recode);
	if (rc < 0)
		rte_free(recode);
	return rc;
}

void
node_remove_recode(struct node *node, uint32_t conference, uint32_t session)
{
	/* To take away needs no memory. */
	(void)publish(node, session_key(conference, session), NULL);
}

static void
free_each(void *arg, uint64_t key, void *value)
{
	(void)arg;
	(void)key;
	rte_free(value);
}

void
node_free_recodes(struct node *node)
{
	if (node->recoded.table != NULL)
		id_map_each(&node->recoded, free_each, NULL);
	id_map_free(&node->recoded);
}
