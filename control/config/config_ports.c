/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/socket.h>

#include "config_private.h"
#include "device_name.h"
#include "underlay_if.h"

#define PREFIX_WANTED "an address of a host with the length of its subnet, as \"10.0.0.1/24\""

#define DEVICE_WANTED                                                                              \
	"a PCI address or a DPDK virtual device, then its arguments, without blanks, as "          \
	"\"0000:3b:00.1\" or \"net_af_packet0,iface=veth0\""

static void
read_device(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_port *port = object;
	const char *value = config_read_string_value(reader, setting, DEVICE_WANTED);
	char name[DEVICE_NAME_MAX];

	if (value == NULL)
		return;
	if (strchr(value, ' ') != NULL || !device_name(value, name))
		config_reader_want(reader, setting, DEVICE_WANTED);
	else
		port->device = config_memory_copy(reader->source->memory, value);
}

static void
print_device(struct config_printer *printer, const struct config_key *key, const void *object)
{
	config_print_string(printer, key, ((const struct config_port *)object)->device);
}

static void
read_addresses(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_port *port = object;

	if (!config_read_sequence(reader, setting, "addresses", 1, CONFIG_ADDRESSES_MAX, false))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
		const char *value = config_read_string_value(reader, element, PREFIX_WANTED);
		struct underlay_prefix *prefix = &port->addresses[port->address_count];

		if (value == NULL)
			continue;
		if (!config_prefix_parse(value, prefix) || !underlay_addr_is_host(&prefix->addr) ||
			underlay_prefix_broadcast(prefix, &prefix->addr))
			config_reader_want(reader, element, PREFIX_WANTED);
		else
			port->address_count++;
	}
}

static void
print_list(struct config_printer *printer, const char *help, const char *name, unsigned int count,
	char texts[][CONFIG_ADDRESS_TEXT])
{
	char list[CONFIG_ADDRESSES_MAX * (CONFIG_ADDRESS_TEXT + 4)] = " ";
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s\"%s\"",
			i == 0 ? " " : ", ", texts[i]);
	config_print_line(printer, help, "%s = [%s ];", name, list);
}

static void
print_addresses(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_port *port = object;
	char texts[CONFIG_ADDRESSES_MAX][CONFIG_ADDRESS_TEXT];

	for (uint32_t i = 0; i < port->address_count; i++)
		config_prefix_text(&port->addresses[i], texts[i]);
	print_list(printer, key->help, key->name, port->address_count, texts);
}

/* Where the gateway lies can only be checked when all keys of the port were read. */
static void
read_gateways(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_port *port = object;

	if (!config_read_sequence(reader, setting, "gateways", 0, 2, false))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		static const char wanted[] = "an address without a length, as \"10.0.0.254\"";
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
		const char *value = config_read_string_value(reader, element, wanted);
		struct underlay_addr address, *gateway;

		if (value == NULL)
			continue;
		if (!underlay_addr_parse(value, &address) || !underlay_addr_is_host(&address)) {
			config_reader_want(reader, element, "%s", wanted);
			continue;
		}
		gateway = &port->gateway[address.family == AF_INET6];
		if (gateway->family != 0)
			config_reader_fail(reader, element,
				"gateways has two of %s, it must have at most one of a family",
				config_family_text(address.family));
		*gateway = address;
	}
}

static void
print_gateways(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_port *port = object;
	char texts[2][CONFIG_ADDRESS_TEXT];
	unsigned int count = 0;

	for (unsigned int i = 0; i < 2; i++) {
		if (port->gateway[i].family != 0)
			underlay_addr_text(&port->gateway[i], texts[count++]);
	}
	print_list(printer, key->help, key->name, count, texts);
}

#define FIELD(field) offsetof(struct config_port, field)

