/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands' actions on the sessions of a node. */
#include <errno.h>
#include <stdio.h>

#include "ctl_commands.h"
#include "session_actions.h"

static struct session_entry *
find(struct session_book *book, uint32_t conference, uint32_t session, char *error, size_t size)
{
	struct session_entry *entry = session_book_find(book, conference, session);

	if (entry == NULL)
		snprintf(error, size, "there is no session %u of conference %u", session,
			conference);
	return entry;
}

static int
ops_set_weights(void *ctx, uint32_t conference, uint32_t session, const uint32_t *weights,
	unsigned int nb_weights, char *error, size_t size)
{
	struct session_entry *entry = find(ctx, conference, session, error, size);

	return entry == NULL ? -ENOENT
			     : session_set_weights(ctx, entry, weights, nb_weights, error, size);
}

static int
ops_flow_add(void *ctx, uint32_t conference, uint32_t session, uint32_t weight,
	const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size)
{
	struct session_entry *entry = find(ctx, conference, session, error, size);

	return entry == NULL ? -ENOENT
			     : session_flow_add(ctx, entry, weight, tree, id, error, size);
}

static int
ops_flow_remove(
	void *ctx, uint32_t conference, uint32_t session, uint8_t flow, char *error, size_t size)
{
	struct session_entry *entry = find(ctx, conference, session, error, size);

	return entry == NULL ? -ENOENT : session_flow_remove(ctx, entry, flow, error, size);
}

static int
ops_session_run(void *ctx, uint32_t conference, uint32_t session, bool run, bool *changed,
	char *error, size_t size)
{
	struct session_entry *entry = find(ctx, conference, session, error, size);

	if (entry == NULL)
		return -ENOENT;
	return run ? session_start(ctx, entry, changed, error, size)
		   : session_stop(ctx, entry, changed, error, size);
}

/* Sources first, so that nothing of the conference comes after its queues are emptied. */
static int
ops_conference_end(void *ctx, uint32_t conference, uint32_t *stopped, char *error, size_t size)
{
	struct session_book *book = ctx;

	*stopped = 0;
	for (uint32_t i = 0; i < book->nb_entries; i++) {
		struct session_entry *entry = book->entries[i];
		bool changed = false;

		if (entry->config->conference != conference || entry->source == NULL)
			continue;
		if (session_stop(book, entry, &changed, error, size) < 0)
			return -EINVAL;
		*stopped += changed;
	}
	if (node_end_conference(book->node, conference) < 0) {
		snprintf(error, size, "out of memory: nothing that waits was dropped");
		return -ENOMEM;
	}
	return 0;
}

const struct ctl_ops ctl_session_ops = {
	.set_weights = ops_set_weights,
	.flow_add = ops_flow_add,
	.flow_remove = ops_flow_remove,
	.session_run = ops_session_run,
	.conference_end = ops_conference_end,
};
