/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses, prefixes and endpoints of configuration files, as text and as bytes. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

/* What the C library makes of a socket's address. */
static void
assert_sockaddr(const struct config_endpoint *endpoint, const char *text)
{
	struct sockaddr_storage address;
	socklen_t size = config_endpoint_sockaddr(endpoint, &address);
	char host[64], port[8], both[80];

	assert_int_equal(getnameinfo((const struct sockaddr *)&address, size, host, sizeof(host),
				 port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV),
		0);
	snprintf(both, sizeof(both), address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		port);
	assert_string_equal(both, text);
}

static void
test_address_text(void **state)
{
	static const char *const endpoints[] = {"10.0.0.1:1", "[fd00::1]:65535"};
	static const char *const bad_endpoints[] = {"10.0.0.1", "10.0.0.1:", "10.0.0.1:0",
		"10.0.0.1:65536", "fd00::1:5", "[10.0.0.1]:5", "[fd00::1]5", "[:5", "]:5", ":5",
		"10.0.0.1:5x", "10.0.0.1:+5", "[fd00::1]:", "10.0.0:1", "10.0.0.1:05"};
	static const char *const bad_prefixes[] = {"10.0.0.1", "10.0.0.1/", "10.0.0.1/0",
		"10.0.0.1/33", "fd00::1/129", "/24", "10.0.0.1/2 4", "10.0.0.1/024"};
	struct config_endpoint endpoint;
	struct underlay_prefix prefix;
	char text[CONFIG_ADDRESS_TEXT];
	struct underlay_addr address;

	(void)state;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		assert_true(config_endpoint_parse(endpoints[i], &endpoint));
		assert_string_equal(config_endpoint_text(&endpoint, text), endpoints[i]);
		assert_sockaddr(&endpoint, endpoints[i]);
	}
	for (size_t i = 0; i < sizeof(bad_endpoints) / sizeof(bad_endpoints[0]); i++)
		assert_false(config_endpoint_parse(bad_endpoints[i], &endpoint));
	for (size_t i = 0; i < sizeof(bad_prefixes) / sizeof(bad_prefixes[0]); i++)
		assert_false(config_prefix_parse(bad_prefixes[i], &prefix));
	assert_true(config_prefix_parse("10.32.0.1/11", &prefix));
	assert_true(underlay_addr_parse("10.63.255.255", &address));
	assert_true(underlay_prefix_covers(&prefix, &address));
	assert_true(underlay_addr_parse("10.64.0.0", &address));
	assert_false(underlay_prefix_covers(&prefix, &address));
	assert_true(underlay_addr_parse("fd00::1", &address));
	assert_false(underlay_prefix_covers(&prefix, &address));
}

static void
test_binary_address(void **state)
{
	struct underlay_addr address;
	struct address binary;

	(void)state;
	assert_true(underlay_addr_parse("10.1.2.3", &address));
	binary = underlay_addr_to(&address);
	assert_memory_equal(binary.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\x02\x03", 16);
	assert_true(underlay_addr_parse("fd00::9", &address));
	binary = underlay_addr_to(&address);
	assert_memory_equal(binary.bytes, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09", 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_binary_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
