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

const struct ctl_ops ctl_session_ops = {
	.set_weights = ops_set_weights,
	.flow_add = ops_flow_add,
	.flow_remove = ops_flow_remove,
	.session_run = ops_session_run,
};
