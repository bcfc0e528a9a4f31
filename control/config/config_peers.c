/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config_private.h"
#include "config_text.h"

static void
read_address(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "the address of a host, as \"10.0.5.5\" or \"fd00::5\"";
	struct config_peer *peer = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value == NULL)
		return;
	if (!underlay_addr_parse(value, &peer->address) || !underlay_addr_is_host(&peer->address))
		config_reader_want(reader, setting, "%s", wanted);
}

static void
print_address(struct config_printer *printer, const struct config_key *key, const void *object)
{
	char text[CONFIG_ADDRESS_TEXT];

	config_print_string(printer, key,
		underlay_addr_text(&((const struct config_peer *)object)->address, text));
}

/* The name is looked up in find_port(), where a peer without it is seen too. */
static void
read_port(struct config_reader *reader, config_setting_t *setting, void *object)
{
	char name[CONFIG_NAME_MAX + 1];

	(void)object;
	config_read_name(reader, setting, name);
}

static void
print_port(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_peer *peer = object;

	config_print_string(printer, key, printer->config->ports[peer->port].name);
}

#define FIELD(field) offsetof(struct config_peer, field)

static const struct config_key peer_keys[] = {
	{.name = "id",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = FIELD(id),
		.min = 1,
		.max = NODE_ID_MAX,
		.help = "NodeID"},
	{.name = "name", .kind = KEY_NAME, .offset = FIELD(name), .help = "default node-ID"},
	{.name = "address",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_address,
		.print = print_address},
	{.name = "port",
		.kind = KEY_CUSTOM,
		.read = read_port,
		.print = print_port,
		.help = "default: the only port"},
	{.name = "udp_port",
		.kind = KEY_UINT32,
		.offset = FIELD(udp_port),
		.min = 1,
		.max = 65535,
		.fallback = FERRY_UDP_PORT,
		.help = "where it receives"},
	{.name = "ring",
		.kind = KEY_UINT32,
		.flags = KEY_POWER_OF_TWO,
		.offset = FIELD(ring),
		.min = 64,
		.max = 65536,
		.fallback = 512,
		.help = "packets from other workers"},
	{.name = "pacing",
		.kind = KEY_CUSTOM,
		.read = config_read_pacing,
		.print = config_print_pacing,
		.help = "tfrc, tfrc-sp, rate:BIT/S or none, default tfrc"},
};

#define PEER_KEYS (sizeof(peer_keys) / sizeof(peer_keys[0]))

static void
find_port(struct config_reader *reader, config_setting_t *group, struct config_peer *peer)
{
	const struct config *config = reader->config;
	config_setting_t *setting = config_setting_get_member(group, "port");
	char list[CONFIG_PORTS_MAX * (CONFIG_NAME_MAX + 4)] = "";
	size_t used = 0;

	if (setting == NULL && config->port_count == 1)
		return;
	for (uint32_t i = 0; i < config->port_count; i++) {
		if (setting != NULL && strcmp(config->ports[i].name, setting->value.sval) == 0) {
			peer->port = i;
			return;
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s\"%s\"",
			i == 0 ? "" : ", ", config->ports[i].name);
	}
	if (setting == NULL)
		config_reader_fail(reader, group,
			"the key \"port\" is missing, it must be one of the ports: %s", list);
	else
		config_reader_want(reader, setting, "one of the ports: %s", list);
}

void
config_read_peer(struct config_reader *reader, config_setting_t *group, struct config_peer *peer)
{
	peer->where = config_reader_where(reader, group);
	if (!config_read_group(reader, group, peer_keys, PEER_KEYS, peer))
		return;
	if (peer->name[0] == 0)
		snprintf(peer->name, sizeof(peer->name), "node-%u", peer->id);
	if (!(reader->broken & BROKEN_PORTS))
		find_port(reader, group, peer);
}

char *
config_peer_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_peer *peer)
{
	return config_print_missing(memory, config, group, peer_keys, PEER_KEYS, peer);
}

void
config_read_peers(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config *config = object;
	size_t before = reader->errors->count;
	int count;

	if (config_read_sequence(reader, setting, "peers", 0, CONFIG_PEERS_MAX, true)) {
		count = config_setting_length(setting);
		config->peers = config_memory_get(
			reader->source->memory, (size_t)count * sizeof(*config->peers));
		config->peer_room = (uint32_t)count;
		for (int i = 0; i < count; i++) {
			size_t mark;
			config_setting_t *group = config_reader_item(
				reader, setting, i, "peer", "id", &mark);

			config_read_peer(reader, group, &config->peers[config->peer_count++]);
			config_reader_leave(reader, mark);
		}
	}
	if (reader->errors->count != before)
		reader->broken |= BROKEN_PEERS;
}

void
config_print_peers(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	config_print_open(printer, "peers = (");
	config_print_groups(printer, peer_keys, PEER_KEYS, config->peers, config->peer_count,
		sizeof(*config->peers));
	config_print_close(printer, ");");
}

void
config_peer_add(struct config *config, const struct config_peer *peer)
{
	struct config_peer *grown;

	if (config->peer_count == config->peer_room) {
		config->peer_room = config->peer_room * 2 + 16;
		grown = config_memory_get(
			config->memory, (size_t)config->peer_room * sizeof(*config->peers));
		if (config->peer_count > 0)
			memcpy(grown, config->peers, config->peer_count * sizeof(*grown));
		config->peers = grown;
	}
	config->peers[config->peer_count++] = *peer;
}

void
config_peer_remove(struct config *config, uint32_t id)
{
	uint32_t i = 0;

	while (i < config->peer_count && config->peers[i].id != id)
		i++;
	if (i == config->peer_count)
		return;
	config->peer_count--;
	memmove(config->peers + i, config->peers + i + 1,
		(config->peer_count - i) * sizeof(*config->peers));
}
