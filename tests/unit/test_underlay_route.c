/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_harness.h"

#include <errno.h>
#include <string.h>

/*
 * Port 3: 192.0.2.1/24, 2001:db8::1/64, gateways 192.0.2.254 and 2001:db8::fe.
 * Port 5: 192.0.2.129/25 (more specific), 10.1.1.1/32, 2001:db8:5::1/64, gateway fe80::1.
 */
static struct harness h;
static struct underlay_if ports[2];

static int
set_up(void **state)
{
	(void)state;
	ports[0] = harness_port(&h);
	ports[1] = harness_port(&h);
	ports[1].index = 5;
	ports[1].mac = mac("02:00:00:00:00:05");
	ports[1].n_addresses = 3;
	ports[1].addresses[0] = prefix("192.0.2.129", 25);
	ports[1].addresses[1] = prefix("10.1.1.1", 32);
	ports[1].addresses[2] = prefix("2001:db8:5::1", 64);
	ports[1].gateway4.family = 0;
	ports[1].gateway6 = address("fe80::1");
	assert_null(underlay_if_finish(&ports[0]));
	assert_null(underlay_if_finish(&ports[1]));
	return 0;
}

static void
goes(int only_port, const char *dst, unsigned int port, const char *next, const char *source)
{
	const struct underlay_addr to = address(dst);
	char text[UNDERLAY_ADDR_TEXT_MAX];
	struct underlay_hop hop;

	assert_int_equal(underlay_route(ports, 2, only_port, &to, &hop), 0);
	assert_int_equal(hop.port, port);
	assert_string_equal(underlay_addr_text(&hop.next_hop, text), next);
	assert_string_equal(underlay_addr_text(&hop.source, text), source);
}

static void
refused(int only_port, const char *dst, int error)
{
	const struct underlay_addr to = address(dst);
	struct underlay_hop hop;

	assert_int_equal(underlay_route(ports, 2, only_port, &to, &hop), error);
	assert_true(strlen(underlay_route_error(error)) > 0);
}

static void
test_on_link(void **state)
{
	(void)state;
	goes(UNDERLAY_ANY_PORT, "192.0.2.2", 3, "192.0.2.2", "192.0.2.1");
	goes(UNDERLAY_ANY_PORT, "192.0.2.200", 5, "192.0.2.200", "192.0.2.129");
	goes(3, "192.0.2.200", 3, "192.0.2.200", "192.0.2.1");
	goes(UNDERLAY_ANY_PORT, "2001:db8::2", 3, "2001:db8::2", "2001:db8::1");
	goes(UNDERLAY_ANY_PORT, "2001:db8:5::2", 5, "2001:db8:5::2", "2001:db8:5::1");
	goes(5, "fe80::2", 5, "fe80::2", "fe80::ff:fe00:5");
}

static void
test_gateway(void **state)
{
	(void)state;
	goes(UNDERLAY_ANY_PORT, "198.51.100.7", 3, "192.0.2.254", "192.0.2.1");
	goes(UNDERLAY_ANY_PORT, "2001:db8:9::7", 3, "2001:db8::fe", "2001:db8::1");
	/* the gateway is link-local, what passes it is not */
	goes(5, "2001:db8:9::7", 5, "fe80::1", "2001:db8:5::1");
	goes(5, "2001:db8::2", 5, "fe80::1", "2001:db8:5::1");
	refused(5, "198.51.100.7", -ENETUNREACH);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255",
		"240.0.0.1", "0.1.2.3", "::", "::1", "ff02::1", "::ffff:192.0.2.2",
		"192.0.2.1",   /* ours */
		"192.0.2.255", /* broadcast */
		"192.0.2.0", "192.0.2.128", "2001:db8:5::1", "fe80::ff:fe00:1",
		"fe80::2" /* and no port named */};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(UNDERLAY_ANY_PORT, bad[i], -EINVAL);
	refused(4, "192.0.2.2", -EAFNOSUPPORT);
}

static void
test_families(void **state)
{
	struct underlay_if one = harness_port(&h);
	const struct underlay_addr six = address("2001:db8::2"), local = address("fe80::2");
	struct underlay_hop hop;

	(void)state;
	one.n_addresses = 1;
	one.gateway6.family = 0;
	assert_null(underlay_if_finish(&one));
	assert_int_equal(underlay_route(&one, 1, UNDERLAY_ANY_PORT, &six, &hop), -EAFNOSUPPORT);
	assert_int_equal(underlay_route(&one, 1, 3, &local, &hop), -EAFNOSUPPORT);
}

