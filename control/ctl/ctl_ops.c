/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands' actions on a node. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl_commands.h"
#include "forward_actions.h"
#include "peer_actions.h"
#include "recode_actions.h"
#include "refuse.h"
#include "session_actions.h"

static struct session_book *
book_of(void *ctx)
{
	return ((struct peer_actions *)ctx)->book;
}

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
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);

	return entry == NULL
		       ? -ENOENT
		       : session_set_weights(book_of(ctx), entry, weights, nb_weights, error, size);
}

static int
ops_flow_add(void *ctx, uint32_t conference, uint32_t session, uint32_t weight,
	const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size)
{
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);

	return entry == NULL ? -ENOENT
			     : session_flow_add(book_of(ctx), entry, weight, tree, id, error, size);
}

static int
ops_flow_remove(
	void *ctx, uint32_t conference, uint32_t session, uint8_t flow, char *error, size_t size)
{
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);

	return entry == NULL ? -ENOENT
			     : session_flow_remove(book_of(ctx), entry, flow, error, size);
}

static int
ops_session_run(void *ctx, uint32_t conference, uint32_t session, bool run, bool *changed,
	char *error, size_t size)
{
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);

	if (entry == NULL)
		return -ENOENT;
	return run ? session_start(book_of(ctx), entry, changed, error, size)
		   : session_stop(book_of(ctx), entry, changed, error, size);
}

/* Sources first, so that nothing of the conference comes after its queues are emptied. */
static int
ops_conference_end(void *ctx, uint32_t conference, uint32_t *stopped, char *error, size_t size)
{
	struct session_book *book = book_of(ctx);

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

static int
ops_set_routes(void *ctx, uint32_t conference, uint32_t session, const char *text, char *error,
	size_t size)
{
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);
	struct session_route *routes;
	int n, ret = -ENOMEM;

	if (entry == NULL)
		return -ENOENT;
	routes = calloc(SOURCE_FLOWS_MAX, sizeof(*routes));
	if (routes == NULL) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	n = session_routes_parse(text, routes, SOURCE_FLOWS_MAX, error, size);
	ret = n < 0 ? -EINVAL
		    : session_set_routes(book_of(ctx), entry, routes, (unsigned int)n, error, size);
	free(routes);
	return ret;
}

static int
ops_session_add(void *ctx, uint32_t conference, const char *text, uint32_t *session, char *error,
	size_t size)
{
	struct session_entry *entry;
	int ret = session_define(book_of(ctx), conference, text, &entry, error, size);

	if (ret == 0)
		*session = entry->config->id;
	return ret;
}

static int
ops_session_remove(void *ctx, uint32_t conference, uint32_t session, char *error, size_t size)
{
	struct session_entry *entry = find(book_of(ctx), conference, session, error, size);

	if (entry == NULL)
		return -ENOENT;
	session_remove(book_of(ctx), entry);
	return 0;
}

static int
ops_conference_define(void *ctx, uint32_t conference, const char *text, uint32_t *defined,
	char *error, size_t size)
{
	return conference_define(book_of(ctx), conference, text, defined, error, size);
}

static int
ops_conference_remove(void *ctx, uint32_t conference, char *error, size_t size)
{
	return conference_remove(book_of(ctx), conference, error, size);
}

static int
ops_forward(void *ctx, uint32_t conference, uint32_t session, bool add, bool *changed, char *error,
	size_t size)
{
	return add ? forward_add(book_of(ctx), conference, session, changed, error, size)
		   : forward_remove(book_of(ctx), conference, session, changed, error, size);
}

/* What this node knows of a session: that it comes here, and is coded? */
static int
check_coded(const struct session_book *book, uint32_t conference, uint32_t session, char *error,
	size_t size)
{
	const struct session_entry *entry = session_book_find(book, conference, session);

	if (entry != NULL && entry->config->coding == NULL)
		return refuse(EINVAL, error, size,
			"session %u of conference %u is not coded: it must have a group coding",
			session, conference);
	if (book->node->installed && !node_knows_session(book->node, conference, session))
		return refuse(ENOENT, error, size,
			"session %u of conference %u is not forwarded here: it must be defined, or "
			"named by \"forward add\", first",
			session, conference);
	return 0;
}

static int
ops_recode(void *ctx, uint32_t conference, uint32_t session, uint32_t how, bool *changed,
	char *error, size_t size)
{
	int ret;

	if (how == CTL_RECODE_OFF)
		return recode_remove(book_of(ctx), conference, session, changed, error, size);
	ret = check_coded(book_of(ctx), conference, session, error, size);
	if (ret != 0)
		return ret;
	return recode_set(book_of(ctx), conference, session, how, changed, error, size);
}

static int
ops_peer_add(void *ctx, const char *text, uint32_t *id, char *error, size_t size)
{
	return peer_add(ctx, text, id, error, size);
}

static int
ops_peer_change(void *ctx, uint32_t id, const char *text, char *error, size_t size)
{
	return peer_change(ctx, id, text, error, size);
}

static int
ops_peer_remove(void *ctx, uint32_t id, char *error, size_t size)
{
	return peer_remove(ctx, id, error, size);
}

const struct ctl_ops ctl_node_ops = {
	.set_weights = ops_set_weights,
	.set_routes = ops_set_routes,
	.flow_add = ops_flow_add,
	.flow_remove = ops_flow_remove,
	.session_add = ops_session_add,
	.session_remove = ops_session_remove,
	.session_run = ops_session_run,
	.conference_define = ops_conference_define,
	.conference_remove = ops_conference_remove,
	.conference_end = ops_conference_end,
	.forward = ops_forward,
	.recode = ops_recode,
	.peer_add = ops_peer_add,
	.peer_change = ops_peer_change,
	.peer_remove = ops_peer_remove,
};
