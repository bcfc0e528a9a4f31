/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a configuration says of the way to an address and what the underlay does: the same, of a
 * peer (on its port) and of an egress (by any port).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "underlay_route.h"

#define NODE "node = { id = 1; socket = \"/tmp/t.sock\"; };\n"

/* Of up to two ports: addresses and gateways, as in a file. */
struct ways {
	const char *addresses[2], *gateways[2];
};

static struct config *
load(const struct ways *ways, const char *more)
{
	struct config_errors errs = {0};
	struct config *config;
	char text[4096];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), NODE "ports = (");
	for (unsigned int i = 0; i < 2 && ways->addresses[i] != NULL; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s{ name = \"p%u\"; device = \"net_null%u\"; addresses = [ %s ];\n"
			"  gateways = [ %s ]; }",
			i == 0 ? "" : ", ", i, i, ways->addresses[i],
			ways->gateways[i] != NULL ? ways->gateways[i] : "");
	snprintf(text + used, sizeof(text) - used, ");\n%s", more);
	config = config_load_string("t.cfg", text, strlen(text), &errs);
	for (size_t i = 0; i < errs.count; i++)
		print_message("  %s\n", errs.list[i].text);
	config_errors_free(&errs);
	return config;
}

static void
no_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len)
{
	(void)ctx;
	(void)port;
	(void)frame;
	(void)len;
}

/* As a node does at its start; 0: the ports are refused. */
static unsigned int
start(const struct ways *ways, struct underlay_if *ports)
{
	struct config *config = load(ways, "");
	unsigned int count;

	if (config == NULL)
		return 0;
	count = config->port_count;
	for (unsigned int i = 0; i < count; i++) {
		config_port_underlay(config, i, &ports[i]);
		ports[i].mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, (uint8_t)(i + 1)}};
		ports[i].mtu = 1500;
		ports[i].send = no_send;
		assert_null(underlay_if_finish(&ports[i]));
	}
	config_free(config);
	return count;
}

/* source NULL: refused by both. */
static const char *
peer_from(const struct ways *ways, unsigned int port, const char *to, char *text)
{
	struct config *config;
	char more[256];

	snprintf(more, sizeof(more), "peers = ( { id = 2; address = \"%s\"; port = \"p%u\"; } );\n",
		to, port);
	config = load(ways, more);
	if (config == NULL)
		return NULL;
	assert_int_equal(config->peers[0].port, port);
	underlay_addr_text(&config->ports[port].addresses[config->peers[0].local].addr, text);
	config_free(config);
	return text;
}

static const char *
egress_from(const struct ways *ways, const char *to, unsigned int *port, char *text)
{
	const struct config_egress *egress;
	struct config *config;
	char more[512];

	snprintf(more, sizeof(more),
		"peers = ();\nconferences = ( { id = 9; sessions = ( { id = 1; source = 2;\n"
		"  destinations = [ 1 ]; flows = ( { path = \"1\"; } );\n"
		"  ingress = { udp = \"192.0.2.200:5004\"; };\n"
		"  egress = ( { node = 1; udp = \"%s%s%s:5004\"; } ); } ); } );\n",
		strchr(to, ':') != NULL ? "[" : "", to, strchr(to, ':') != NULL ? "]" : "");
	config = load(ways, more);
	if (config == NULL)
		return NULL;
	egress = &config->conferences[0].sessions[0].egress[0];
	*port = egress->port;
	underlay_addr_text(&config->ports[egress->port].addresses[egress->local].addr, text);
	config_free(config);
	return text;
}

static bool
same(const char *what, const char *to, const char *is, const char *wanted)
{
	if (is == NULL ? wanted == NULL : wanted != NULL && strcmp(is, wanted) == 0)
		return true;
	print_error("%s, to %s: from %s, not from %s\n", what, to, is != NULL ? is : "nowhere",
		wanted != NULL ? wanted : "nowhere");
	return false;
}

