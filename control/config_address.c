/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>

#include "config_private.h"

static unsigned int
address_bits(const struct config_address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

/* A decimal number of 1 to 5 digits without a leading 0 that goes up to text's end. */
static bool
number_parse(const char *text, unsigned int max, unsigned int *value)
{
	size_t size = strspn(text, "0123456789");

	if (size == 0 || size > 5 || text[size] != 0 || (text[0] == '0' && size > 1))
		return false;
	*value = 0;
	for (size_t i = 0; i < size; i++)
		*value = *value * 10 + (unsigned int)(text[i] - '0');
	return *value <= max;
}

bool
config_address_parse(const char *text, struct config_address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	return inet_pton(address->family, text, address->bytes) == 1;
}

bool
config_prefix_parse(const char *text, struct config_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char buf[CONFIG_ADDRESS_TEXT];
	unsigned int length;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(buf))
		return false;
	memcpy(buf, text, (size_t)(slash - text));
	buf[slash - text] = 0;
	if (!config_address_parse(buf, &prefix->address) ||
		!number_parse(slash + 1, address_bits(&prefix->address), &length) || length == 0)
		return false;
	prefix->length = (uint8_t)length;
	return true;
}

bool
config_endpoint_parse(const char *text, struct config_endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	bool brackets = text[0] == '[';
	char buf[CONFIG_ADDRESS_TEXT];
	unsigned int port;
	size_t size;

	if (colon == NULL || (brackets && (colon - text < 2 || colon[-1] != ']')))
		return false;
	size = (size_t)(colon - text) - (brackets ? 2 : 0);
	if (size >= sizeof(buf))
		return false;
	memcpy(buf, text + brackets, size);
	buf[size] = 0;
	if (!config_address_parse(buf, &endpoint->address) ||
		brackets != (endpoint->address.family == AF_INET6) ||
		!number_parse(colon + 1, 65535, &port) || port == 0)
		return false;
	endpoint->udp_port = (uint16_t)port;
	return true;
}

const char *
config_address_text(const struct config_address *address, char *buf)
{
	if (address->family == 0 ||
		inet_ntop(address->family, address->bytes, buf, CONFIG_ADDRESS_TEXT) == NULL)
		snprintf(buf, CONFIG_ADDRESS_TEXT, "?");
	return buf;
}

const char *
config_prefix_text(const struct config_prefix *prefix, char *buf)
{
	size_t size = strlen(config_address_text(&prefix->address, buf));

	snprintf(buf + size, CONFIG_ADDRESS_TEXT - size, "/%u", prefix->length);
	return buf;
}

const char *
config_endpoint_text(const struct config_endpoint *endpoint, char *buf)
{
	char address[CONFIG_ADDRESS_TEXT];
	bool brackets = endpoint->address.family == AF_INET6;

	config_address_text(&endpoint->address, address);
	snprintf(buf, CONFIG_ADDRESS_TEXT, "%s%.45s%s:%u", brackets ? "[" : "", address,
		brackets ? "]" : "", endpoint->udp_port);
	return buf;
}

const char *
config_family_text(uint8_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

bool
config_address_is_unicast(const struct config_address *address)
{
	static const uint8_t zeros[15], mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t first = address->bytes[0];

	if (address->family == AF_INET)
		return first != 0 && first != 127 && first < 224;
	if (memcmp(address->bytes, zeros, sizeof(zeros)) == 0)
		return address->bytes[15] > 1; /* not :: and not ::1 */
	/* An IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2) is never on a wire. */
	return first != 0xff && memcmp(address->bytes, mapped, sizeof(mapped)) != 0;
}

bool
config_prefix_is_edge(const struct config_prefix *prefix, const struct config_address *address)
{
	uint32_t bits, host;

	if (address->family != AF_INET || prefix->length > 30 ||
		!config_prefix_holds(prefix, address))
		return false;
	memcpy(&bits, address->bytes, sizeof(bits));
	host = UINT32_MAX >> prefix->length;
	bits = ntohl(bits) & host;
	return bits == 0 || bits == host;
}

bool
config_address_equal(const struct config_address *a, const struct config_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
config_prefix_holds(const struct config_prefix *prefix, const struct config_address *address)
{
	unsigned int whole = prefix->length / 8, rest = prefix->length % 8;
	uint8_t differ;

	if (prefix->address.family != address->family ||
		memcmp(prefix->address.bytes, address->bytes, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	differ = prefix->address.bytes[whole] ^ address->bytes[whole];
	return (differ >> (8 - rest)) == 0;
}

static unsigned int
port_match(const struct config_port *port, const struct config_address *address)
{
	unsigned int longest = 0;

	for (unsigned int i = 0; i < port->address_count; i++) {
		const struct config_prefix *prefix = &port->addresses[i];

		if (prefix->length > longest && config_prefix_holds(prefix, address))
			longest = prefix->length;
	}
	return longest;
}

bool
config_port_route(const struct config_port *port, const struct config_address *address,
	struct config_address *next_hop)
{
	const struct config_address *gateway = &port->gateway[address->family == AF_INET6];
	bool on_link = port_match(port, address) > 0;

	if (!on_link && gateway->family == 0)
		return false;
	if (next_hop != NULL)
		*next_hop = on_link ? *address : *gateway;
	return true;
}

uint32_t
config_port_local(const struct config_port *port, const struct config_address *address)
{
	uint32_t best = CONFIG_INDEX_NONE;
	unsigned int longest = 0;

	for (uint32_t i = 0; i < port->address_count; i++) {
		const struct config_prefix *prefix = &port->addresses[i];

		if (prefix->address.family != address->family)
			continue;
		if (best == CONFIG_INDEX_NONE)
			best = i;
		if (prefix->length > longest && config_prefix_holds(prefix, address)) {
			longest = prefix->length;
			best = i;
		}
	}
	return best;
}

uint32_t
config_route(const struct config *config, const struct config_address *address,
	struct config_address *next_hop)
{
	uint32_t best = CONFIG_INDEX_NONE;
	unsigned int longest = 0;

	for (uint32_t i = 0; i < config->port_count; i++) {
		unsigned int length = port_match(&config->ports[i], address);

		if (length > longest) {
			longest = length;
			best = i;
		}
	}
	for (uint32_t i = 0; best == CONFIG_INDEX_NONE && i < config->port_count; i++) {
		if (config_port_route(&config->ports[i], address, NULL))
			best = i;
	}
	if (best != CONFIG_INDEX_NONE)
		config_port_route(&config->ports[best], address, next_hop);
	return best;
}
