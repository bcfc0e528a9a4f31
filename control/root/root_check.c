/* SPDX-License-Identifier: BSD-3-Clause */
/* Conferences against the topology, and against each other. */
#include <string.h>

#include "config_private.h"
#include "path_text.h"
#include "root_nodes.h"

static bool
is_node(const struct root_nodes *nodes, uint32_t id)
{
	const struct root_node *node = root_nodes_by_id(nodes, id);

	/* No session leads to whoever has no place. */
	return nodes->others || (node != NULL && node->place != NULL);
}

static bool
is_peer(const struct root_nodes *nodes, uint32_t from, uint32_t to)
{
	const struct root_node *node = root_nodes_by_id(nodes, from);
	const struct root_node *next = root_nodes_by_id(nodes, to);

	/* Of a node without a place nothing is known. */
	if (node == NULL || node->place == NULL || next == NULL)
		return true;
	for (uint32_t i = 0; i < node->place->peer_count; i++) {
		if (strcmp(node->place->peers[i].node, next->name) == 0)
			return true;
	}
	return false;
}

/* The node above the one at i; the source above the outermost. */
static uint32_t
above(const struct pathlet_tree *tree, unsigned int i, uint32_t source)
{
	for (unsigned int at = i; at-- > 0;) {
		if (tree->node[at].depth + 1 == tree->node[i].depth)
			return tree->node[at].id;
	}
	return source;
}

static void
check_flow(const struct root_nodes *nodes, const struct config_session *session,
	const struct config_flow *flow, struct config_errors *errs)
{
	char path[PATH_TEXT_MAX];

	path_text_format(&flow->tree, path, sizeof(path));
	for (unsigned int i = 0; i < flow->tree.count; i++) {
		uint32_t id = flow->tree.node[i].id, from = above(&flow->tree, i, session->source);

		if (!is_node(nodes, id))
			config_errors_add(errs, &flow->where,
				"conference %u session %u flow %u: path \"%.200s\": there is no "
				"node %u with a place in the topology, its hops must have one",
				session->conference, session->id, flow->id, path, id);
		else if (!is_peer(nodes, from, id))
			config_errors_add(errs, &flow->where,
				"conference %u session %u flow %u: path \"%.200s\": node %u is not "
				"a peer of node %u, it must be",
				session->conference, session->id, flow->id, path, id, from);
	}
}

static void
check_session(const struct root_nodes *nodes, const struct config_session *session,
	struct config_errors *errs)
{
	if (!is_node(nodes, session->source))
		config_errors_add(errs, &session->where,
			"conference %u session %u: source is %u, it must be the NodeID of a node "
			"with a place in the topology",
			session->conference, session->id, session->source);
	for (uint32_t i = 0; i < session->flow_count; i++)
		check_flow(nodes, session, &session->flows[i], errs);
}

void
root_nodes_check(const struct root_nodes *nodes, const struct root_book *book,
	const struct config *file, struct config_errors *errs)
{
	for (uint32_t i = 0; i < file->conference_count; i++) {
		const struct config_conference *conference = &file->conferences[i];

		for (uint32_t j = 0; j < conference->participant_count; j++) {
			/* It may be in it without a place, as it is told of nothing then. */
			if (!nodes->others &&
				root_nodes_by_id(nodes, conference->participants[j]) == NULL)
				config_errors_add(errs, &conference->where,
					"conference %u: participant %u is no node, it must be the "
					"NodeID of one",
					conference->id, conference->participants[j]);
		}
		for (uint32_t j = 0; j < conference->session_count; j++)
			check_session(nodes, &conference->sessions[j], errs);
	}
	root_ingresses_check(book, file, errs);
}