static const struct config_key port_keys[] = {
	{.name = "name", .kind = KEY_NAME, .flags = KEY_NEEDED, .offset = FIELD(name)},
	{.name = "device",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_device,
		.print = print_device,
		.help = "PCI address or virtual device, with arguments"},
	{.name = "addresses",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_addresses,
		.print = print_addresses,
		.help = "with the length of the subnet"},
	{.name = "gateways",
		.kind = KEY_CUSTOM,
		.read = read_gateways,
		.print = print_gateways,
		.help = "at most one a family, default none"},
	{.name = "vlan",
		.kind = KEY_UINT32,
		.offset = FIELD(vlan),
		.max = 4094,
		.help = "VLAN id, 0 = no tag"},
	{.name = "mtu",
		.kind = KEY_UINT32,
		.offset = FIELD(mtu),
		.min = 576,
		.max = 9000,
		.fallback = 1500,
		.unit = "bytes",
		.help = "bytes of an IP packet"},
	{.name = "queues",
		.kind = KEY_UINT32,
		.offset = FIELD(queues),
		.min = 1,
		.max = CONFIG_QUEUES_MAX,
		.fallback = 1,
		.help = "receive queues"},
	{.name = "rx_descriptors",
		.kind = KEY_UINT32,
		.offset = FIELD(rx_descriptors),
		.min = 32,
		.max = 8192,
		.fallback = 512,
		.help = "of each queue"},
	{.name = "tx_descriptors",
		.kind = KEY_UINT32,
		.offset = FIELD(tx_descriptors),
		.min = 32,
		.max = 8192,
		.fallback = 512,
		.help = "of each queue"},
	{.name = "udp_port",
		.kind = KEY_UINT32,
		.offset = FIELD(udp_port),
		.min = 1,
		.max = 65535,
		.fallback = FERRY_UDP_PORT,
		.help = "of the links"},
	{.name = "impair",
		.kind = KEY_CUSTOM,
		.read = config_read_impair,
		.print = config_print_impair,
		.help = "what the port receives, default: nothing"},
};

#define PORT_KEYS (sizeof(port_keys) / sizeof(port_keys[0]))

static void
check_port(struct config_reader *reader, config_setting_t *group, const struct config_port *port)
{
	const uint32_t index = (uint32_t)(port - reader->config->ports);
	bool has[2] = {false, false};
	struct underlay_if underlay;

	config_port_underlay(reader->config, index, &underlay);
	if (port->impaired && port->queues != 1)
		config_reader_fail(reader, config_setting_get_member(group, "queues"),
			"queues is %u, it must be 1 with impair: one line has one worker",
			port->queues);
	for (uint32_t i = 0; i < port->address_count; i++)
		has[port->addresses[i].addr.family == AF_INET6] = true;
	if (has[1] && port->mtu < 1280)
		config_reader_fail(reader, config_setting_get_member(group, "mtu"),
			"mtu is %u, it must be at least 1280 on a port with an IPv6 address",
			port->mtu);
	for (unsigned int i = 0; i < 2; i++) {
		const struct underlay_addr *gateway = &port->gateway[i];
		bool own = underlay_if_owns(&underlay, gateway), edge = false;
		char text[CONFIG_ADDRESS_TEXT];

		if (gateway->family == 0)
			continue;
		for (uint32_t j = 0; j < port->address_count; j++)
			edge |= underlay_prefix_broadcast(&port->addresses[j], gateway);
		if (underlay_if_on_link(&underlay, gateway) != NULL && !edge && !own)
			continue;
		config_reader_fail(reader, config_setting_get_member(group, "gateways"),
			"the gateway %s %s, it must be another host in a subnet of this port",
			underlay_addr_text(gateway, text),
			own ? "is this port's own address" : "is no host in a subnet of this port");
	}
}

void
config_read_ports(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config *config = object;
	size_t before = reader->errors->count;
	int count;

	if (config_read_sequence(reader, setting, "ports", 1, CONFIG_PORTS_MAX, true)) {
		count = config_setting_length(setting);
		config->ports = config_memory_get(
			reader->source->memory, (size_t)count * sizeof(*config->ports));
		for (int i = 0; i < count; i++) {
			size_t mark;
			config_setting_t *group = config_reader_item(
				reader, setting, i, "port", "name", &mark);
			struct config_port *port = &config->ports[config->port_count++];

			port->where = config_reader_where(reader, group);
			if (config_read_group(reader, group, port_keys, PORT_KEYS, port))
				check_port(reader, group, port);
			config_reader_leave(reader, mark);
		}
	}
	if (reader->errors->count != before)
		reader->broken |= BROKEN_PORTS;
}

void
config_print_ports(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	config_print_open(printer, "ports = (");
	config_print_groups(printer, port_keys, PORT_KEYS, config->ports, config->port_count,
		sizeof(*config->ports));
	config_print_close(printer, ");");
}
