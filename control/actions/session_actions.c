/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "path_text.h"
#include "session_actions.h"

static int refuse(int code, char *error, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int
refuse(int code, char *error, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -code;
}

/* All Pathlets of a tree in a row, as a source holds them. 0 if they do not fit. */
static size_t
encode_routing(const struct pathlet_tree *tree, uint8_t *bytes, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < tree->count; i = pathlet_tree_next(tree, i)) {
		size_t len = pathlet_tree_encode(tree, i, bytes + used, size - used);

		if (len == 0)
			return 0;
		used += len;
	}
	return used;
}

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
		params[i].routing_len = (uint16_t)encode_routing(
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

static int
need_source(const struct session_book *book, const struct session_entry *entry, char *error,
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

/* Publishes flows (a copy of the entry's, changed), which then are the entry's. */
static int
publish(struct session_book *book, struct session_entry *entry, struct session_flow *flows,
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
	int ret = need_source(book, entry, error, size);

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
	return publish(book, entry, flows, entry->nb_flows, error, size);
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

/* As at start: the path is right for the session, and leaves room for its packets. */
static int
check_path(const struct session_book *book, const struct session_entry *entry,
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

/* An id for a new flow; there is a free one. */
static uint8_t
choose_id(const struct session_entry *entry)
{
	uint16_t at = 0;

	for (unsigned int id = 0; id < SOURCE_FLOWS_MAX; id++) {
		if ((entry->used_ids[id / 64] >> id % 64 & 1) == 0)
			return (uint8_t)id;
	}
	while (at < entry->nb_flows && entry->flows[at].id == at)
		at++;
	return (uint8_t)at;
}

int
session_flow_add(struct session_book *book, struct session_entry *entry, uint32_t weight,
	const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size)
{
	struct session_flow *flows;
	uint16_t at = 0;
	int ret = need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (entry->nb_flows >= SOURCE_FLOWS_MAX)
		return refuse(ENOSPC, error, size,
			"the session has %u flows, which is the most: remove one first",
			entry->nb_flows);
	ret = check_path(book, entry, tree, error, size);
	if (ret != 0)
		return ret;
	flows = copy_flows(entry, error, size);
	if (flows == NULL)
		return -ENOMEM;
	*id = choose_id(entry);
	while (at < entry->nb_flows && flows[at].id < *id)
		at++;
	memmove(flows + at + 1, flows + at, (entry->nb_flows - at) * sizeof(*flows));
	flows[at] = (struct session_flow){.id = *id, .weight = weight, .tree = *tree};
	ret = publish(book, entry, flows, (uint16_t)(entry->nb_flows + 1), error, size);
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
	int ret = need_source(book, entry, error, size);

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
	return publish(book, entry, flows, (uint16_t)(entry->nb_flows - 1), error, size);
}

/* One "WEIGHT PATH" of len bytes; -1 with error. */
static int
parse_route(const char *text, size_t len, struct session_route *route, char *error, size_t size)
{
	struct path_text_error fault;
	char part[PATH_TEXT_MAX];
	char *path;
	unsigned long weight;

	if (len >= sizeof(part)) {
		snprintf(error, size, "a route is longer than a path can be");
		return -1;
	}
	memcpy(part, text, len);
	part[len] = 0;
	weight = strtoul(part, &path, 10);
	while (*path == ' ')
		path++;
	if (part[strspn(part, " ")] < '0' || part[strspn(part, " ")] > '9' ||
		weight > PATH_WEIGHT_MAX || *path == 0 || path[-1] != ' ') {
		snprintf(error, size,
			"route \"%.128s\" does not begin with a weight, 0 to %u, and a blank: "
			"right "
			"is, for two flows, '25 5 > 2; 75 6 > 2'",
			part, PATH_WEIGHT_MAX);
		return -1;
	}
	route->weight = (uint32_t)weight;
	if (path_text_parse(path, &route->tree, &fault) == 0)
		return 0;
	snprintf(error, size, "path \"%.128s\", column %u: %s", path, fault.column, fault.text);
	return -1;
}

int
session_routes_parse(
	const char *text, struct session_route *routes, unsigned int max, char *error, size_t size)
{
	unsigned int n = 0;

	for (const char *at = text, *end;; at = end + 1) {
		end = strchrnul(at, ';');
		if (n == max) {
			snprintf(error, size, "there are more than %u routes", max);
			return -1;
		}
		if (parse_route(at, (size_t)(end - at), &routes[n++], error, size) < 0)
			return -1;
		if (*end == 0)
			return (int)n;
	}
}

int
session_refresh(struct session_book *book, struct session_entry *entry, char *error, size_t size)
{
	struct session_flow *flows = copy_flows(entry, error, size);

	return flows == NULL ? -ENOMEM : publish(book, entry, flows, entry->nb_flows, error, size);
}

static bool
same_path(const struct pathlet_tree *a, const struct pathlet_tree *b)
{
	char left[PATH_TEXT_MAX], right[PATH_TEXT_MAX];

	path_text_format(a, left, sizeof(left));
	path_text_format(b, right, sizeof(right));
	return strcmp(left, right) == 0;
}

/* The lowest id that is neither used nor among those chosen; there is one. */
static uint8_t
choose_other(const struct session_entry *entry, const struct session_flow *flows, uint16_t nb_flows)
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

static int
by_id(const void *a, const void *b)
{
	return (int)((const struct session_flow *)a)->id -
	       (int)((const struct session_flow *)b)->id;
}

/*
 * Flows that stay first, so that no new one takes their ids. Returns how many there are. grown: the
 * trees have other destinations, so those of no other flow's path are the others' in their order.
 */
static uint16_t
choose_flows(const struct session_entry *entry, const struct session_route *routes,
	unsigned int nb_routes, bool grown, struct session_flow *flows)
{
	bool placed[SOURCE_FLOWS_MAX] = {false}, kept[SOURCE_FLOWS_MAX] = {false};
	uint16_t n = 0;

	for (int pass = 0; pass < (grown ? 2 : 1); pass++) {
		for (uint16_t k = 0; k < entry->nb_flows; k++) {
			for (unsigned int i = 0; i < nb_routes && !kept[k]; i++) {
				if (placed[i] || (pass == 0 && !same_path(&entry->flows[k].tree,
								       &routes[i].tree)))
					continue;
				placed[i] = kept[k] = true;
				flows[n] = entry->flows[k];
				flows[n].tree = routes[i].tree;
				flows[n++].weight = routes[i].weight;
			}
		}
	}
	for (unsigned int i = 0; i < nb_routes; i++) {
		if (placed[i])
			continue;
		flows[n] = (struct session_flow){.id = choose_other(entry, flows, n),
			.weight = routes[i].weight,
			.tree = routes[i].tree};
		n++;
	}
	qsort(flows, n, sizeof(*flows), by_id);
	return n;
}

static int
set_routes(struct session_book *book, struct session_entry *entry,
	const struct session_route *routes, unsigned int nb_routes, bool grown, char *error,
	size_t size)
{
	struct session_flow *flows;
	uint64_t sum = 0;
	int ret = need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (nb_routes == 0 || nb_routes > SOURCE_FLOWS_MAX)
		return refuse(EINVAL, error, size, "%u flows given, a session has 1 to %u",
			nb_routes, SOURCE_FLOWS_MAX);
	for (unsigned int i = 0; ret == 0 && i < nb_routes; i++) {
		sum += routes[i].weight;
		ret = check_path(book, entry, &routes[i].tree, error, size);
	}
	if (ret != 0)
		return ret;
	if (sum == 0)
		return refuse(EINVAL, error, size, "not all weights may be 0");
	flows = calloc(nb_routes, sizeof(*flows));
	if (flows == NULL)
		return refuse(ENOMEM, error, size, "out of memory");
	ret = publish(book, entry, flows, choose_flows(entry, routes, nb_routes, grown, flows),
		error, size);
	for (uint16_t i = 0; ret == 0 && i < entry->nb_flows; i++)
		entry->used_ids[entry->flows[i].id / 64] |= UINT64_C(1) << entry->flows[i].id % 64;
	return ret;
}

int
session_set_routes(struct session_book *book, struct session_entry *entry,
	const struct session_route *routes, unsigned int nb_routes, char *error, size_t size)
{
	return set_routes(book, entry, routes, nb_routes, false, error, size);
}

static int
set_configured_routes(
	struct session_book *book, struct session_entry *entry, char *error, size_t size)
{
	const struct config_session *config = entry->config;
	struct session_route *routes = calloc((size_t)config->flow_count + 1, sizeof(*routes));
	int ret;

	if (routes == NULL)
		return refuse(ENOMEM, error, size, "out of memory");
	for (uint32_t i = 0; i < config->flow_count; i++)
		routes[i] = (struct session_route){config->flows[i].weight, config->flows[i].tree};
	ret = set_routes(book, entry, routes, config->flow_count, true, error, size);
	free(routes);
	return ret;
}

int
session_set_ends(struct session_book *book, struct session_entry *entry, const char *text,
	char *error, size_t size)
{
	const struct config_session *before = entry->config;
	struct config_memory *memory;
	struct config_session *config;
	int ret = need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (entry->memory == NULL)
		return refuse(EPERM, error, size,
			"session %u of conference %u is one of the configuration file: change it "
			"there",
			before->id, before->conference);
	config = config_text_session(book->config, before->conference, text, &memory, error, size);
	if (config == NULL)
		return -EINVAL;
	/* What the source reads of it, a generator's frames, stays where it is. */
	config->ingress = before->ingress;
	entry->config = config;
	ret = set_configured_routes(book, entry, error, size);
	if (ret != 0) {
		entry->config = before;
		config_memory_free(memory);
		return ret;
	}
	config_memory_free(entry->later);
	entry->later = memory;
	return 0;
}

static int
set_running(struct session_book *book, struct session_entry *entry, bool run, bool *changed,
	char *error, size_t size)
{
	int ret = need_source(book, entry, error, size);

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
	if (book->on_run != NULL)
		book->on_run(book->on_run_ctx, entry, run);
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
