/* SPDX-License-Identifier: BSD-3-Clause */
/* A node, its ports and its peers in configuration files, and how a text as a whole is read. */
#include "config_harness.h"
#include "unit.h"

static void
test_defaults(void **state)
{
	struct config *config = harness_load("node = { id = 7; };\n" PORTS);

	(void)state;
	assert_int_equal(config->node.id, 7);
	assert_string_equal(config->node.name, "node-7");
	assert_string_equal(config->node.socket, "/run/ferry/node-7.sock");
	assert_int_equal(config->node.workers, 1);
	assert_int_equal(config->node.cpu_count, 0);
	assert_int_equal(config->node.idle, CONFIG_IDLE_ADAPTIVE);
	assert_false(config->node.clock_synchronized);
	assert_int_equal(config->node.drain, 1000);
	assert_int_equal(config->node.probe, 200);
	assert_int_equal(config->port_count, 1);
	assert_int_equal(config->ports[0].vlan, 0);
	assert_int_equal(config->ports[0].mtu, 1500);
	assert_int_equal(config->ports[0].queues, 1);
	assert_int_equal(config->ports[0].rx_descriptors, 512);
	assert_int_equal(config->ports[0].tx_descriptors, 512);
	assert_int_equal(config->ports[0].udp_port, 13779);
	assert_int_equal(config->peer_count, 0);
	assert_int_equal(config->conference_count, 0);
	harness_expect_alike(config);
	config_free(config);
}

static void
test_node_and_ports(void **state)
{
	struct config *config = harness_load(
		"node = { id = 0x7fffffff; name = \"a.b-c_D\"; workers = 2; cpus = [ 3, 2 ];\n"
		"  idle = \"poll\"; socket = \"/tmp/s\"; clock_synchronized = true; drain = 0; "
		"probe = 0;\n"
		"  eal = [ \"--log-level=8\", \"--iova-mode=va\", \"q\\\"\\\\q\" ]; };\n"
		"ports = ( { name = \"p\"; device = \"0000:3b:00.1\"; vlan = 7; mtu = 9000;\n"
		"  addresses = ( \"192.0.2.1/31\", \"2001:DB8::1/127\" ); queues = 16;\n"
		"  gateways = ( \"2001:db8:0::\", \"192.0.2.0\" ); rx_descriptors = 4096;\n"
		"  tx_descriptors = 1024; udp_port = 1; } );\n");
	const struct config_port *port = config->ports;

	(void)state;
	assert_int_equal(config->node.id, 0x7fffffff);
	assert_string_equal(config->node.name, "a.b-c_D");
	assert_int_equal(config->node.cpu_count, 2);
	assert_int_equal(config->node.cpus[0], 3);
	assert_int_equal(config->node.cpus[1], 2);
	assert_int_equal(config->node.idle, CONFIG_IDLE_POLL);
	assert_true(config->node.clock_synchronized);
	assert_int_equal(config->node.drain, 0);
	assert_int_equal(config->node.probe, 0);
	assert_int_equal(config->node.eal_count, 3);
	assert_string_equal(config->node.eal[2], "q\"\\q");
	assert_string_equal(port->device, "0000:3b:00.1");
	assert_int_equal(port->address_count, 2);
	assert_int_equal(port->addresses[0].len, 31);
	assert_memory_equal(port->addresses[0].addr.bytes, "\xc0\x00\x02\x01\0\0\0\0", 8);
	assert_int_equal(port->addresses[1].addr.family, AF_INET6);
	assert_int_equal(port->gateway[0].family, AF_INET);
	assert_memory_equal(port->gateway[1].bytes, "\x20\x01\x0d\xb8", 4);
	assert_int_equal(port->vlan, 7);
	assert_int_equal(port->mtu, 9000);
	assert_int_equal(port->queues, 16);
	assert_int_equal(port->udp_port, 1);
	harness_expect_alike(config);
	config_free(config);
}

