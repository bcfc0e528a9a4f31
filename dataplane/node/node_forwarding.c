/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sessions a node was told of, and whether it forwards any other. */
#include "node.h"

int
node_know_session(struct node *node, uint32_t conference, uint32_t session)
{
	return key_set_add(&node->known, session_key(conference, session), &node->reclaim);
}

void
node_forget_session(struct node *node, uint32_t conference, uint32_t session)
{
	key_set_remove(&node->known, session_key(conference, session));
}

bool
node_knows_session(const struct node *node, uint32_t conference, uint32_t session)
{
	return key_set_has(&node->known, session_key(conference, session));
}

void
node_set_forwarding(struct node *node, bool installed)
{
	__atomic_store_n(&node->installed, installed, __ATOMIC_RELEASE);
}
