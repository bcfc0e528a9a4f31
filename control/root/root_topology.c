/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of the root program's configuration: who they are, and each one's place. */
#include <stdlib.h>
#include <string.h>

#include "root_config_private.h"

#define ADDRESS_WANTED "the address of a host, as \"10.0.5.5\" or \"fd00::5\""

static const char *const role_choices[] = {
	[ROOT_ROLE_ROOT] = "root",
	[ROOT_ROLE_RELAY] = "relay",
	[ROOT_ROLE_LEAF] = "leaf",
	NULL,
};

const char *
root_role_name(uint32_t role)
{
	return role_choices[role];
}

static void
read_address(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_peer *peer = &((struct root_peer *)object)->peer;
	const char *value = config_read_string_value(reader, setting, ADDRESS_WANTED);

	if (value != NULL && (!underlay_addr_parse(value, &peer->address) ||
				     !underlay_addr_is_host(&peer->address)))
		config_reader_want(reader, setting, ADDRESS_WANTED);
}

static void
print_address(struct config_printer *printer, const struct config_key *key, const void *object)
{
	char text[CONFIG_ADDRESS_TEXT];

	config_print_string(printer, key,
		underlay_addr_text(&((const struct root_peer *)object)->peer.address, text));
}

static void
read_port(struct config_reader *reader, config_setting_t *setting, void *object)
{
	config_read_name(reader, setting, ((struct root_peer *)object)->port);
}

static void
print_port(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct root_peer *peer = object;

	if (peer->port[0] != 0)
		config_print_string(printer, key, peer->port);
	else
		config_print_line(printer, key->help, "# port not set");
}

static const struct config_key peer_keys[] = {
	{.name = "node",
		.kind = KEY_NAME,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct root_peer, node)},
	{.name = "address",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_address,
		.print = print_address},
	{.name = "udp_port",
		.kind = KEY_UINT32,
		.offset = offsetof(struct root_peer, peer.udp_port),
		.min = 1,
		.max = 65535,
		.fallback = FERRY_UDP_PORT,
		.help = "where it receives"},
	{.name = "port",
		.kind = KEY_CUSTOM,
		.read = read_port,
		.print = print_port,
		.help = "the node's own port that leads there, default: by subnet"},
	{.name = "pacing",
		.kind = KEY_CUSTOM,
		.read = config_read_pacing,
		.print = config_print_pacing,
		.help = "tfrc, tfrc-sp, rate:BIT/S or none, default tfrc"},
};

#define PEER_KEYS (sizeof(peer_keys) / sizeof(peer_keys[0]))

static void
read_peers(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_place *place = object;

	if (!config_read_sequence(reader, setting, "peers", 0, CONFIG_PEERS_MAX, true))
		return;
	place->peers = config_memory_get(reader->source->memory,
		(size_t)config_setting_length(setting) * sizeof(*place->peers));
	for (int i = 0; i < config_setting_length(setting); i++) {
		size_t mark;
		config_setting_t *group = config_reader_item(
			reader, setting, i, "peer", "node", &mark);
		struct root_peer *peer = &place->peers[place->peer_count++];

		peer->peer.where = config_reader_where(reader, group);
		config_read_group(reader, group, peer_keys, PEER_KEYS, peer);
		config_reader_leave(reader, mark);
	}
}

static void
print_peers(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct root_place *place = object;

	(void)key;
	config_print_open(printer, "peers = (");
	config_print_groups(printer, peer_keys, PEER_KEYS, place->peers, place->peer_count,
		sizeof(*place->peers));
	config_print_close(printer, ");");
}

static void
read_id(struct config_reader *reader, config_setting_t *setting, void *object)
{
	uint64_t id;

	if (config_read_uint(reader, setting, 1, NODE_ID_MAX, "(a NodeID)", &id))
		((struct root_place *)object)->id = (uint32_t)id;
}

static void
print_id(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct root_place *place = object;

	if (place->id != 0)
		config_print_line(printer, key->help, "id = %u;", place->id);
	else
		config_print_line(printer, key->help, "# id not set");
}

