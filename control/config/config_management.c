/* SPDX-License-Identifier: BSD-3-Clause */
/* The group "management": where the root program is, and how the node and its children meet. */
#include <inttypes.h>
#include <string.h>

#include "config_connections.h"

#define ADDRESS_WANTED "an address and a TCP port, as \"10.9.0.1:13780\""

static void
read_capacity(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "a rate in bit/s with k, M or G, as \"10G\"";
	struct config_management *management = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value != NULL && (!config_rate_parse(value, &management->capacity) ||
				     management->capacity < CONFIG_RATE_MIN ||
				     management->capacity > CONFIG_RATE_MAX))
		config_reader_want(reader, setting, "%s", wanted);
}

static void
print_capacity(struct config_printer *printer, const struct config_key *key, const void *object)
{
	uint64_t capacity = ((const struct config_management *)object)->capacity;

	if (capacity == 0)
		config_print_line(printer, key->help, "# capacity not set");
	else
		config_print_line(printer, key->help, "capacity = \"%" PRIu64 "\";", capacity);
}

#define FIELD(field) offsetof(struct config_management, field)

static const struct config_key management_keys[] = {
	{.name = "root",
		.kind = KEY_ENDPOINT,
		.flags = KEY_NEEDED,
		.offset = FIELD(root),
		.wanted = ADDRESS_WANTED,
		.help = "where ferry-root is (TCP)"},
	{.name = "address",
		.kind = KEY_ENDPOINT,
		.offset = FIELD(address),
		.wanted = ADDRESS_WANTED,
		.help = "where children connect (TCP), default: nowhere"},
	CONNECTION_TLS_KEYS(struct config_management, "the node's", "certificates"),
	{.name = "state",
		.kind = KEY_PATH,
		.offset = FIELD(state),
		.help = "file: what the root told last, default /var/lib/ferry/NAME.state"},
	{.name = "capacity",
		.kind = KEY_CUSTOM,
		.read = read_capacity,
		.print = print_capacity,
		.help = "bit/s that the node can carry, for the root; default not said"},
	CONNECTION_PING_KEYS(struct config_management),
};

#define NB_KEYS (sizeof(management_keys) / sizeof(management_keys[0]))

static bool
is_loopback(const struct config_endpoint *endpoint)
{
	static const uint8_t six[16] = {[15] = 1};

	if (endpoint->address.family == AF_INET6)
		return memcmp(endpoint->address.bytes, six, sizeof(six)) == 0;
	return endpoint->address.family == 0 || endpoint->address.bytes[0] == 127;
}

static void
check_group(
	struct config_reader *reader, config_setting_t *group, const struct config_management *m)
{
	config_connections_check(reader, group, &m->connections);
	if (m->connections.plain && (!is_loopback(&m->root) || !is_loopback(&m->address)))
		config_reader_fail(reader, group,
			"plain is true and root or address is not on loopback; TLS (certificate, "
			"key, authority) would be right");
}

void
config_read_management(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_management *management = &((struct config *)object)->management;
	size_t mark = config_reader_enter(reader, "management");

	management->where = config_reader_where(reader, setting);
	management->present = true;
	if (config_read_group(reader, setting, management_keys, NB_KEYS, management))
		check_group(reader, setting, management);
	config_reader_leave(reader, mark);
}

#define RECODES_WITH_ROOT 16

void
config_check_management(struct config_reader *reader)
{
	struct config *config = reader->config;
	size_t mark;

	/* Who has a root is told what to forward. */
	if (config->node.forwarding == CONFIG_FORWARDING_UNSET)
		config->node.forwarding = config->management.present ? CONFIG_FORWARDING_INSTALLED
								     : CONFIG_FORWARDING_OPEN;
	if (config->node.capacity.recodes == CONFIG_RECODES_UNSET)
		config->node.capacity.recodes = config->management.present ? RECODES_WITH_ROOT : 0;
	/* Without a file the group is not there at all, which was told. */
	if (config->node.id != 0 || config->node.where.file == NULL ||
		(reader->broken & BROKEN_NODE) != 0)
		return;
	mark = config_reader_enter(reader, "node");
	if (!config->management.present)
		config_check_fail(
			reader, &config->node.where, "the key \"id\" is missing, it must be set");
	else if (config->node.name[0] == 0)
		config_check_fail(reader, &config->node.where,
			"the key \"name\" is missing, it must be that of the certificate (or id be "
			"set too)");
	else if (config->conference_count > 0)
		config_check_fail(reader, &config->node.where,
			"the key \"id\" is missing; it must be set as there are conferences, or "
			"all of them be the root's");
	config_reader_leave(reader, mark);
}

void
config_print_management(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	if (!config->management.present)
		return;
	config_print_open(printer, "management = {");
	config_print_keys(printer, management_keys, NB_KEYS, &config->management);
	config_print_close(printer, "};");
}
