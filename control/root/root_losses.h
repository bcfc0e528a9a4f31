/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the nodes' links lose, as the nodes say (`linkloss`), and what that makes of a session's
 * whole way. A link's loss is what its receiving node counts of the DATA that comes, or while none
 * comes what the sending one learns from probes; of a link that nobody spoke of for LOSS_OLD_MS
 * nothing is known, and it counts as if it lost nothing. One thread.
 */
#ifndef FERRY_ROOT_LOSSES_H
#define FERRY_ROOT_LOSSES_H

#include "message.h"
#include "root_plan.h"

struct root_losses {
	struct root_node_losses *list; /* by ascending NodeID */
	uint32_t count;
};

/*
 * What a node says of its links, instead of what it said before. False with error (ROOT_ERROR_MAX
 * bytes): it is more than can be. now: ms.
 */
bool root_losses_take(struct root_losses *losses, uint32_t node, const struct message_links *links,
	int64_t now, char *error);
void root_losses_free(struct root_losses *losses);

/*
 * Between a source and the destination of its session that is worst off, as message_way says. Of
 * several flows by weight; of several ways in one flow all must lose a packet for it to be lost.
 */
void root_losses_way(const struct root_losses *losses, const struct config_session *session,
	const struct root_plan *plan, int64_t now, struct message_way *way);

#endif
