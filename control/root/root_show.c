/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "host_text.h"
#include "mgmt.h"
#include "path_text.h"
#include "root.h"
#include "root_plan.h"
#include "xml_utf8.h"

static json_t *
show_time(int64_t ms)
{
	char text[CONFIG_TIME_TEXT];

	return ms != 0 ? json_string(config_time_text(ms, text)) : json_null();
}

static json_t *
show_name(const struct root *root, uint32_t id)
{
	char name[CONFIG_NAME_MAX + 16];

	return json_string(root_nodes_name(&root->nodes, id, name, sizeof(name)));
}

static const char *
node_state(const struct root_node *node)
{
	if (!node->up)
		return "away";
	return node->greeted ? "up" : "connected";
}

static json_t *
show_text(const char *text)
{
	return text[0] != 0 ? json_string(text) : json_null();
}

/* A path may have any bytes. */
static json_t *
show_path(const char *path)
{
	json_t *text = json_string(path);
	char *plain;

	if (text != NULL)
		return text;
	plain = calloc(strlen(path) + 1, 1);
	if (plain == NULL)
		return json_null();
	text = json_string(xml_utf8_copy(plain, strlen(path) + 1, path));
	free(plain);
	return text;
}

static json_t *
show_endpoint(const char *host, uint16_t port)
{
	char text[ROOT_HOST_MAX + HOST_PORT_MORE];

	if (host[0] == 0)
		return json_null();
	return json_string(host_port_text(host, port, text, sizeof(text)));
}

static json_t *
show_node(const struct root_node *node)
{
	const struct root_place *place = node->place;

	return json_pack("{s:I, s:s, s:s?, s:s?, s:s, s:o, s:o, s:o, s:o, s:I, s:I}", "id",
		(json_int_t)node->id, "name", node->name, "role",
		place != NULL ? root_role_name(place->role) : NULL, "parent",
		place != NULL ? place->parent : NULL, "state", node_state(node), "connected_to",
		show_text(node->parent), "since", show_time(node->since), "server",
		show_endpoint(node->server, node->server_port), "client",
		show_endpoint(node->client, node->client_port), "peers",
		(json_int_t)(place != NULL ? place->peer_count : 0), "hellos",
		(json_int_t)node->hellos);
}

json_t *
root_show_nodes(const struct root *root)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < root->nodes.count; i++)
		json_array_append_new(list, show_node(root->nodes.list[i]));
	return list;
}

/* Nodes that are in the tree, by what they are connected to. */
struct connected {
	const struct root_node **list;
	uint32_t count;
};

static int
compare_parents(const void *a, const void *b)
{
	const struct root_node *first = *(const struct root_node *const *)a;
	const struct root_node *second = *(const struct root_node *const *)b;
	int order = strcmp(first->parent, second->parent);

	if (order != 0)
		return order;
	return first->id < second->id ? -1 : first->id > second->id;
}

static void
find_connected(const struct root *root, struct connected *up)
{
	up->list = calloc((size_t)root->nodes.count + 1, sizeof(*up->list));
	if (up->list == NULL)
		err(1, "nodes");
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		if (root->nodes.list[i]->up)
			up->list[up->count++] = root->nodes.list[i];
	}
	qsort(up->list, up->count, sizeof(const struct root_node *), compare_parents);
}

