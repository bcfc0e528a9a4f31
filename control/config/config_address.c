/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include "config_private.h"
#include "host_text.h"

static unsigned int
address_bits(const struct underlay_addr *address)
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
config_prefix_parse(const char *text, struct underlay_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char buf[CONFIG_ADDRESS_TEXT];
	unsigned int length;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(buf))
		return false;
	memcpy(buf, text, (size_t)(slash - text));
	buf[slash - text] = 0;
	if (!underlay_addr_parse(buf, &prefix->addr) ||
		!number_parse(slash + 1, address_bits(&prefix->addr), &length) || length == 0)
		return false;
	prefix->len = (uint8_t)length;
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
	if (!underlay_addr_parse(buf, &endpoint->address) ||
		brackets != (endpoint->address.family == AF_INET6) ||
		!number_parse(colon + 1, 65535, &port) || port == 0)
		return false;
	endpoint->udp_port = (uint16_t)port;
	return true;
}

const char *
config_prefix_text(const struct underlay_prefix *prefix, char *buf)
{
	size_t size = strlen(underlay_addr_text(&prefix->addr, buf));

	snprintf(buf + size, CONFIG_ADDRESS_TEXT - size, "/%u", prefix->len);
	return buf;
}

socklen_t
config_endpoint_sockaddr(const struct config_endpoint *endpoint, struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (endpoint->address.family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(endpoint->udp_port);
		memcpy(&in->sin_addr, endpoint->address.bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	if (endpoint->address.family != AF_INET6)
		return 0;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(endpoint->udp_port);
	memcpy(&in6->sin6_addr, endpoint->address.bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

const char *
config_endpoint_text(const struct config_endpoint *endpoint, char *buf)
{
	char address[UNDERLAY_ADDR_TEXT_MAX];

	return host_port_text(underlay_addr_text(&endpoint->address, address), endpoint->udp_port,
		buf, CONFIG_ADDRESS_TEXT);
}

const char *
config_family_text(uint8_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}
