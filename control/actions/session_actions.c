/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "session_private.h"

struct flow_plan *
session_plan(struct session_book *book, const struct session_entry *entry,
	const struct session_flow *flows, uint16_t nb_flows, char *error, size_t size)
{
	struct flow_params *params = calloc((size_t)nb_flows + 1, sizeof(*params));
	uint8_t *routing = malloc(((size_t)nb_flows + 1) * PATHLET_TREE_MAX_BYTES);
	struct flow_plan *plan = NULL;
	uint32_t payload = entry->config->payload, missing = 0;
	int code = ENOMEM;

	if (params == NULL || routing == NULL)
		goto out;
	for (uint16_t i = 0; i < nb_flows; i++) {
		uint8_t *bytes = routing + (size_t)i * PATHLET_TREE_MAX_BYTES;
		uint32_t fits = config_flow_payload(book->config, entry->config, &flows[i].tree);

		if (payload == 0 || fits < payload)
			payload = fits;
		params[i].id = flows[i].id;
		params[i].weight = flows[i].weight;
		params[i].state = flows[i].state;
		params[i].routing = bytes;
		params[i].routing_len = (uint16_t)pathlet_tree_encode_all(
			&flows[i].tree, bytes, PATHLET_TREE_MAX_BYTES);
	}
	plan = node_build_plan(book->node, params, nb_flows, (uint16_t)payload, &missing);
	code = errno;
out:
	free(params);
	free(routing);
	if (plan != NULL)
		return plan;
	if (code == ENOENT)
		refuse(code, error, size, "next hop %u is not a peer of node %u", missing,
			book->node->id);
	else
		refuse(code, error, size, "the flows cannot be set up: %s", strerror(code));
	errno = code;
	return NULL;
}

void
session_adopt(struct session_flow *flows, uint16_t nb_flows, const struct flow_plan *plan)
{
	for (uint16_t i = 0; i < nb_flows; i++) {
		for (uint16_t j = 0; j < plan->nb_flows; j++) {
			if (plan->flows[j].id == flows[i].id)
				flows[i].state = plan->flows[j].state;
		}
		flows[i].base = counter_read(&flows[i].state->packets);
	}
}

int
session_need_source(const struct session_book *book, const struct session_entry *entry, char *error,
	size_t size)
{
	if (entry->source != NULL)
		return 0;
	return refuse(EPERM, error, size,
		"session %u of conference %u does not start at node %u but at node %u: say it "
		"there",
		entry->config->id, entry->config->conference, book->node->id,
		entry->config->source);
}

int
session_publish(struct session_book *book, struct session_entry *entry, struct session_flow *flows,
	uint16_t nb_flows, char *error, size_t size)
{
	struct flow_plan *plan = session_plan(book, entry, flows, nb_flows, error, size);

	if (plan == NULL) {
		int code = errno;

		free(flows);
		return -code;
	}
	node_set_plan(book->node, entry->source, plan);
	session_adopt(flows, nb_flows, plan);
	free(entry->flows);
	entry->flows = flows;
	entry->nb_flows = nb_flows;
	return 0;
}

/* Room for one flow more than there is. */
static struct session_flow *
copy_flows(const struct session_entry *entry, char *error, size_t size)
{
	struct session_flow *flows = calloc((size_t)entry->nb_flows + 1, sizeof(*flows));

	if (flows == NULL) {
		refuse(ENOMEM, error, size, "out of memory");
		return NULL;
	}
	memcpy(flows, entry->flows, entry->nb_flows * sizeof(*flows));
	return flows;
}

int
session_set_weights(struct session_book *book, struct session_entry *entry, const uint32_t *weights,
	unsigned int nb_weights, char *error, size_t size)
{
	struct session_flow *flows;
	uint64_t sum = 0;
	int ret = session_need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (nb_weights != entry->nb_flows)
		return refuse(EINVAL, error, size,
			"%u weight%s given, the session has %u flow%s: give one weight a flow",
			nb_weights, nb_weights == 1 ? "" : "s", entry->nb_flows,
			entry->nb_flows == 1 ? "" : "s");
	for (unsigned int i = 0; i < nb_weights; i++)
		sum += weights[i];
	if (sum == 0)
		return refuse(EINVAL, error, size, "not all weights may be 0");
	flows = copy_flows(entry, error, size);
	if (flows == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < nb_weights; i++)
		flows[i].weight = weights[i];
	return session_publish(book, entry, flows, entry->nb_flows, error, size);
}

/* Payload of the largest packet that the source is known to make; 0 = whatever comes. */
static uint32_t
needed_payload(const struct config_session *session)
{
	if (session->payload != 0)
		return session->payload;
	if (session->ingress.kind == CONFIG_INGRESS_GENERATOR)
		return session->ingress.generator.size;
	return session->ingress.kind == CONFIG_INGRESS_FILE ? session->ingress.size : 0;
}

