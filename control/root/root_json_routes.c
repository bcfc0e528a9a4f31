/* SPDX-License-Identifier: BSD-3-Clause */
/* RoutingList: each entry is a flow; its hop lists are merged into one tree. */
#include <string.h>

#include "path_text.h"
#include "root_json_private.h"

#define HOPS_MAX PATHLET_TREE_MAX_NODES
#define NONE	 UINT32_MAX

/* Nodes with their first child and next sibling; 0 is above the outermost ones. */
struct hops {
	struct hop {
		uint32_t id, child, sibling;
	} hop[HOPS_MAX + 1];
	uint32_t count;
};

/* The child of a hop, made if it is not there. NONE: too many. */
static uint32_t
hops_child(struct hops *hops, uint32_t parent, uint32_t id)
{
	uint32_t *at = &hops->hop[parent].child;

	while (*at != NONE && hops->hop[*at].id != id)
		at = &hops->hop[*at].sibling;
	if (*at != NONE)
		return *at;
	if (hops->count > HOPS_MAX)
		return NONE;
	*at = hops->count;
	hops->hop[hops->count] = (struct hop){id, NONE, NONE};
	return hops->count++;
}

/* "2>4": false if it is none, or does not fit. */
static bool
hops_add(struct hops *hops, const char *text)
{
	uint32_t at = 0;

	for (;;) {
		uint64_t id = 0;

		text += strspn(text, " ");
		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9' && id <= NODE_ID_MAX; text++)
			id = id * 10 + (uint64_t)(*text - '0');
		if (id == 0 || id > NODE_ID_MAX)
			return false;
		at = hops_child(hops, at, (uint32_t)id);
		if (at == NONE)
			return false;
		text += strspn(text, " ");
		if (*text == 0)
			return true;
		if (*text++ != '>')
			return false;
	}
}

static bool
is_destination(const json_t *session, uint32_t id)
{
	const json_t *destinations = json_object_get(session, "DstNodes"), *value;
	uint64_t destination;
	size_t i;

	json_array_foreach(destinations, i, value)
	{
		if (root_json_id(value, NODE_ID_MAX, &destination) && destination == id)
			return true;
	}
	return false;
}

/* At most HOPS_MAX deep. */
static void
hops_print(FILE *out, const struct hops *hops, uint32_t parent, const json_t *session)
{
	uint32_t first = hops->hop[parent].child;
	bool several = hops->hop[first].sibling != NONE;

	fputs(several ? "(" : "", out);
	for (uint32_t i = first; i != NONE; i = hops->hop[i].sibling) {
		fprintf(out, "%s%u%s", i == first ? "" : ", ", hops->hop[i].id,
			is_destination(session, hops->hop[i].id) ? "*" : "");
		if (hops->hop[i].child != NONE) {
			fputs(" > ", out);
			hops_print(out, hops, i, session);
		}
	}
	fputs(several ? ")" : "", out);
}

static void
put_route(struct root_json *json, const json_t *session, const json_t *entry)
{
	static const char *const keys[] = {"FlowWeight", "PathList", NULL};
	const json_t *weight, *paths, *value;
	struct hops hops = {.hop[0] = {0, NONE, NONE}, .count = 1};
	size_t before = json->errors->count;
	size_t i;

	if (!root_json_keys(json, entry, session, keys))
		return;
	weight = json_object_get(entry, "FlowWeight");
	paths = json_object_get(entry, "PathList");
	if (!json_is_integer(weight) || json_integer_value(weight) < 0 ||
		json_integer_value(weight) > PATH_WEIGHT_MAX)
		root_json_want(json, entry, "FlowWeight", "an integer from 0 to 1000000");
	if (!json_is_array(paths) || json_array_size(paths) == 0)
		root_json_want(
			json, entry, "PathList", "a list of paths, as [ \"2\", \"2>4\", \"3>4\" ]");
	json_array_foreach(paths, i, value)
	{
		const char *text = json_string_value(value);

		if (text == NULL || !hops_add(&hops, text))
			root_json_fail(json, entry,
				"PathList, path %zu is %s%.80s%s, it must be NodeIDs with '>' "
				"between them, as \"2>4\", and all together at most %u hops",
				i + 1, text != NULL ? "\"" : "", text != NULL ? text : "no text",
				text != NULL ? "\"" : "", (unsigned int)HOPS_MAX);
	}
	if (json->errors->count != before)
		return;
	root_json_go(json, root_json_line(json, entry));
	fprintf(json->out, " { weight = %lld; path = \"", (long long)json_integer_value(weight));
	hops_print(json->out, &hops, 0, session);
	fputs("\"; }", json->out);
}

void
root_json_routes(struct root_json *json, const json_t *session)
{
	const json_t *list = json_object_get(session, "RoutingList"), *entry;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0) {
		root_json_want(json, session, "RoutingList",
			"a list of { \"FlowWeight\": ..., \"PathList\": [ ... ] }");
		return;
	}
	fputs(" flows = (", json->out);
	json_array_foreach(list, i, entry)
	{
		if (i > 0)
			fputs(",", json->out);
		put_route(json, session, entry);
	}
	fputs(" );", json->out);
}