static void
read_parent(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_place *place = object;

	if (setting->type == CONFIG_TYPE_STRING && strcmp(setting->value.sval, ROOT_SELF) == 0)
		strcpy(place->parent, ROOT_SELF);
	else
		config_read_name(reader, setting, place->parent);
}

static void
print_parent(struct config_printer *printer, const struct config_key *key, const void *object)
{
	config_print_string(printer, key, ((const struct root_place *)object)->parent);
}

static const struct config_key place_keys[] = {
	{.name = "name",
		.kind = KEY_NAME,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct root_place, name),
		.help = "as in its certificate"},
	{.name = "id",
		.kind = KEY_CUSTOM,
		.read = read_id,
		.print = print_id,
		.help = "NodeID, default: the root chooses one for ever"},
	{.name = "role",
		.kind = KEY_CHOICE,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct root_place, role),
		.choices = role_choices,
		.help = "root, relay or leaf"},
	{.name = "parent",
		.kind = KEY_CUSTOM,
		.read = read_parent,
		.print = print_parent,
		.help = "a node, or \"^\", the default of the role root"},
	{.name = "peers", .kind = KEY_CUSTOM, .read = read_peers, .print = print_peers},
};

#define PLACE_KEYS (sizeof(place_keys) / sizeof(place_keys[0]))

static void
finish_place(struct config_reader *reader, config_setting_t *group, struct root_place *place)
{
	config_setting_t *parent = config_setting_get_member(group, "parent");

	if (parent == NULL && place->role == ROOT_ROLE_ROOT)
		strcpy(place->parent, ROOT_SELF);
	else if (parent == NULL)
		config_reader_fail(reader, group,
			"the key \"parent\" is missing, it must be the name of a node");
	else if (place->role == ROOT_ROLE_ROOT && strcmp(place->parent, ROOT_SELF) != 0)
		config_reader_want(reader, parent, "\"^\" or left out, as the role is root");
}

void
root_read_places(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_config *config = object;

	if (!config_read_sequence(reader, setting, "nodes", 0, ROOT_NODES_MAX, true))
		return;
	config->places = config_memory_get(reader->source->memory,
		(size_t)config_setting_length(setting) * sizeof(*config->places));
	for (int i = 0; i < config_setting_length(setting); i++) {
		size_t mark;
		config_setting_t *group = config_reader_item(
			reader, setting, i, "node", "name", &mark);
		struct root_place *place = &config->places[config->place_count++];

		place->where = config_reader_where(reader, group);
		if (config_read_group(reader, group, place_keys, PLACE_KEYS, place))
			finish_place(reader, group, place);
		config_reader_leave(reader, mark);
	}
}

static void
print_place(struct config_printer *printer, const struct root_place *place, const char *end)
{
	config_print_open(printer, "{");
	config_print_keys(printer, place_keys, PLACE_KEYS, place);
	config_print_close(printer, end);
}

void
root_print_places(struct config_printer *printer, const struct root_config *config)
{
	config_print_open(printer, "nodes = (");
	for (uint32_t i = 0; i < config->place_count; i++)
		print_place(printer, &config->places[i], i + 1 < config->place_count ? "}," : "}");
	config_print_close(printer, ");");
}

void
root_place_print(const struct root_place *place, FILE *out)
{
	struct config_printer printer = {.out = out, .root = true};

	config_print_open(&printer, "nodes = (");
	print_place(&printer, place, "}");
	config_print_close(&printer, ");");
}

/* Places by name, for look-ups of many. */
struct index {
	const struct root_place **places;
	uint32_t count;
};

static int
compare_names(const void *a, const void *b)
{
	const struct root_place *const *first = a, *const *second = b;

	return strcmp((*first)->name, (*second)->name);
}

static int
compare_ids(const void *a, const void *b)
{
	const struct root_place *const *first = a, *const *second = b;

	return (*first)->id < (*second)->id ? -1 : (*first)->id > (*second)->id;
}

static const struct root_place *
find(const struct index *index, const char *name)
{
	struct root_place wanted;
	const struct root_place *key = &wanted, *const * found;

	snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	found = bsearch(&key, index->places, index->count, sizeof(*index->places), compare_names);
	return found != NULL ? *found : NULL;
}