int
session_check_path(const struct session_book *book, const struct session_entry *entry,
	const struct pathlet_tree *tree, char *error, size_t size)
{
	uint32_t need = needed_payload(entry->config), fits;
	char reason[256];

	if (config_flow_check(book->config, entry->config, tree, reason, sizeof(reason)) != 0)
		return refuse(
			EINVAL, error, size, "this path is not right for the session: %s", reason);
	fits = config_flow_payload(book->config, entry->config, tree);
	if (fits == 0 || fits < need)
		return refuse(EMSGSIZE, error, size,
			"this path leaves %u bytes of its first link's MTU to the payload, the "
			"session needs %u: a shorter path or a larger MTU would be right",
			fits, need == 0 ? 1 : need);
	return 0;
}

uint8_t
session_choose_id(
	const struct session_entry *entry, const struct session_flow *flows, uint16_t nb_flows)
{
	bool taken[SOURCE_FLOWS_MAX] = {false};
	unsigned int id = 0;

	for (uint16_t i = 0; i < nb_flows; i++)
		taken[flows[i].id] = true;
	for (; id < SOURCE_FLOWS_MAX; id++)
		if (!taken[id] && (entry->used_ids[id / 64] >> id % 64 & 1) == 0)
			return (uint8_t)id;
	for (id = 0; taken[id];)
		id++;
	return (uint8_t)id;
}

int
session_flow_add(struct session_book *book, struct session_entry *entry, uint32_t weight,
	const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size)
{
	struct session_flow *flows;
	uint16_t at = 0;
	int ret = session_need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (entry->nb_flows >= SOURCE_FLOWS_MAX)
		return refuse(ENOSPC, error, size,
			"the session has %u flows, which is the most: remove one first",
			entry->nb_flows);
	ret = session_check_path(book, entry, tree, error, size);
	if (ret != 0)
		return ret;
	flows = copy_flows(entry, error, size);
	if (flows == NULL)
		return -ENOMEM;
	*id = session_choose_id(entry, entry->flows, entry->nb_flows);
	while (at < entry->nb_flows && flows[at].id < *id)
		at++;
	memmove(flows + at + 1, flows + at, (entry->nb_flows - at) * sizeof(*flows));
	flows[at] = (struct session_flow){.id = *id, .weight = weight, .tree = *tree};
	ret = session_publish(book, entry, flows, (uint16_t)(entry->nb_flows + 1), error, size);
	if (ret == 0)
		entry->used_ids[*id / 64] |= UINT64_C(1) << *id % 64;
	return ret;
}

int
session_flow_remove(struct session_book *book, struct session_entry *entry, uint8_t id, char *error,
	size_t size)
{
	struct session_flow *flows;
	uint16_t at = 0;
	uint64_t rest = 0;
	int ret = session_need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	while (at < entry->nb_flows && entry->flows[at].id != id)
		at++;
	if (at == entry->nb_flows)
		return refuse(ENOENT, error, size,
			"the session has no flow %u: \"show flows\" tells which it has", id);
	if (entry->nb_flows == 1)
		return refuse(EBUSY, error, size,
			"flow %u is the session's last one: add another first, or stop the session",
			id);
	for (uint16_t i = 0; i < entry->nb_flows; i++)
		rest += i == at ? 0 : entry->flows[i].weight;
	if (rest == 0)
		return refuse(EBUSY, error, size,
			"all other flows have weight 0: give one of them a weight first");
	flows = copy_flows(entry, error, size);
	if (flows == NULL)
		return -ENOMEM;
	memmove(flows + at, flows + at + 1, (entry->nb_flows - at - 1u) * sizeof(*flows));
	return session_publish(book, entry, flows, (uint16_t)(entry->nb_flows - 1), error, size);
}

int
session_refresh(struct session_book *book, struct session_entry *entry, char *error, size_t size)
{
	struct session_flow *flows = copy_flows(entry, error, size);

	return flows == NULL ? -ENOMEM
			     : session_publish(book, entry, flows, entry->nb_flows, error, size);
}

static int
set_running(struct session_book *book, struct session_entry *entry, bool run, bool *changed,
	char *error, size_t size)
{
	int ret = session_need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (run && __atomic_load_n(&entry->source->finished, __ATOMIC_ACQUIRE))
		return refuse(EALREADY, error, size,
			"the source has sent all that it had to send, which happens once in a "
			"node's life: only the node's restart sends it again");
	*changed = source_is_running(entry->source) != run;
	if (!*changed)
		return 0;
	if (run)
		node_start_source(book->node, entry->source);
	else
		node_stop_source(book->node, entry->source);
	return 0;
}

int
session_start(struct session_book *book, struct session_entry *entry, bool *changed, char *error,
	size_t size)
{
	return set_running(book, entry, true, changed, error, size);
}

int
session_stop(struct session_book *book, struct session_entry *entry, bool *changed, char *error,
	size_t size)
{
	return set_running(book, entry, false, changed, error, size);
}
