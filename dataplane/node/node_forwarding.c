/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sessions a node was told of, and whether it forwards any other. */
#include "node.h"

int
node_know_session(struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_set(&node->known, session_key(conference, session), node, &node->reclaim);
}

void
node_forget_session(struct node *node, uint32_t conference, uint32_t session)
{
	/* To take away needs no memory. */
	(void)id_map_set(&node->known, session_key(conference, session), NULL, &node->reclaim);
}

bool
node_knows_session(const struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_find(&node->known, session_key(conference, session)) != NULL;
}

void
node_set_forwarding(struct node *node, bool installed)
{
	__atomic_store_n(&node->installed, installed, __ATOMIC_RELEASE);
}