/* The first of a parent, or where it would be. */
static uint32_t
first_below(const struct connected *up, const char *parent)
{
	uint32_t low = 0, high = up->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (strcmp(up->list[middle]->parent, parent) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What is connected to parent now, and below. */
static json_t *
show_below(const struct connected *up, const char *parent, int depth)
{
	json_t *list = json_array();

	if (depth > ROOT_DEPTH_MAX)
		return list;
	for (uint32_t i = first_below(up, parent);
		i < up->count && strcmp(up->list[i]->parent, parent) == 0; i++) {
		const struct root_node *node = up->list[i];

		json_array_append_new(list,
			json_pack("{s:s, s:I, s:s?, s:s, s:b, s:o}", "name", node->name, "id",
				(json_int_t)node->id, "role",
				node->place != NULL ? root_role_name(node->place->role) : NULL,
				"state", node_state(node), "in_place",
				node->place != NULL && strcmp(node->place->parent, parent) == 0,
				"children", show_below(up, node->name, depth + 1)));
	}
	return list;
}

/* The root program's own; null: without TLS there is none. */
static json_t *
show_certificate(const struct root *root)
{
	int64_t until;

	return root->mgmt != NULL && mgmt_certificate_until(root->mgmt, &until)
		       ? show_time(until * 1000)
		       : json_null();
}

json_t *
root_show_tree(const struct root *root)
{
	struct connected up = {0};
	json_t *away = json_array(), *tree;

	find_connected(root, &up);
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		const struct root_node *node = root->nodes.list[i];

		if (!node->up && node->place != NULL)
			json_array_append_new(away, json_string(node->name));
	}
	tree = json_pack("{s:s, s:o, s:o, s:o}", "name", ROOT_SELF, "children",
		show_below(&up, ROOT_SELF, 1), "away", away, "certificate_until",
		show_certificate(root));
	free(up.list);
	return tree;
}

json_t *
root_show_conferences(const struct root *root)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < root->book.count; i++) {
		const struct root_conference *conference = root->book.conferences[i];
		json_t *present = json_array();
		uint32_t count, states[ROOT_ENDED + 1] = {0};
		uint32_t *nodes = root_book_present(conference, &count);

		for (uint32_t j = 0; j < count; j++)
			json_array_append_new(present, show_name(root, nodes[j]));
		free(nodes);
		for (uint32_t j = 0; j < conference->session_count; j++)
			states[conference->sessions[j]->state]++;
		json_array_append_new(
			list, json_pack("{s:I, s:s, s:o, s:o, s:I, s:I, s:o, s:o}", "conference",
				      (json_int_t)conference->config->id, "name",
				      conference->config->name, "starts",
				      show_time(conference->config->starts), "ends",
				      show_time(conference->config->ends), "sessions",
				      (json_int_t)conference->session_count, "running",
				      (json_int_t)states[ROOT_RUNNING], "present", present,
				      "origin", show_path(conference->origin)));
	}
	return list;
}

static json_t *
show_flows(const struct config_session *session)
{
	json_t *list = json_array();
	char path[PATH_TEXT_MAX];

	for (uint32_t i = 0; i < session->flow_count; i++) {
		const struct config_flow *flow = &session->flows[i];

		path_text_format(&flow->tree, path, sizeof(path));
		json_array_append_new(
			list, json_pack("{s:I, s:I, s:s}", "flow", (json_int_t)flow->id, "weight",
				      (json_int_t)flow->weight, "path", path));
	}
	return list;
}

static json_t *
show_destinations(const struct root *root, const struct root_session *session)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < session->config->destination_count; i++)
		json_array_append_new(list, show_name(root, session->config->destinations[i]));
	return list;
}

static json_t *
show_session(const struct root *root, const struct root_session *session)
{
	const struct config_session *config = session->config;

	return json_pack("{s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"conference", (json_int_t)config->conference, "session", (json_int_t)config->id,
		"name", config->name, "state", root_state_name(session->state), "since",
		show_time(session->since), "starts", show_time(root_session_starts(session)),
		"ends", show_time(root_session_ends(session)), "source",
		show_name(root, config->source), "destinations", show_destinations(root, session),
		"limit_bps",
		config->rate != 0 ? json_integer((json_int_t)config->rate) : json_null(), "flows",
		show_flows(config), "nodes", root_install_show(root, session));
}

json_t *
root_show_sessions(const struct root *root, const struct root_conference *conference,
	const struct root_session *session)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < root->book.count; i++) {
		const struct root_conference *each = root->book.conferences[i];

		for (uint32_t j = 0; j < each->session_count; j++) {
			if ((conference == NULL || conference == each) &&
				(session == NULL || session == each->sessions[j]))
				json_array_append_new(list, show_session(root, each->sessions[j]));
		}
	}
	return list;
}