static void
test_peers(void **state)
{
	struct config *config = harness_load(NODE PEERS
		"ports = ( { name = \"a\"; device = \"net_null0\";\n"
		"    addresses = [ \"10.0.1.1/24\", \"10.0.0.1/16\", \"fd00::1/64\" ]; } );\n");
	struct config_route route;

	(void)state;
	assert_int_equal(config->peer_count, 2);
	assert_int_equal(config->peers[0].id, 5);
	assert_string_equal(config->peers[0].name, "node-5");
	assert_int_equal(config->peers[0].port, 0);
	assert_int_equal(config->peers[0].local, 1);
	assert_int_equal(config->peers[0].udp_port, 13779);
	assert_int_equal(config->peers[0].ring, 512);
	assert_int_equal(config->peers[1].local, 2);
	assert_ptr_equal(config_peer_find(config, 6), &config->peers[1]);
	assert_null(config_peer_find(config, 7));
	assert_int_equal(config_route(config, 0, &config->peers[0].address, &route), 0);
	assert_true(underlay_addr_equal(&route.next_hop, &config->peers[0].address));
	harness_expect_alike(config);
	config_free(config);
}

static void
test_peer_ports(void **state)
{
	struct config *config = harness_load(NODE
		"ports = (\n"
		"  { name = \"a\"; device = \"net_null0\"; addresses = [ \"10.0.0.1/8\" ]; },\n"
		"  { name = \"b\"; device = \"net_null1\"; addresses = [ \"10.1.0.1/16\" ];\n"
		"    gateways = [ \"10.1.0.254\" ]; } );\n"
		"peers = ( { id = 2; address = \"10.1.2.3\"; port = \"a\"; },\n"
		"  { id = 3; address = \"192.0.2.9\"; port = \"b\"; } );\n");

	(void)state;
	assert_int_equal(config->peers[0].port, 0);
	assert_int_equal(config->peers[1].port, 1);
	harness_expect_alike(config);
	config_free(config);
}

/* Integers over 31 bits never lose their high bits, whatever libconfig does. */
static void
test_integers(void **state)
{
	(void)state;
	harness_expect_message("node = { id = 4294967297; };\n" PORTS,
		"test.cfg:1: node: id is 4294967297, it must be an integer from 1 to 2147483647\n");
	harness_expect_message("node = { id = 0xffffffff; };\n" PORTS,
		"test.cfg:1: node: id is 4294967295, it must be an integer from 1 to 2147483647\n");
	harness_expect_message("node = { id = 0x100000001; };\n" PORTS,
		"test.cfg:1: node: id is 4294967297, it must be an integer from 1 to 2147483647\n");
	harness_expect_message("node = { id = 0xffffffffffffffff; };\n" PORTS,
		"test.cfg:1: an integer is out of range, it must be -9223372036854775808 to "
		"9223372036854775807\n");
	harness_expect_message("node = { id = 1; };\n\nx = -9223372036854775809L;\n" PORTS,
		"test.cfg:3: an integer is out of range, it must be -9223372036854775808 to "
		"9223372036854775807\n");
	/* In strings, comments, names and fractions nothing is touched. */
	config_free(harness_load("node = { id = 1; name = \"99999999999999999999\"; };\n"
				 "# 99999999999999999999\n// 99999999999999999999\n"
				 "/* 99999999999999999999 */\n" PORTS));
	harness_expect_message(
		"node = { id = 1; };\nx99999999999999999999 = .99999999999999999999;\n" PORTS,
		"test.cfg:2: there is no key \"x99999999999999999999\", the keys are: node, ports, "
		"peers, conferences, statistics, management\n");
}

static void
test_memory_only(void **state)
{
	(void)state;
	harness_expect_message("@include \"/etc/hostname\"\n" NODE PORTS,
		"test.cfg:1: @include is not possible here\n");
	harness_expect_message("; @include \"/etc/hostname\"\n" NODE PORTS,
		"test.cfg:1: syntax error here or just before, right is: KEY = VALUE; with strings "
		"in \"\", groups in { }, lists of groups in ( ), arrays in [ ]\n");
	/* In a string it is text, which here is refused for its line ends. */
	harness_expect_message(
		"node = { id = 1; name = \"\n@include \\\"/etc/hostname\\\"\n\"; };\n" PORTS,
		"test.cfg:1: node: name is \"\n@include \"/etc/hostname\"\n\", it must be a name: "
		"1 "
		"to 31 letters, digits, '-', '_' and '.', the first a letter or digit\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_node_and_ports),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_peer_ports),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_memory_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