/* To an address from p0 (a peer) and from any port (an egress); from NULL: not at all. */
static const struct row {
	struct ways ways;
	const char *to;
	const char *peer_from;
	const char *egress_from;
	unsigned int egress_port;
} rows[] = {
	/* The longest subnet, then the gateway. */
	{{{"\"10.0.0.1/8\"", "\"10.1.0.1/16\""}, {0}}, "10.1.2.3", "10.0.0.1", "10.1.0.1", 1},
	{{{"\"10.0.0.1/8\", \"10.1.0.1/16\""}, {0}}, "10.1.2.3", "10.1.0.1", "10.1.0.1", 0},
	{{{"\"10.0.0.1/24\"", "\"10.1.0.1/16\""}, {NULL, "\"10.1.0.254\""}}, "192.0.2.9", NULL,
		"10.1.0.1", 1},
	{{{"\"10.0.0.1/24\""}, {"\"10.0.0.254\""}}, "fd00::9", NULL, NULL, 0},
	/* Through a gateway: from the address that the gateway knows. */
	{{{"\"10.0.0.1/24\", \"10.9.0.1/24\""}, {"\"10.9.0.254\""}}, "192.0.2.9", "10.9.0.1",
		"10.9.0.1", 0},
	{{{"\"fd00::1/64\", \"fd00:9::1/64\""}, {"\"fd00:9::fe\""}}, "2001:db8::9", "fd00:9::1",
		"fd00:9::1", 0},
	/* A link-local address is not one to speak from to others. */
	{{{"\"fe80::5/64\", \"fd00::1/64\""}, {"\"fd00::fe\""}}, "2001:db8::9", "fd00::1",
		"fd00::1", 0},
	{{{"\"fe80::5/64\", \"fd00::1/64\""}, {"\"fe80::fe\""}}, "2001:db8::9", "fd00::1",
		"fd00::1", 0},
	{{{"\"fe80::5/64\""}, {"\"fe80::fe\""}}, "2001:db8::9", NULL, NULL, 0},
	/* The router's usual address: a port with IPv6 is on fe80::/64. */
	{{{"\"fd00::1/64\""}, {"\"fe80::fe\""}}, "2001:db8::9", "fd00::1", "fd00::1", 0},
	/* Link-local ones: on link, never through a gateway; which link must be plain. */
	{{{"\"fd00::1/64\", \"fe80::5/64\""}, {"\"fd00::fe\""}}, "fe80::9", "fe80::5", "fe80::5",
		0},
	{{{"\"fd00::1/64\", \"fe80::5/64\"", "\"fe80::6/64\""}, {0}}, "fe80::9", "fe80::5", NULL,
		0},
	{{{"\"fd00::1/64\""}, {"\"fd00::fe\""}}, "fe80::9", NULL, NULL, 0},
	{{{"\"fe80::5/64\""}, {0}}, "fe80::", NULL, NULL, 0},
	/* What no other host has: on any port. */
	{{{"\"10.0.0.1/24\"", "\"10.1.0.1/16\""}, {"\"10.0.0.254\""}}, "10.1.255.255", NULL, NULL,
		0},
	{{{"\"10.0.0.1/24\"", "\"10.1.0.1/16\""}, {"\"10.0.0.254\""}}, "10.1.0.1", NULL, NULL, 0},
	{{{"\"10.0.0.1/24\"", "\"10.0.0.129/25\""}, {0}}, "10.0.0.128", NULL, NULL, 0},
};

static unsigned int
check_row(const struct row *row)
{
	char text[UNDERLAY_ADDR_TEXT_MAX];
	struct underlay_if ports[2];
	const unsigned int n_ports = start(&row->ways, ports);
	unsigned int port = row->egress_port, wrong = 0;
	struct underlay_addr to;
	struct underlay_hop hop;

	if (n_ports == 0)
		return 1;
	assert_true(underlay_addr_parse(row->to, &to));
	wrong += !same("a peer", row->to, peer_from(&row->ways, 0, row->to, text), row->peer_from);
	wrong += !same("an egress", row->to, egress_from(&row->ways, row->to, &port, text),
		row->egress_from);
	wrong += port != row->egress_port;
	/* What is let through is what packets do. */
	if (row->peer_from != NULL) {
		assert_int_equal(underlay_route(ports, n_ports, 0, &to, &hop), 0);
		wrong += !same("the underlay on p0", row->to, underlay_addr_text(&hop.source, text),
			row->peer_from);
	}
	if (row->egress_from != NULL) {
		const int only = n_ports == 1 ? 0 : UNDERLAY_ANY_PORT;

		assert_int_equal(underlay_route(ports, n_ports, only, &to, &hop), 0);
		assert_int_equal(hop.port, row->egress_port);
		wrong += !same("the underlay", row->to, underlay_addr_text(&hop.source, text),
			row->egress_from);
	}
	return wrong;
}

static void
test_ways(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		wrong += check_row(&rows[i]);
	assert_int_equal(wrong, 0);
}

static int
route_to(const struct config *config, const char *to, uint32_t *port, char *next)
{
	struct underlay_addr address;
	struct config_route route;
	int error;

	assert_true(underlay_addr_parse(to, &address));
	error = config_route(config, CONFIG_INDEX_NONE, &address, &route);
	*port = error == 0 ? route.port : CONFIG_INDEX_NONE;
	underlay_addr_text(error == 0 ? &route.next_hop : &(struct underlay_addr){0}, next);
	return error;
}

static void
test_next_hops(void **state)
{
	const struct ways ways = {{"\"10.0.0.1/8\"", "\"10.1.0.1/16\""}, {NULL, "\"10.1.0.254\""}};
	struct config *config = load(&ways, "");
	char next[UNDERLAY_ADDR_TEXT_MAX];
	uint32_t port;

	(void)state;
	assert_non_null(config);
	assert_int_equal(route_to(config, "10.2.0.9", &port, next), 0);
	assert_int_equal(port, 0);
	assert_string_equal(next, "10.2.0.9");
	assert_int_equal(route_to(config, "10.1.0.9", &port, next), 0);
	assert_int_equal(port, 1);
	assert_int_equal(route_to(config, "192.0.2.1", &port, next), 0);
	assert_int_equal(port, 1);
	assert_string_equal(next, "10.1.0.254");
	assert_int_equal(route_to(config, "fd00::9", &port, next), -EAFNOSUPPORT);
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_next_hops),
	};

	return cmocka_run_group_tests_name("config_route", tests, NULL, NULL);
}
