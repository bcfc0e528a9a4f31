/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "root_nodes.h"

#define TOPOLOGY "topology" /* the file's places, as last taken */

static int __attribute__((format(printf, 2, 3))) fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ROOT_ERROR_MAX, format, args);
	va_end(args);
	return -1;
}

/* Where a name stands among the names, or where it would. */
static uint32_t
name_place(const struct root_nodes *nodes, const char *name)
{
	uint32_t low = 0, high = nodes->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (strcmp(nodes->names[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct root_node *
root_nodes_find(const struct root_nodes *nodes, const char *name)
{
	uint32_t i = name_place(nodes, name);

	return i < nodes->count && strcmp(nodes->names[i]->name, name) == 0 ? nodes->names[i]
									    : NULL;
}

struct root_node *
root_nodes_by_id(const struct root_nodes *nodes, uint32_t id)
{
	uint32_t low = 0, high = nodes->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (nodes->list[middle]->id == id)
			return nodes->list[middle];
		if (nodes->list[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
root_nodes_name(const struct root_nodes *nodes, uint32_t id, char *buf, size_t size)
{
	const struct root_node *node = root_nodes_by_id(nodes, id);

	if (node != NULL)
		snprintf(buf, size, "%s", node->name);
	else
		snprintf(buf, size, "node %u", id);
	return buf;
}

static int
add_node(void *ctx, uint32_t id, const char *name)
{
	struct root_nodes *nodes = ctx;
	struct root_node *node = calloc(1, sizeof(*node));
	uint32_t i = nodes->count, k = name_place(nodes, name);
	size_t bytes = ((size_t)nodes->count + 1) * sizeof(*nodes->list);

	nodes->list = realloc(nodes->list, bytes);
	nodes->names = realloc(nodes->names, bytes);
	if (node == NULL || nodes->list == NULL || nodes->names == NULL)
		err(1, "nodes");
	node->id = id;
	snprintf(node->name, sizeof(node->name), "%s", name);
	for (; i > 0 && nodes->list[i - 1]->id > id; i--)
		nodes->list[i] = nodes->list[i - 1];
	nodes->list[i] = node;
	memmove(&nodes->names[k + 1], &nodes->names[k], (nodes->count - k) * sizeof(*nodes->names));
	nodes->names[k] = node;
	nodes->count++;
	return 0;
}

struct loading {
	struct root_nodes *nodes;
	char *error;
};

static int
load_place(void *ctx, const char *name, const char *text)
{
	struct loading *loading = ctx;
	struct root_node *node = root_nodes_find(loading->nodes, name);
	struct config_errors errs = {0};
	struct root_config *owner = root_places_load_string("store", text, strlen(text), &errs);

	config_errors_free(&errs);
	if (node == NULL || owner == NULL || owner->place_count != 1) {
		root_config_free(owner);
		return fail(loading->error, "the store's place of node \"%s\" is none", name);
	}
	root_config_free(node->owner);
	node->owner = owner;
	node->place = owner->places;
	return 0;
}

static int
load_places(struct root_nodes *nodes, char *error)
{
	struct loading loading = {nodes, error};
	int ret;

	for (uint32_t i = 0; i < nodes->count; i++) {
		root_config_free(nodes->list[i]->owner);
		nodes->list[i]->owner = NULL;
		nodes->list[i]->place = NULL;
	}
	error[0] = 0;
	ret = root_store_places(nodes->store, load_place, &loading);
	root_nodes_index(nodes);
	if (ret == 0)
		return 0;
	return error[0] != 0 ? -1 : fail(error, "%s", root_store_error(nodes->store));
}

bool
root_host_valid(const char *host)
{
	struct underlay_addr address;

	return strlen(host) <= ROOT_HOST_MAX && underlay_addr_parse(host, &address);
}

int
root_nodes_load(struct root_nodes *nodes, struct root_store *store, char *error)
{
	nodes->store = store;
	if (root_store_nodes(store, add_node, nodes) != 0)
		return fail(error, "%s", root_store_error(store));
	for (uint32_t i = 0; i < nodes->count; i++)
		root_nodes_load_server(nodes, nodes->list[i]);
	return load_places(nodes, error);
}

void
root_nodes_of_file(struct root_nodes *nodes, const struct root_config *config)
{
	for (uint32_t i = 0; i < config->place_count; i++) {
		const struct root_place *place = &config->places[i];

		if (place->id == 0) {
			nodes->others = true;
			continue;
		}
		add_node(nodes, place->id, place->name);
		root_nodes_by_id(nodes, place->id)->place = place;
	}
}

void
root_nodes_free(struct root_nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		root_config_free(nodes->list[i]->owner);
		free(nodes->list[i]);
	}
	free(nodes->list);
	free(nodes->names);
	free(nodes->children);
	*nodes = (struct root_nodes){0};
}

struct root_node *
root_nodes_know(struct root_nodes *nodes, const char *name, char *error)
{
	struct root_node *node = root_nodes_find(nodes, name);
	uint32_t id;

	if (node != NULL)
		return node;
	if (strlen(name) > CONFIG_NAME_MAX) {
		fail(error, "the name \"%.80s\" is longer than %d characters", name,
			CONFIG_NAME_MAX);
		return NULL;
	}
	if (root_store_node(nodes->store, name, 0, &id) != 0) {
		fail(error, "%s", root_store_error(nodes->store));
		return NULL;
	}
	add_node(nodes, id, name);
	return root_nodes_by_id(nodes, id);
}

static char *
place_text(const struct root_place *place)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		err(1, "nodes");
	root_place_print(place, out);
	if (fclose(out) != 0)
		err(1, "nodes");
	return text;
}

/* The file's places in one text. */
static char *
file_text(const struct root_config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		err(1, "nodes");
	for (uint32_t i = 0; i < config->place_count; i++)
		root_place_print(&config->places[i], out);
	if (fclose(out) != 0)
		err(1, "nodes");
	return text;
}

/* Ids that the file gives before those that it leaves to us. */
static int
store_ids(struct root_nodes *nodes, const struct root_config *config, bool given,
	struct config_errors *errs, char *error)
{
	uint32_t id;
	int ret;

	for (uint32_t i = 0; i < config->place_count; i++) {
		const struct root_place *place = &config->places[i];

		if ((place->id != 0) != given)
			continue;
		ret = root_store_node(nodes->store, place->name, place->id, &id);
		if (ret < 0)
			return fail(error, "%s", root_store_error(nodes->store));
		if (ret > 0)
			config_errors_add(
				errs, &place->where, "%s", root_store_error(nodes->store));
	}
	return errs->count == 0 ? 0 : -1;
}

static int
store_places(
	struct root_nodes *nodes, const struct root_config *config, const char *text, char *error)
{
	int ret = root_store_places_clear(nodes->store);

	for (uint32_t i = 0; ret == 0 && i < config->place_count; i++) {
		char *place = place_text(&config->places[i]);

		ret = root_store_place_put(nodes->store, config->places[i].name, place);
		free(place);
	}
	if (ret == 0)
		ret = root_store_set(nodes->store, TOPOLOGY, text);
	return ret == 0 ? 0 : fail(error, "%s", root_store_error(nodes->store));
}

static int
add_missing(void *ctx, uint32_t id, const char *name)
{
	return root_nodes_by_id(ctx, id) != NULL ? 0 : add_node(ctx, id, name);
}

static int
take_file(struct root_nodes *nodes, const struct root_config *config, const char *text,
	struct config_errors *errs, char *error)
{
	if (root_store_begin(nodes->store) != 0)
		return fail(error, "%s", root_store_error(nodes->store));
	if (store_ids(nodes, config, true, errs, error) != 0 ||
		store_ids(nodes, config, false, errs, error) != 0 ||
		store_places(nodes, config, text, error) != 0) {
		root_store_rollback(nodes->store);
		return -1;
	}
	if (root_store_commit(nodes->store) != 0 ||
		root_store_nodes(nodes->store, add_missing, nodes) != 0)
		return fail(error, "%s", root_store_error(nodes->store));
	return load_places(nodes, error);
}

int
root_nodes_sync(struct root_nodes *nodes, const struct root_config *config, bool *changed,
	struct config_errors *errs, char *error)
{
	char *text = file_text(config), *before;
	int ret = 0;

	if (root_store_get(nodes->store, TOPOLOGY, &before) != 0) {
		free(text);
		return fail(error, "%s", root_store_error(nodes->store));
	}
	*changed = before == NULL || strcmp(before, text) != 0;
	if (*changed)
		ret = take_file(nodes, config, text, errs, error);
	free(before);
	free(text);
	return ret;
}

static int
see_node(void *ctx, uint32_t id, const char *name)
{
	struct root_node *node = root_nodes_by_id(ctx, id);

	(void)name;
	if (node != NULL)
		node->seen = true;
	return 0;
}

int
root_nodes_undo(struct root_nodes *nodes, char *error)
{
	uint32_t kept = 0, named = 0;

	for (uint32_t i = 0; i < nodes->count; i++)
		nodes->list[i]->seen = false;
	if (root_store_nodes(nodes->store, see_node, nodes) != 0)
		return fail(error, "%s", root_store_error(nodes->store));
	for (uint32_t i = 0; i < nodes->count; i++) {
		if (nodes->names[i]->seen)
			nodes->names[named++] = nodes->names[i];
	}
	for (uint32_t i = 0; i < nodes->count; i++) {
		if (nodes->list[i]->seen) {
			nodes->list[kept++] = nodes->list[i];
			continue;
		}
		root_config_free(nodes->list[i]->owner);
		free(nodes->list[i]);
	}
	nodes->count = kept;
	return load_places(nodes, error);
}

/* Steps up from a node to another, or to ROOT_SELF; 0: that is not above it. */
static unsigned int
steps_up(const struct root_nodes *nodes, const struct root_node *below, const char *above)
{
	for (unsigned int steps = 1; steps <= ROOT_DEPTH_MAX; steps++) {
		if (below == NULL || below->place == NULL)
			return 0;
		if (strcmp(below->place->parent, above) == 0)
			return steps;
		below = root_nodes_find(nodes, below->place->parent);
	}
	return 0;
}

bool
root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above)
{
	return steps_up(nodes, below, above) > 0;
}

/* Of the node below a parent (NULL = ^), how deep is what is the deepest of it and below it? */
static unsigned int
depth_below(const struct root_nodes *nodes, const struct root_node *node,
	const struct root_node *parent)
{
	unsigned int most = 0;

	for (uint32_t i = 0; i < nodes->count; i++) {
		unsigned int steps = steps_up(nodes, nodes->list[i], node->name);

		most = steps > most ? steps : most;
	}
	return most + 1 + (parent != NULL ? steps_up(nodes, parent, ROOT_SELF) : 0);
}

int
root_nodes_set_parent(
	struct root_nodes *nodes, struct root_node *node, const char *parent, char *error)
{
	bool self = strcmp(parent, ROOT_SELF) == 0;
	const struct root_node *above = self ? NULL : root_nodes_find(nodes, parent);
	struct root_place place;
	struct loading loading = {nodes, error};
	char *text;
	int ret;

	if (node->place == NULL)
		return fail(error, "node \"%s\" has no place in the topology", node->name);
	if (!self && (above == NULL || above->place == NULL))
		return fail(error, "\"%.64s\" is not a node of the topology, it must be one, or ^",
			parent);
	if (!self && above->place->role == ROOT_ROLE_LEAF)
		return fail(error, "\"%s\" is a leaf, it must be a root or a relay", above->name);
	if (!self && (above == node || root_nodes_is_below(nodes, above, node->name)))
		return fail(error, "\"%s\" is below \"%s\" itself, it must not be", above->name,
			node->name);
	if (!self && node->place->role == ROOT_ROLE_ROOT)
		return fail(error, "\"%s\" has the role root, its parent must be ^", node->name);
	if (depth_below(nodes, node, above) > ROOT_DEPTH_MAX)
		return fail(error,
			"below \"%s\" it, or a node below it, would be %u nodes below ^, it must "
			"be "
			"%d at most",
			parent, depth_below(nodes, node, above), ROOT_DEPTH_MAX);
	place = *node->place;
	snprintf(place.parent, sizeof(place.parent), "%s", parent);
	text = place_text(&place);
	ret = root_store_place_put(nodes->store, node->name, text);
	if (ret != 0)
		ret = fail(error, "%s", root_store_error(nodes->store));
	else
		ret = load_place(&loading, node->name, text);
	root_nodes_index(nodes);
	free(text);
	return ret;
}
