/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's place, as the root gives it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ferryd.h"
#include "log.h"
#include "manage.h"

int
manage_place_check(const struct ferryd *f, const struct message *message, char *error, size_t size)
{
	uint32_t own = f->config->node.id;

	if (own == 0 || own == message->place.node_id)
		return 0;
	snprintf(error, size, "node %s has the NodeID %u, the root gives it %u: %s",
		f->config->node.name, own, message->place.node_id,
		f->numbered ? "it takes that when it starts anew"
			    : "its configuration is to be without id, or the root to know of it");
	return -EEXIST;
}

int
manage_place(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	int ret = manage_place_check(f, message, error, size);

	if (ret != 0)
		log_line(LOG_ERR, "%s", error);
	if (ret != 0)
		return ret;
	log_line(LOG_INFO, "management: node %u is a %s below %s", message->place.node_id,
		message->place.role, message->place.parent.name);
	node_set_forwarding(f->node, message->place.forwarding == NULL ||
					     strcmp(message->place.forwarding, "open") != 0);
	ret = manage_peers(f, &message->place, error, size);
	if (ret != 0)
		log_line(LOG_ERR, "%s", error);
	return ret;
}