static void
check_twice(struct config_reader *reader, const struct index *index, bool ids)
{
	for (uint32_t i = 1; i < index->count; i++) {
		const struct root_place *one = index->places[i - 1], *two = index->places[i];
		const struct root_place *first = one->where.order < two->where.order ? one : two;
		const struct root_place *last = first == one ? two : one;

		if (!ids && strcmp(one->name, two->name) == 0)
			config_check_fail(reader, &last->where,
				"node \"%s\" is there twice, the first time at %s:%u; each must be "
				"there once",
				two->name, first->where.file, first->where.line);
		if (ids && one->id != 0 && one->id == two->id)
			config_check_fail(reader, &last->where,
				"node \"%s\" has the id %u, as \"%s\" at %s:%u; each must have its "
				"own",
				last->name, one->id, first->name, first->where.file,
				first->where.line);
	}
}

static void
check_parent(
	struct config_reader *reader, const struct index *index, const struct root_place *place)
{
	const struct root_place *above = place;

	for (unsigned int depth = 1; strcmp(above->parent, ROOT_SELF) != 0; depth++) {
		const struct root_place *next = find(index, above->parent);

		if (next == NULL || depth == ROOT_DEPTH_MAX || next == place) {
			/* A parent that is missing is told once, at its own child. */
			if (next != NULL || above == place)
				config_check_fail(reader, &place->where, "parent \"%s\" %s",
					place->parent,
					next == NULL ? "is not a node of this file, it must be one"
					: next == place
						? "leads back to the node itself, it must lead to "
						  "\"^\""
						: "is more than 30 nodes below \"^\", it must be "
						  "nearer");
			return;
		}
		if (above == place && next->role == ROOT_ROLE_LEAF)
			config_check_fail(reader, &place->where,
				"parent is \"%s\", a leaf; it must be a root or a relay",
				next->name);
		above = next;
	}
}

static const struct root_peer *
find_peer(const struct root_place *place, const char *name)
{
	for (uint32_t i = 0; place != NULL && i < place->peer_count; i++) {
		if (strcmp(place->peers[i].node, name) == 0)
			return &place->peers[i];
	}
	return NULL;
}

static void
check_peers(struct config_reader *reader, const struct index *index, const struct root_place *place)
{
	for (uint32_t i = 0; i < place->peer_count; i++) {
		const struct root_peer *peer = &place->peers[i];
		const struct root_place *other = find(index, peer->node);

		if (other == NULL)
			config_check_fail(reader, &peer->peer.where,
				"peer \"%s\" is not a node of this file, it must be one",
				peer->node);
		else if (other == place)
			config_check_fail(reader, &peer->peer.where,
				"peer \"%s\" is the node itself, it must be another", peer->node);
		else if (find_peer(other, place->name) == NULL)
			config_check_fail(reader, &peer->peer.where,
				"peer \"%s\" does not have this node for a peer, it must",
				peer->node);
		if (find_peer(place, peer->node) != peer)
			config_check_fail(reader, &peer->peer.where,
				"peer \"%s\" is there twice, it must be there once", peer->node);
	}
}

void
root_check_places(struct config_reader *reader, const struct root_config *config)
{
	struct index index = {.count = config->place_count};
	size_t before = reader->errors->count;

	index.places = config_memory_get(
		reader->source->memory, ((size_t)index.count + 1) * sizeof(*index.places));
	for (uint32_t i = 0; i < index.count; i++)
		index.places[i] = &config->places[i];
	qsort(index.places, index.count, sizeof(*index.places), compare_ids);
	check_twice(reader, &index, true);
	qsort(index.places, index.count, sizeof(*index.places), compare_names);
	check_twice(reader, &index, false);
	if (reader->errors->count != before)
		return;
	for (uint32_t i = 0; i < config->place_count; i++) {
		const struct root_place *place = &config->places[i];
		size_t mark = config_reader_enter(reader, "node \"%s\"", place->name);

		check_parent(reader, &index, place);
		check_peers(reader, &index, place);
		config_reader_leave(reader, mark);
	}
}
