/* SPDX-License-Identifier: BSD-3-Clause */
/* Cross checks of ports and peers, and of what must not be there twice. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "device_name.h"

void
config_check_fail(
	struct config_reader *reader, const struct config_where *where, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_errors_add(reader->errors, where, "%s%s", reader->context, text);
}

/* Things of which there must be one each: found by sorting what would say which it is. */
struct unique_list {
	struct config_reader *reader;
	struct unique {
		const struct config_where *where;
		const char *text;
	} * list;
	size_t count;
	size_t room;
};

static void __attribute__((format(printf, 3, 4)))
unique_add(struct unique_list *all, const struct config_where *where, const char *format, ...)
{
	struct config_memory *memory = all->reader->source->memory;
	char text[4500];
	va_list args;

	if (all->count == all->room) {
		struct unique *more;

		all->room = all->room == 0 ? 64 : all->room * 2;
		more = config_memory_get(memory, all->room * sizeof(*more));
		if (all->count > 0)
			memcpy(more, all->list, all->count * sizeof(*more));
		all->list = more;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	all->list[all->count++] = (struct unique){where, config_memory_copy(memory, text)};
}

static int
unique_compare(const void *a, const void *b)
{
	const struct unique *first = a, *second = b;
	int order = strcmp(first->text, second->text);

	if (order != 0)
		return order;
	return first->where->order < second->where->order
		       ? -1
		       : first->where->order > second->where->order;
}

static void
unique_check(struct unique_list *all)
{
	size_t first = 0;

	if (all->count > 1)
		qsort(all->list, all->count, sizeof(*all->list), unique_compare);
	for (size_t i = 1; i < all->count; i++) {
		if (strcmp(all->list[i].text, all->list[first].text) != 0) {
			first = i;
			continue;
		}
		config_check_fail(all->reader, all->list[i].where,
			"%s is there twice, the first time at %s:%u; each must be there once",
			all->list[i].text, all->list[first].where->file,
			all->list[first].where->line);
	}
}

void
config_check_ports(struct config_reader *reader)
{
	const struct config *config = reader->config;
	struct unique_list all = {.reader = reader};

	if (reader->broken & BROKEN_PORTS)
		return;
	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		char name[DEVICE_NAME_MAX], text[CONFIG_ADDRESS_TEXT];

		unique_add(&all, &port->where, "the port \"%s\"", port->name);
		if (device_name(port->device, name))
			unique_add(&all, &port->where, "the device \"%s\"", name);
		for (uint32_t j = 0; j < port->address_count; j++)
			unique_add(&all, &port->where, "the port address %s",
				underlay_addr_text(&port->addresses[j].addr, text));
	}
	unique_check(&all);
}

void
config_check_peer(struct config_reader *reader, struct config_peer *peer)
{
	const struct config *config = reader->config;
	struct config_route route = {0};
	int error = config_route(config, peer->port, &peer->address, &route);
	char text[CONFIG_ADDRESS_TEXT];

	peer->local = route.local;
	if (error != 0)
		config_check_fail(reader, &peer->where, "address %s on port \"%s\" %s",
			underlay_addr_text(&peer->address, text), config->ports[peer->port].name,
			config_route_fault(config, peer->port, &peer->address, error));
	if (!(reader->broken & BROKEN_NODE) && peer->id == config->node.id)
		config_check_fail(reader, &peer->where,
			"id is %u, this node's own; it must be another's", peer->id);
}

void
config_check_peers(struct config_reader *reader)
{
	const struct config *config = reader->config;
	struct unique_list all = {.reader = reader};

	if (reader->broken & (BROKEN_PEERS | BROKEN_PORTS))
		return;
	for (uint32_t i = 0; i < config->peer_count; i++) {
		struct config_peer *peer = &config->peers[i];
		size_t mark = config_reader_enter(reader, "peer %u", peer->id);
		char text[CONFIG_ADDRESS_TEXT];

		config_check_peer(reader, peer);
		unique_add(&all, &peer->where, "the peer id %u", peer->id);
		unique_add(&all, &peer->where, "the peer address %s on port \"%s\"",
			underlay_addr_text(&peer->address, text), config->ports[peer->port].name);
		config_reader_leave(reader, mark);
	}
	unique_check(&all);
}

static void
add_session(struct unique_list *all, const struct config_session *session)
{
	const struct config_reader *reader = all->reader;
	const struct config_egress *egress = NULL;
	char text[CONFIG_ADDRESS_TEXT];

	unique_add(all, &session->where, "session %u of conference %u", session->id,
		session->conference);
	if (session->ingress.kind == CONFIG_INGRESS_UDP)
		unique_add(all, &session->ingress.where, "the ingress %s of node %u",
			config_endpoint_text(&session->ingress.udp, text), session->source);
	if (!(reader->broken & BROKEN_NODE))
		egress = config_egress_at(session, reader->config->node.id);
	if (egress != NULL && egress->kind == CONFIG_EGRESS_FILE)
		unique_add(all, &egress->where, "the egress file \"%s\" of node %u", egress->file,
			egress->node);
}

void
config_check_twice(struct config_reader *reader)
{
	const struct config *config = reader->config;
	struct unique_list all = {.reader = reader};
	uint64_t sessions = 0;

	for (uint32_t i = 0; i < config->conference_count; i++) {
		const struct config_conference *conference = &config->conferences[i];

		sessions += conference->session_count;
		if (sessions > CONFIG_SESSIONS_MAX) {
			config_check_fail(reader, &conference->where,
				"there are more than %u sessions, at most that many may be",
				CONFIG_SESSIONS_MAX);
			break;
		}
		if (conference->id != 0)
			unique_add(&all, &conference->where, "conference %u", conference->id);
		for (uint32_t j = 0; j < conference->session_count; j++) {
			if (conference->sessions[j].flow_count > 0)
				add_session(&all, &conference->sessions[j]);
		}
	}
	unique_check(&all);
}

const struct config_peer *
config_peer_find(const struct config *config, uint32_t id)
{
	for (uint32_t i = 0; i < config->peer_count; i++) {
		if (config->peers[i].id == id)
			return &config->peers[i];
	}
	return NULL;
}
