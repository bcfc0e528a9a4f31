/* SPDX-License-Identifier: BSD-3-Clause */
/* All flows of a session anew, in one step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "path_text.h"
#include "refuse.h"
#include "session_private.h"

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

static bool
same_path(const struct pathlet_tree *a, const struct pathlet_tree *b)
{
	char left[PATH_TEXT_MAX], right[PATH_TEXT_MAX];

	path_text_format(a, left, sizeof(left));
	path_text_format(b, right, sizeof(right));
	return strcmp(left, right) == 0;
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
		flows[n] = (struct session_flow){.id = session_choose_id(entry, flows, n),
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
	int ret = session_need_source(book, entry, error, size);

	if (ret != 0)
		return ret;
	if (nb_routes == 0 || nb_routes > SOURCE_FLOWS_MAX)
		return refuse(EINVAL, error, size, "%u flows given, a session has 1 to %u",
			nb_routes, SOURCE_FLOWS_MAX);
	for (unsigned int i = 0; ret == 0 && i < nb_routes; i++) {
		sum += routes[i].weight;
		ret = session_check_path(book, entry, &routes[i].tree, error, size);
	}
	if (ret != 0)
		return ret;
	if (sum == 0)
		return refuse(EINVAL, error, size, "not all weights may be 0");
	flows = calloc(nb_routes, sizeof(*flows));
	if (flows == NULL)
		return refuse(ENOMEM, error, size, "out of memory");
	ret = session_publish(book, entry, flows,
		choose_flows(entry, routes, nb_routes, grown, flows), error, size);
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
	int ret = session_need_source(book, entry, error, size);

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
	session_book_recount(book, entry);
	return 0;
}
