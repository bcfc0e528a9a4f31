/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "control_lock.h"
#include "telemetry.h"
#include "telemetry_data.h"

/* So that an answer fits telemetry's 16 KiB of text. */
#define IDS_PAGE   256
#define FLOWS_PAGE 32

/* NULL = no node runs. With control_lock. */
static const struct show_view *view;

/*
 * Reads one or more decimal numbers with commas between them; returns how many, -1 if it is none.
 */
static int
read_numbers(const char *text, uint32_t *numbers, int max)
{
	int n = 0;

	if (text == NULL || *text == 0)
		return 0;
	for (;; text++) {
		uint64_t value = 0;

		if (n == max || *text < '0' || *text > '9')
			return -1;
		for (; *text >= '0' && *text <= '9'; text++) {
			value = value * 10 + (uint64_t)(*text - '0');
			if (value > UINT32_MAX)
				return -1;
		}
		numbers[n++] = (uint32_t)value;
		if (*text == 0)
			return n;
		if (*text != ',')
			return -1;
	}
}

/* Items of a list from offset on: the list is taken. */
static json_t *
page_of(json_t *list, uint32_t offset, uint32_t most)
{
	json_t *page = json_array();

	for (size_t i = offset; i < json_array_size(list) && i < (size_t)offset + most; i++)
		json_array_append(page, json_array_get(list, i));
	json_decref(list);
	return page;
}

static void
put_paging(json_t *object, size_t total, uint32_t offset, uint32_t most)
{
	json_object_set_new(object, "total", json_integer((json_int_t)total));
	json_object_set_new(object, "offset", json_integer(offset));
	if ((size_t)offset + most < total)
		json_object_set_new(object, "next", json_integer((json_int_t)offset + most));
}

/* A page of ids; the list is taken. */
static json_t *
ids_page(json_t *ids, const char *params)
{
	json_t *object = json_object();
	uint32_t offset = 0;
	size_t total = json_array_size(ids);

	if (read_numbers(params, &offset, 1) < 0) {
		json_decref(ids);
		json_decref(object);
		return NULL;
	}
	put_paging(object, total, offset, IDS_PAGE);
	json_object_set_new(object, "ids", page_of(ids, offset, IDS_PAGE));
	return object;
}

static json_t *
tel_node(const char *params)
{
	const struct show_filter filter = {0};

	(void)params;
	return show_node(view, &filter);
}

static json_t *
tel_ports(const char *params)
{
	json_t *ids = json_array();

	for (uint16_t i = 0; i < view->node->nb_ports; i++)
		json_array_append_new(ids, json_string(view->node->ports[i]->name));
	return ids_page(ids, params);
}

static json_t *
tel_port(const char *params)
{
	for (uint16_t i = 0; params != NULL && i < view->node->nb_ports; i++) {
		if (strcmp(view->node->ports[i]->name, params) == 0)
			return show_port(view, view->node->ports[i]);
	}
	return NULL;
}

static json_t *
tel_links(const char *params)
{
	json_t *ids = json_array();

	for (uint16_t i = 0; i < view->node->max_links; i++) {
		if (view->node->links[i] != NULL)
			json_array_append_new(ids, json_integer(view->node->links[i]->node_id));
	}
	return ids_page(ids, params);
}

static json_t *
tel_link(const char *params)
{
	const struct link *link;
	uint32_t id;

	if (read_numbers(params, &id, 1) != 1)
		return NULL;
	link = node_find_link(view->node, id);
	return link != NULL ? show_link(view, link) : NULL;
}

static json_t *
tel_sessions(const char *params)
{
	json_t *ids = json_array();

	for (uint32_t i = 0; i < view->sessions->nb_entries; i++) {
		const struct session_entry *entry = view->sessions->entries[i];

		if (entry->source != NULL || entry->destination != NULL)
			json_array_append_new(ids, json_sprintf("%u,%u", entry->config->conference,
							   entry->config->id));
	}
	return ids_page(ids, params);
}

static json_t *
tel_session(const char *params)
{
	const struct session_entry *entry;
	uint32_t ids[2];

	if (read_numbers(params, ids, 2) != 2)
		return NULL;
	entry = session_book_find(view->sessions, ids[0], ids[1]);
	return entry != NULL ? show_session(view, entry) : NULL;
}

/* Both lists, each from the same offset. */
static json_t *
tel_flows(const char *params)
{
	static const char *const lists[] = {"source", "destination"};
	const struct session_entry *entry;
	uint32_t ids[3] = {0};
	size_t total = 0;
	json_t *object;

	if (read_numbers(params, ids, 3) < 2)
		return NULL;
	entry = session_book_find(view->sessions, ids[0], ids[1]);
	if (entry == NULL)
		return NULL;
	object = show_session_flows(view, entry);
	for (size_t i = 0; i < 2; i++) {
		json_t *list = json_object_get(object, lists[i]);

		if (!json_is_array(list))
			continue;
		if (json_array_size(list) > total)
			total = json_array_size(list);
		json_object_set_new(
			object, lists[i], page_of(json_incref(list), ids[2], FLOWS_PAGE));
	}
	put_paging(object, total, ids[2], FLOWS_PAGE);
	return object;
}

static json_t *
tel_drops(const char *params)
{
	struct worker_counters sum;
	json_t *object = json_object();

	(void)params;
	node_counters(view->node, &sum);
	for (int i = DROP_none + 1; i < DROP_COUNT; i++)
		json_object_set_new(object, drop_name((enum drop_reason)i),
			json_integer((json_int_t)sum.drops[i]));
	return object;
}

/* NULL: no such item, or parameters that are not right. */
static const struct {
	const char *name, *help;
	json_t *(*show)(const char *params);
} commands[] = {
	{"/ferry/node", "The node, its workers, its packets. No parameters", tel_node},
	{"/ferry/ports", "Names of ports. Parameters: [OFFSET]", tel_ports},
	{"/ferry/port", "A port. Parameters: NAME", tel_port},
	{"/ferry/links", "NodeIDs of neighbours. Parameters: [OFFSET]", tel_links},
	{"/ferry/link", "A link. Parameters: NODE", tel_link},
	{"/ferry/sessions", "Sessions as CONF,SESSION. Parameters: [OFFSET]", tel_sessions},
	{"/ferry/session", "A session. Parameters: CONF,SESSION", tel_session},
	{"/ferry/flows", "Flows of a session. Parameters: CONF,SESSION[,OFFSET]", tel_flows},
	{"/ferry/drops", "Packets dropped, by reason. No parameters", tel_drops},
};

static int
handle(const char *cmd, const char *params, struct rte_tel_data *d)
{
	json_t *object = NULL;
	int ret = -EINVAL;

	control_lock();
	for (size_t i = 0; view != NULL && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, cmd) == 0)
			object = commands[i].show(params);
	}
	control_unlock();
	if (object != NULL)
		ret = telemetry_data(d, object);
	json_decref(object);
	return ret;
}

int
telemetry_start(const struct show_view *shown)
{
	control_lock();
	view = shown;
	control_unlock();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int ret = rte_telemetry_register_cmd(commands[i].name, handle, commands[i].help);

		if (ret != 0 && ret != -EEXIST)
			return ret;
	}
	return 0;
}

void
telemetry_stop(void)
{
	control_lock();
	view = NULL;
	control_unlock();
}
