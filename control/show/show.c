/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <rte_ether.h>

#include "show_private.h"

const struct show_item show_items[] = {
	{"node", "the node, its workers, its packets", false, show_node},
	{"ports", "devices", false, show_ports},
	{"links", "neighbouring nodes", false, show_links},
	{"sessions", "sessions that start or end here", true, show_sessions},
	{"flows", "the flows of sessions", true, show_flows},
	{"forwarding", "sessions that this node was told of", false, show_forwarding},
	{"feeders", "what waits for paced links", false, show_feeders},
	{"drops", "packets that went no further, by reason", false, show_drops},
	{"underlay", "what became of ARP, neighbour discovery, ICMP", false, show_underlay},
	{"load", "how workers spend their time", false, show_load},
	{"management", "the root's tree: parent, children, messages", false, show_management},
	{"all", "all of these", false, show_all},
	{NULL, NULL, false, NULL},
};

const struct show_item *
show_find(const char *name)
{
	for (const struct show_item *item = show_items; item->name != NULL; item++) {
		if (strcmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

json_t *
show_number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *
show_count(const uint64_t *counter)
{
	return show_number(counter_read(counter));
}

json_t *
show_real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *
show_whole(double value)
{
	return isfinite(value) ? json_integer((json_int_t)value) : json_null();
}

double
show_per_second(const struct rate *rate, double factor)
{
	return rate->known ? rate->per_second * factor : (double)NAN;
}

json_t *
show_rate(const struct rate *rate, double factor)
{
	return show_real(show_per_second(rate, factor));
}

json_t *
show_share(uint64_t part, uint64_t whole)
{
	return whole == 0 ? json_null() : show_real((double)part / (double)whole);
}

json_t *
show_address(const struct address *address)
{
	const struct underlay_addr addr = underlay_addr_from(address);
	char text[UNDERLAY_ADDR_TEXT_MAX];

	return json_string(underlay_addr_text(&addr, text));
}

json_t *
show_mac(const struct rte_ether_addr *mac)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac->addr_bytes[0],
		mac->addr_bytes[1], mac->addr_bytes[2], mac->addr_bytes[3], mac->addr_bytes[4],
		mac->addr_bytes[5]);
	return json_string(text);
}

uint64_t
show_now(const struct show_view *view)
{
	if (view->hooks.clock != NULL)
		return view->hooks.clock(view->hooks.ctx);
	return tsc_clock_now(&view->node->tsc);
}

json_t *
show_since(const struct show_view *view, uint64_t then)
{
	uint64_t now = show_now(view);

	if (then == 0)
		return json_null();
	/* A worker may have read the clock after us. */
	return show_real(now > then ? (double)(now - then) / 1e9 : 0);
}

const char *
show_node_name(const struct show_view *view, uint32_t id)
{
	const struct config_peer *peer;

	if (id == view->config->node.id)
		return view->config->node.name;
	peer = config_peer_find(view->config, id);
	return peer != NULL ? peer->name : NULL;
}

bool
show_wanted(const struct show_filter *filter, const struct session_entry *entry)
{
	if (filter->by_conference && filter->conference != entry->config->conference)
		return false;
	if (filter->by_session)
		return filter->session == entry->config->id;
	return filter->all || entry->source != NULL || entry->destination != NULL;
}

void
show_session_keys(json_t *object, const struct session_entry *entry)
{
	json_object_set_new(object, "conference", show_number(entry->config->conference));
	json_object_set_new(object, "conference_name", json_string(entry->conference->name));
	json_object_set_new(object, "session", show_number(entry->config->id));
	json_object_set_new(object, "session_name", json_string(entry->config->name));
}

json_t *
show_all(const struct show_view *view, const struct show_filter *filter)
{
	json_t *all = json_object();

	for (const struct show_item *item = show_items; item->name != NULL; item++) {
		if (item->show != show_all)
			json_object_set_new(all, item->name, item->show(view, filter));
	}
	return all;
}
