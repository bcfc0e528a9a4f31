/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's place, as the root gives it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ferryd.h"
#include "log.h"
#include "manage.h"
#include "manage_stats.h"

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
manage_place_keep(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	char reason[MESSAGE_ERROR_MAX];
	struct message_fault fault;
	size_t length;
	char *text;
	struct message *copy;

	if (message == f->place)
		return 0;
	text = message_write(message, &length, reason);
	copy = text != NULL ? message_parse(text, length, &fault) : NULL;
	free(text);
	if (copy == NULL) {
		snprintf(error, size, "out of memory for the place that the root gave");
		return -ENOMEM;
	}
	message_free(f->place);
	f->place = copy;
	return 0;
}

int
manage_place(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	int ret = manage_place_check(f, message, error, size);

	/* What is done later is done as the last place that was taken says. */
	if (ret == 0)
		ret = manage_place_keep(f, message, error, size);
	if (ret == 0 && manage_stats_placed(f) != 0) {
		snprintf(error, size, "out of memory for the place that the root gave");
		ret = -ENOMEM;
	}
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
