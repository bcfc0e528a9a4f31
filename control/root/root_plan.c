/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "root_plan.h"

/* The tree without branches that lead to nobody who is in; the result may be empty. */
static void
prune(const struct pathlet_tree *tree, const struct root_conference *conference,
	struct pathlet_tree *pruned)
{
	bool keep[PATHLET_TREE_MAX_NODES] = {false}, deliver[PATHLET_TREE_MAX_NODES] = {false};

	pruned->count = 0;
	/* Backwards: all that is below a node stands behind it. */
	for (unsigned int i = tree->count; i-- > 0;) {
		deliver[i] = pathlet_tree_is_destination(tree, i) &&
			     root_book_is_in(conference, tree->node[i].id);
		keep[i] |= deliver[i];
		for (unsigned int above = i; keep[i] && above-- > 0;) {
			if (tree->node[above].depth + 1 != tree->node[i].depth)
				continue;
			keep[above] = true;
			break;
		}
	}
	for (unsigned int i = 0; i < tree->count; i++) {
		if (!keep[i])
			continue;
		pruned->node[pruned->count] = tree->node[i];
		pruned->node[pruned->count++].destination = deliver[i];
	}
}

bool
root_plan_has(const struct root_plan *plan, uint32_t node)
{
	for (uint32_t i = 0; i < plan->node_count; i++) {
		if (plan->nodes[i] == node)
			return true;
	}
	return false;
}

bool
root_plan_delivers(const struct root_plan *plan, uint32_t node)
{
	for (uint32_t i = 0; i < plan->destination_count; i++) {
		if (plan->destinations[i] == node)
			return true;
	}
	return false;
}

bool
root_plan_relays(const struct root_plan *plan, uint32_t node)
{
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		const struct pathlet_tree *tree = &plan->flows[i].tree;

		for (unsigned int j = 0; j + 1 < tree->count; j++) {
			if (tree->node[j].id == node &&
				tree->node[j + 1].depth > tree->node[j].depth)
				return true;
		}
	}
	return false;
}

static void
add_flow(struct root_plan *plan, const struct root_conference *conference,
	const struct config_flow *flow)
{
	struct config_flow *made = &plan->flows[plan->flow_count++];

	*made = *flow;
	prune(&flow->tree, conference, &made->tree);
	for (unsigned int i = 0; i < made->tree.count; i++) {
		if (!root_plan_has(plan, made->tree.node[i].id))
			plan->nodes[plan->node_count++] = made->tree.node[i].id;
	}
}

bool
root_plan_make(const struct root_session *session, struct root_plan *plan)
{
	const struct config_session *config = session->config;
	const struct root_conference *conference = session->conference;
	size_t nodes = 1;

	*plan = (struct root_plan){0};
	if ((session->state != ROOT_RUNNING && session->state != ROOT_STOPPED) ||
		!root_book_is_in(conference, config->source))
		return false;
	for (uint32_t i = 0; i < config->destination_count; i++) {
		if (root_book_is_in(conference, config->destinations[i]))
			plan->destinations[plan->destination_count++] = config->destinations[i];
	}
	if (plan->destination_count == 0)
		return false;
	for (uint32_t i = 0; i < config->flow_count; i++)
		nodes += config->flows[i].tree.count;
	plan->flows = calloc(config->flow_count, sizeof(*plan->flows));
	plan->nodes = calloc(nodes, sizeof(*plan->nodes));
	if (plan->flows == NULL || plan->nodes == NULL)
		err(1, "conferences");
	plan->nodes[plan->node_count++] = config->source;
	for (uint32_t i = 0; i < config->flow_count; i++)
		add_flow(plan, conference, &config->flows[i]);
	return true;
}

void
root_plan_copy(const struct root_plan *from, struct root_plan *to)
{
	*to = *from;
	to->flows = calloc((size_t)from->flow_count + 1, sizeof(*to->flows));
	to->nodes = calloc((size_t)from->node_count + 1, sizeof(*to->nodes));
	if (to->flows == NULL || to->nodes == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < from->flow_count; i++)
		to->flows[i] = from->flows[i];
	memcpy(to->nodes, from->nodes, from->node_count * sizeof(*to->nodes));
}

void
root_plan_free(struct root_plan *plan)
{
	free(plan->flows);
	free(plan->nodes);
	*plan = (struct root_plan){0};
}
