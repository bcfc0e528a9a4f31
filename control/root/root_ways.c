/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sources with adaptive repair are told what the whole way of their session loses (root_losses.h).
 */
#include "loss_news.h"
#include "root.h"

bool
root_ways_take(struct root *root, const struct message *message, char *error)
{
	const struct root_node *node = root_nodes_find(&root->nodes, message->from);

	if (node != NULL)
		return root_losses_take(
			&root->losses, node->id, &message->links, root_clock(), error);
	snprintf(error, ROOT_ERROR_MAX, "\"%s\" has no NodeID: it says hello first", message->from);
	return false;
}

/* Is it to be told now? */
static bool
is_due(const struct root_install *install, const struct message_way *way, int64_t now)
{
	const struct message_way *told = &install->way;
	int64_t since = now - install->way_at;

	if (way->loss == 0 && told->loss == 0)
		return false;
	/* What it was told of before its last change it may have forgotten. */
	return install->way_at <= install->changed || since >= (int64_t)LOSS_AGAIN_MS ||
	       loss_is_news(told->loss, way->loss) || loss_is_news(told->regained, way->regained);
}

static void
step(struct root *root, struct root_install *install, int64_t now)
{
	const struct config_session *config = install->session->config;
	const struct root_node *source = root_install_source(root, install);
	struct message message = {.type = MESSAGE_WAYLOSS};

	if (source == NULL || config->coding == NULL ||
		config->coding->repair != CONFIG_REPAIR_ADAPTIVE)
		return;
	root_losses_way(&root->losses, config, &install->plan, now, &message.way);
	if (!is_due(install, &message.way, now))
		return;
	snprintf(message.to, sizeof(message.to), "%s", source->name);
	if (root_send(root, &message) != 0)
		return;
	install->way = message.way;
	install->way_at = now;
}

/* All of them together, so that none is told more often than it may be. */
int64_t
root_ways_step(struct root *root, int64_t now)
{
	int64_t due = root->ways_at + (int64_t)LOSS_PAUSE_MS;

	if (now < due)
		return due;
	root->ways_at = now;
	for (struct root_install *each = root->installs; each != NULL; each = each->next)
		if (each->active)
			step(root, each, now);
	return now + (int64_t)LOSS_PAUSE_MS;
}