/* A cloud's way: an address alone, and a gateway outside of it. RFC 3021: two to a link. */
static void
test_narrow_prefixes(void **state)
{
	const struct underlay_addr far = address("198.51.100.7"), other = address("10.0.0.0");
	struct underlay_if one = harness_port(&h);
	char text[UNDERLAY_ADDR_TEXT_MAX];
	struct underlay_hop hop;

	(void)state;
	one.addresses[0] = prefix("10.0.0.5", 32);
	one.gateway4 = address("10.0.0.1");
	assert_null(underlay_if_finish(&one));
	assert_int_equal(underlay_route(&one, 1, UNDERLAY_ANY_PORT, &far, &hop), 0);
	assert_string_equal(underlay_addr_text(&hop.next_hop, text), "10.0.0.1");
	assert_string_equal(underlay_addr_text(&hop.source, text), "10.0.0.5");
	one.addresses[0] = prefix("10.0.0.1", 31);
	one.gateway4.family = 0;
	assert_null(underlay_if_finish(&one));
	assert_int_equal(underlay_route(&one, 1, UNDERLAY_ANY_PORT, &other, &hop), 0);
	assert_string_equal(underlay_addr_text(&hop.next_hop, text), "10.0.0.0");
}

/* Of a port's own addresses: the longest prefix, and nothing link-local beyond the link. */
static void
test_source(void **state)
{
	const struct underlay_addr near = address("10.1.0.9"), far = address("2001:db8:9::7");
	struct underlay_if one = harness_port(&h);
	char text[UNDERLAY_ADDR_TEXT_MAX];
	struct underlay_hop hop;

	(void)state;
	one.n_addresses = 4;
	one.addresses[0] = prefix("10.0.0.1", 8);
	one.addresses[1] = prefix("10.1.0.1", 16);
	one.addresses[2] = prefix("fe80::9", 64);
	one.addresses[3] = prefix("2001:db8::1", 64);
	one.gateway4.family = 0;
	one.gateway6 = address("fe80::1");
	assert_null(underlay_if_finish(&one));
	assert_int_equal(underlay_route(&one, 1, UNDERLAY_ANY_PORT, &near, &hop), 0);
	assert_string_equal(underlay_addr_text(&hop.source, text), "10.1.0.1");
	assert_int_equal(underlay_route(&one, 1, UNDERLAY_ANY_PORT, &far, &hop), 0);
	assert_string_equal(underlay_addr_text(&hop.source, text), "2001:db8::1");
}

/* Each bit of a prefix, by counting bits: an oracle of another kind. */
static void
test_prefix_bits(void **state)
{
	struct underlay_prefix p = prefix("2001:db8::", 1);
	unsigned int len, bit;

	(void)state;
	for (len = 1; len <= 128; len++) {
		p.len = (uint8_t)len;
		for (bit = 0; bit < 128; bit++) {
			struct underlay_addr a = p.addr;

			a.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_int_equal(underlay_prefix_covers(&p, &a), bit >= len);
		}
	}
}

static void
test_port_mistakes(void **state)
{
	struct underlay_if good = harness_port(&h), bad;

	(void)state;
	assert_null(underlay_if_finish(&good));
	assert_true(underlay_if_owns(&good, &good.link_local));
#define MISTAKE(change)                                                                            \
	do {                                                                                       \
		bad = harness_port(&h);                                                            \
		change;                                                                            \
		assert_non_null(underlay_if_finish(&bad));                                         \
	} while (0)
	MISTAKE(bad.mac.addr_bytes[0] |= 1);
	MISTAKE(memset(&bad.mac, 0, sizeof(bad.mac)));
	MISTAKE(bad.vlan = 4095);
	MISTAKE(bad.mtu = 67);
	MISTAKE(bad.mtu = 1279);
	MISTAKE(bad.mtu = 9217);
	MISTAKE(bad.n_addresses = 9);
	MISTAKE(bad.send = NULL);
	MISTAKE(bad.addresses[0].len = 33);
	MISTAKE(bad.addresses[1].len = 129);
	MISTAKE(bad.addresses[0].len = 0);
	MISTAKE(bad.addresses[0] = prefix("192.0.2.255", 24));
	MISTAKE(bad.addresses[0] = prefix("224.0.0.5", 24));
	MISTAKE(bad.addresses[1] = prefix("::1", 64));
	MISTAKE(bad.gateway4 = address("192.0.2.1"));
	MISTAKE(bad.gateway4 = address("2001:db8::7"));
	MISTAKE(bad.gateway6 = address("ff02::2"));
	MISTAKE(bad.n_addresses = 1); /* and a gateway for IPv6 */
	MISTAKE(memset(bad.name, 'x', sizeof(bad.name)));
}

static void
test_address_forms(void **state)
{
	const struct underlay_addr four = address("192.0.2.1"), six = address("2001:db8::1");
	struct underlay_addr none;
	struct address other;

	(void)state;
	other = underlay_addr_to(&four);
	assert_true(address_is_ipv4(&other));
	assert_memory_equal(other.bytes + 12, four.bytes, 4);
	other = underlay_addr_to(&six);
	assert_memory_equal(other.bytes, six.bytes, 16);
	assert_false(underlay_addr_parse("192.0.2", &none));
	assert_false(underlay_addr_parse("", &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_link),
		cmocka_unit_test(test_gateway),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_narrow_prefixes),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_prefix_bits),
		cmocka_unit_test(test_port_mistakes),
		cmocka_unit_test(test_address_forms),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
