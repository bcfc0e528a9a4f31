/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of a session's definition, and who is in a conference. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "root_book_private.h"

/*
 * A conference with one session's flows replaced (count 0: without that session). fresh is the flow
 * that leads another way, NULL = none.
 */
static int
change_flows(struct root_book *book, struct root_session *session, struct config_flow *flows,
	uint32_t count, struct config_flow *fresh, char *error)
{
	const struct config_conference *before = session->conference->config;
	struct config_conference config = *before;
	struct config_session way = {
		.where = session->config->where,
		.conference = before->id,
		.id = session->config->id,
		.source = session->config->source,
		.flows = fresh,
		.flow_count = 1,
	};
	struct config_conference ways = {.id = before->id, .sessions = &way, .session_count = 1};
	int ret;

	config.sessions = calloc((size_t)before->session_count + 1, sizeof(*config.sessions));
	if (config.sessions == NULL)
		err(1, "conferences");
	config.session_count = 0;
	for (uint32_t i = 0; i < before->session_count; i++) {
		struct config_session *copy = &config.sessions[config.session_count];

		*copy = before->sessions[i];
		if (&before->sessions[i] == session->config) {
			copy->flows = flows;
			copy->flow_count = count;
			if (count == 0)
				continue;
		}
		config.session_count++;
	}
	ret = root_book_change(
		book, session->conference, &config, fresh != NULL ? &ways : NULL, error);
	free(config.sessions);
	return ret;
}

/* The flows, with room for one more; for free(). */
static struct config_flow *
copy_flows(const struct config_session *session)
{
	struct config_flow *flows = calloc((size_t)session->flow_count + 1, sizeof(*flows));

	if (flows == NULL)
		err(1, "conferences");
	memcpy(flows, session->flows, session->flow_count * sizeof(*flows));
	return flows;
}

static uint32_t
find_flow(const struct config_session *session, uint32_t id)
{
	uint32_t i = 0;

	while (i < session->flow_count && session->flows[i].id != id)
		i++;
	return i;
}

static int
no_flow(const struct root_session *session, uint32_t flow, char *error)
{
	return root_book_fail(error,
		"session %u of conference %u has no flow %u: \"sessions\" tells which it has",
		session->config->id, session->conference->config->id, flow);
}

int
root_book_remove_session(struct root_book *book, struct root_session *session, char *error)
{
	return change_flows(book, session, NULL, 0, NULL, error);
}

/* The index of the flow that has n flows of lower ids. */
static uint32_t
nth_flow(const struct config_session *session, uint32_t n)
{
	for (uint32_t i = 0; i < session->flow_count; i++) {
		uint32_t lower = 0;

		for (uint32_t j = 0; j < session->flow_count; j++)
			lower += session->flows[j].id < session->flows[i].id;
		if (lower == n)
			return i;
	}
	return 0;
}

int
root_book_weights(struct root_book *book, struct root_session *session, const uint32_t *weights,
	unsigned int count, char *error)
{
	struct config_flow *flows;
	int ret;

	if (count != session->config->flow_count)
		return root_book_fail(error,
			"%u weight%s given, the session has %u flow%s: give one weight a flow",
			count, count == 1 ? "" : "s", session->config->flow_count,
			session->config->flow_count == 1 ? "" : "s");
	flows = copy_flows(session->config);
	for (uint32_t i = 0; i < count; i++)
		flows[nth_flow(session->config, i)].weight = weights[i];
	ret = change_flows(book, session, flows, count, NULL, error);
	free(flows);
	return ret;
}

int
root_book_route_add(struct root_book *book, struct root_session *session, uint32_t weight,
	const struct pathlet_tree *tree, uint32_t *flow, char *error)
{
	uint32_t count = session->config->flow_count, id = 0;
	struct config_flow *flows;
	int ret;

	while (id < CONFIG_FLOWS_MAX && find_flow(session->config, id) < count)
		id++;
	if (id == CONFIG_FLOWS_MAX)
		return root_book_fail(
			error, "the session has %d flows, it cannot have more", CONFIG_FLOWS_MAX);
	flows = copy_flows(session->config);
	flows[count] = (struct config_flow){
		.where = session->config->where, .id = id, .weight = weight, .tree = *tree};
	ret = change_flows(book, session, flows, count + 1, &flows[count], error);
	free(flows);
	*flow = id;
	return ret;
}

int
root_book_route_set(struct root_book *book, struct root_session *session, uint32_t flow,
	const struct pathlet_tree *tree, char *error)
{
	uint32_t i = find_flow(session->config, flow);
	struct config_flow *flows;
	int ret;

	if (i == session->config->flow_count)
		return no_flow(session, flow, error);
	flows = copy_flows(session->config);
	flows[i].tree = *tree;
	ret = change_flows(book, session, flows, session->config->flow_count, &flows[i], error);
	free(flows);
	return ret;
}

int
root_book_route_remove(
	struct root_book *book, struct root_session *session, uint32_t flow, char *error)
{
	uint32_t count = session->config->flow_count, i = find_flow(session->config, flow);
	struct config_flow *flows;
	int ret;

	if (i == count)
		return no_flow(session, flow, error);
	if (count == 1)
		return root_book_fail(
			error, "flow %u is the session's last, it must keep one", flow);
	flows = copy_flows(session->config);
	memmove(&flows[i], &flows[i + 1], (count - i - 1) * sizeof(*flows));
	ret = change_flows(book, session, flows, count - 1, NULL, error);
	free(flows);
	return ret;
}

static int
compare_nodes(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

uint32_t *
root_book_present(const struct root_conference *conference, uint32_t *count)
{
	const struct config_conference *config = conference->config;
	size_t room = (size_t)config->participant_count + conference->attend_count + 1, found = 0;
	uint32_t *nodes;

	for (uint32_t i = 0; config->participants == NULL && i < config->session_count; i++)
		room += 1 + config->sessions[i].destination_count;
	nodes = calloc(room, sizeof(*nodes));
	if (nodes == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < config->participant_count; i++)
		nodes[found++] = config->participants[i];
	for (uint32_t i = 0; config->participants == NULL && i < config->session_count; i++) {
		const struct config_session *session = &config->sessions[i];

		nodes[found++] = session->source;
		for (uint32_t j = 0; j < session->destination_count; j++)
			nodes[found++] = session->destinations[j];
	}
	for (uint32_t i = 0; i < conference->attend_count; i++)
		nodes[found++] = conference->attends[i].node;
	qsort(nodes, found, sizeof(*nodes), compare_nodes);
	*count = 0;
	for (size_t i = 0; i < found; i++) {
		if ((*count == 0 || nodes[*count - 1] != nodes[i]) &&
			root_book_is_in(conference, nodes[i]))
			nodes[(*count)++] = nodes[i];
	}
	return nodes;
}
