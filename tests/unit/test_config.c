/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "path_text.h"

#define NODE "node = { id = 1; name = \"toronto\"; };\n"
#define PORTS                                                                                      \
	"ports = ( { name = \"wan0\"; device = \"net_null0\";\n\
	addresses = [ \"10.0.1.1/24\", \"fd00::1/64\" ]; gateways = [ \"10.0.1.254\" ]; } );\n"
#define PEERS                                                                                      \
	"peers = ( { id = 5; address = \"10.0.5.5\"; }, { id = 6; address = \"fd00::6\"; } );\n"

static struct config *
load(const char *text)
{
	struct config_errors errs = {0};
	struct config *config = config_load_string("test.cfg", text, strlen(text), &errs);

	if (config == NULL)
		config_errors_print(&errs, stderr);
	assert_non_null(config);
	assert_int_equal(errs.count, 0);
	config_errors_free(&errs);
	return config;
}

/* The one message that a text gives. */
static void
assert_message(const char *text, const char *message)
{
	struct config_errors errs = {0};
	char *got = NULL;
	size_t size;
	FILE *out;

	assert_null(config_load_string("test.cfg", text, strlen(text), &errs));
	out = open_memstream(&got, &size);
	config_errors_print(&errs, out);
	fclose(out);
	assert_string_equal(got, message);
	free(got);
	config_errors_free(&errs);
}

static char *
print(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

/* What is printed reads as the same: printed again it is equal, byte by byte. */
static void
assert_prints_alike(struct config *config)
{
	char *first = print(config);
	struct config *again = load(first);
	char *second = print(again);

	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(again);
}

static void
test_defaults(void **state)
{
	struct config *config = load("node = { id = 7; };\n" PORTS);

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
	assert_prints_alike(config);
	config_free(config);
}

static void
test_node_and_ports(void **state)
{
	struct config *config = load(
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
	assert_prints_alike(config);
	config_free(config);
}

static void
test_peers(void **state)
{
	struct config *config = load(NODE PEERS
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
	assert_prints_alike(config);
	config_free(config);
}

static void
test_peer_ports(void **state)
{
	struct config *config = load(NODE
		"ports = (\n"
		"  { name = \"a\"; device = \"net_null0\"; addresses = [ \"10.0.0.1/8\" ]; },\n"
		"  { name = \"b\"; device = \"net_null1\"; addresses = [ \"10.1.0.1/16\" ];\n"
		"    gateways = [ \"10.1.0.254\" ]; } );\n"
		"peers = ( { id = 2; address = \"10.1.2.3\"; port = \"a\"; },\n"
		"  { id = 3; address = \"192.0.2.9\"; port = \"b\"; } );\n");

	(void)state;
	assert_int_equal(config->peers[0].port, 0);
	assert_int_equal(config->peers[1].port, 1);
	assert_prints_alike(config);
	config_free(config);
}

#define SESSION(more)                                                                              \
	"conferences = ( { id = 9; sessions = ( { id = 4294967295; source = 1;\n"                  \
	"  destinations = [ 2, 3 ]; " more " } ); } );\n"
#define FLOWS	"flows = ( { path = \"5 > (2, 3)\"; } );"
#define INGRESS "ingress = { udp = \"[fd00::1]:5004\"; };"

static void
test_session_defaults(void **state)
{
	struct config *config = load(NODE PORTS PEERS SESSION(FLOWS INGRESS));
	const struct config_session *session = &config->conferences[0].sessions[0];

	(void)state;
	assert_int_equal(config->conferences[0].id, 9);
	assert_int_equal(session->id, 4294967295);
	assert_string_equal(config->conferences[0].name, "conference-9");
	assert_string_equal(session->name, "session-4294967295");
	assert_int_equal(session->conference, 9);
	assert_int_equal(session->rate, 0);
	assert_int_equal(session->burst, 0);
	assert_int_equal(session->payload, 0);
	assert_int_equal(session->window, 2048);
	assert_int_equal(session->reorder.packets, 0);
	assert_true(session->start);
	assert_false(session->delay_sensitive);
	assert_int_equal(session->flow_count, 1);
	assert_int_equal(session->flows[0].id, 0);
	assert_int_equal(session->flows[0].weight, 1);
	assert_int_equal(session->ingress.kind, CONFIG_INGRESS_UDP);
	assert_int_equal(session->ingress.port, 0);
	assert_int_equal(session->ingress.local, 1);
	assert_int_equal(session->ingress.udp.udp_port, 5004);
	assert_int_equal(session->egress[0].node, 2);
	assert_int_equal(session->egress[1].node, 3);
	assert_int_equal(session->egress[1].kind, CONFIG_EGRESS_SINK);
	/* 1500 - 20 - 8 - 24 - 18 - 24 - 8 - 16 */
	assert_int_equal(config_flow_payload(config, session, &session->flows[0].tree), 1382);
	assert_prints_alike(config);
	config_free(config);
}

static void
test_session_all(void **state)
{
	struct config *config = load(NODE PORTS PEERS SESSION(
		"name = \"s\"; rate = \"1.5G\"; payload = 1300; window = 64; start = false;\n"
		"delay_sensitive = true; reorder = { packets = 10; };\n"
		"flows = ( { path = \"5>(2,3)\"; weight = 0; }, { id = 255; path = \"(5>2,6>3)\"; "
		"} );\n"
		"ingress = { generator = { kind = \"trace\"; trace = \"/t\"; fps = 29.97; seed = "
		"5;\n"
		"  count = 10000000000; size = 1300; }; };\n"
		"egress = ( { node = 3; udp = \"[fd00::9]:1\"; }, { node = 2; file = \"/f\"; } "
		");"));
	const struct config_session *session = config->conferences[0].sessions;

	(void)state;
	assert_int_equal(session->rate, 1500000000);
	assert_int_equal(session->burst, 1875000);
	assert_int_equal(session->payload, 1300);
	assert_int_equal(session->window, 64);
	assert_int_equal(session->reorder.packets, 10);
	assert_int_equal(session->reorder.ms, 50);
	assert_false(session->start);
	assert_true(session->delay_sensitive);
	assert_int_equal(session->flows[1].id, 255);
	assert_int_equal(session->flows[0].weight, 0);
	assert_int_equal(session->ingress.generator.kind, CONFIG_GENERATOR_TRACE);
	assert_int_equal(session->ingress.generator.fps, 29970);
	assert_int_equal(session->ingress.generator.count, 10000000000);
	assert_int_equal(session->egress[0].kind, CONFIG_EGRESS_FILE);
	assert_string_equal(session->egress[0].file, "/f");
	assert_int_equal(session->egress[1].kind, CONFIG_EGRESS_UDP);
	/* The second flow's two branches are shorter, the IPv6 header longer. */
	assert_int_equal(config_flow_payload(config, session, &session->flows[1].tree), 1368);
	assert_prints_alike(config);
	config_free(config);
}

static void
test_coding(void **state)
{
	struct config *config = load(
		NODE PORTS PEERS SESSION("coding = { repair = \"12.5%\"; }; flows = ( { path = "
					 "\"5>(2,3)\"; } );\n" INGRESS));
	const struct config_session *session = config->conferences[0].sessions;
	struct rlnc_params params = config_coding_params(session);

	(void)state;
	assert_int_equal(params.code, RLNC_BLOCK);
	assert_int_equal(params.k, 32);
	assert_true(params.systematic);
	assert_int_equal(params.ratio, 125000);
	assert_int_equal(params.close, 5000000);
	assert_int_equal(params.deadline, 200000000);
	/* 4 bytes of header and 8 of a symbol's head are more than the 8 that are kept free. */
	assert_int_equal(config_flow_payload(config, session, &session->flows[0].tree), 1378);
	assert_prints_alike(config);
	config_free(config);
	config = load(NODE PORTS PEERS SESSION(
		"coding = { k = 100; repair = \"10%\"; relays = ( { node = 5; },\n"
		"  { node = 6; recode = \"lossy\"; } ); }; flows = ( { path = \"5>(2,3)\"; }, "
		"{ path = \"5>6>(2,3)\"; } );\n" INGRESS));
	session = config->conferences[0].sessions;
	assert_int_equal(config_recode_at(session, 5), CONFIG_RECODE_ALWAYS);
	assert_int_equal(config_recode_at(session, 6), CONFIG_RECODE_LOSSY);
	assert_int_equal(config_recode_at(session, 2), CONFIG_RECODE_NEVER);
	/* A relay's header has a coefficient for each source packet. */
	assert_int_equal(config_flow_payload(config, session, &session->flows[0].tree), 1278);
	assert_prints_alike(config);
	config_free(config);
	config = load(NODE PORTS PEERS SESSION("coding = { repair = \"adaptive\"; residual = "
					       "\"0.01%\"; bound = \"300%\"; };\n" FLOWS INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.repair, RLNC_REPAIR_ADAPTIVE);
	assert_int_equal(params.residual, 100);
	assert_int_equal(params.bound, 3000000);
	assert_prints_alike(config);
	config_free(config);
	config = load(
		NODE PORTS PEERS SESSION("coding = { repair = \"rateless\"; };\n" FLOWS INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.repair, RLNC_REPAIR_RATELESS);
	assert_int_equal(params.bound, 1000000);
	assert_prints_alike(config);
	config_free(config);
	config = load(NODE PORTS PEERS SESSION(
		"coding = { code = \"window\"; window = 40; repair = \"400%\"; close = \"1ms\";\n"
		"  deadline = \"1s\"; }; flows = ( { path = \"5>(2,3)\"; } );\n" INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.code, RLNC_WINDOW);
	assert_int_equal(params.k, 40);
	assert_int_equal(params.ratio, 4000000);
	assert_int_equal(params.deadline, 1000000000);
	assert_prints_alike(config);
	config_free(config);
}

static void
test_generators(void **state)
{
	static const char *const generators[] = {
		"ingress = { generator = { }; };",
		"ingress = { generator = { kind = \"poisson\"; size = 1; count = 5; }; };",
		"ingress = { generator = { kind = \"onoff\"; }; };",
		"ingress = { file = \"/some file\"; };",
		"ingress = { file = \"/f\"; size = 99; };",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(generators) / sizeof(generators[0]); i++) {
		char text[4096];
		struct config *config;

		snprintf(text, sizeof(text),
			NODE PORTS PEERS SESSION("rate = \"1.25k\"; " FLOWS "%s"), generators[i]);
		config = load(text);
		assert_int_equal(config->conferences[0].sessions[0].rate, 1250);
		assert_int_equal(config->conferences[0].sessions[0].burst, 65536);
		assert_prints_alike(config);
		config_free(config);
	}
}

/* Rates as numbers and as text; 0 = refused. */
static void
test_rates(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate;
	} rates[] = {
		{"1000", 1000},
		{"999", 0},
		{"3000000000", 3000000000},
		{"10000000000", 10000000000},
		{"4294968296", 4294968296},
		{"0x12a05f200", 5000000000},
		{"10000000000L", 10000000000},
		{"-3000000000", 0},
		{"1000000000000", 1000000000000},
		{"1000000000001", 0},
		{"2.5e6", 0},
		{"\"25000\"", 25000},
		{"\"2.5M\"", 2500000},
		{"\"0.000001G\"", 1000},
		{"\"1000G\"", 1000000000000},
		{"\"1001G\"", 0},
		{"\"1.0001k\"", 0},
		{"\".5M\"", 500000},
		{"\"5.\"", 0},
		{"\"5.M\"", 5000000},
		{"\"M\"", 0},
		{"\"\"", 0},
		{"\"5 M\"", 0},
		{"\"5MM\"", 0},
		{"\"5Mbit\"", 5000000},
		{"\"25000bit\"", 25000},
		{"\"5MB\"", 0},
		{"\"5Mbits\"", 0},
		{"\"bit\"", 0},
		{"\"-5M\"", 0},
		{"\"18446744073709551617\"", 0},
		{"\"1844674407370955162k\"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct config_errors errs = {0};
		struct config *config;
		char text[4096];

		snprintf(text, sizeof(text), NODE PORTS PEERS SESSION("rate = %s; " FLOWS INGRESS),
			rates[i].text);
		config = config_load_string("test.cfg", text, strlen(text), &errs);
		if (rates[i].rate == 0) {
			assert_null(config);
			assert_int_equal(errs.count, 1);
		} else {
			assert_non_null(config);
			assert_int_equal(config->conferences[0].sessions[0].rate, rates[i].rate);
		}
		config_errors_free(&errs);
		config_free(config);
	}
}

/* Integers over 31 bits never lose their high bits, whatever libconfig does. */
static void
test_integers(void **state)
{
	(void)state;
	assert_message("node = { id = 4294967297; };\n" PORTS,
		"test.cfg:1: node: id is 4294967297, it must be an integer from 1 to 2147483647\n");
	assert_message("node = { id = 0xffffffff; };\n" PORTS,
		"test.cfg:1: node: id is 4294967295, it must be an integer from 1 to 2147483647\n");
	assert_message("node = { id = 0x100000001; };\n" PORTS,
		"test.cfg:1: node: id is 4294967297, it must be an integer from 1 to 2147483647\n");
	assert_message("node = { id = 0xffffffffffffffff; };\n" PORTS,
		"test.cfg:1: an integer is out of range, it must be -9223372036854775808 to "
		"9223372036854775807\n");
	assert_message("node = { id = 1; };\n\nx = -9223372036854775809L;\n" PORTS,
		"test.cfg:3: an integer is out of range, it must be -9223372036854775808 to "
		"9223372036854775807\n");
	/* In strings, comments, names and fractions nothing is touched. */
	config_free(load("node = { id = 1; name = \"99999999999999999999\"; };\n"
			 "# 99999999999999999999\n// 99999999999999999999\n"
			 "/* 99999999999999999999 */\n" PORTS));
	assert_message(
		"node = { id = 1; };\nx99999999999999999999 = .99999999999999999999;\n" PORTS,
		"test.cfg:2: there is no key \"x99999999999999999999\", the keys are: node, ports, "
		"peers, conferences, statistics, management\n");
}

static void
test_memory_only(void **state)
{
	(void)state;
	assert_message("@include \"/etc/hostname\"\n" NODE PORTS,
		"test.cfg:1: @include is not possible here\n");
	assert_message("; @include \"/etc/hostname\"\n" NODE PORTS,
		"test.cfg:1: syntax error here or just before, right is: KEY = VALUE; with strings "
		"in \"\", groups in { }, lists of groups in ( ), arrays in [ ]\n");
	/* In a string it is text, which here is refused for its line ends. */
	assert_message("node = { id = 1; name = \"\n@include \\\"/etc/hostname\\\"\n\"; };\n" PORTS,
		"test.cfg:1: node: name is \"\n@include \"/etc/hostname\"\n\", it must be a name: "
		"1 "
		"to 31 letters, digits, '-', '_' and '.', the first a letter or digit\n");
}

static void
test_flow_check(void **state)
{
	struct config *config = load(NODE PORTS PEERS SESSION(FLOWS INGRESS));
	const struct config_session *session = config->conferences[0].sessions;
	struct path_text_error error;
	struct pathlet_tree tree;
	char reason[256];

	(void)state;
	assert_int_equal(path_text_parse("(6 > 2, 5 > 3)", &tree, &error), 0);
	assert_int_equal(config_flow_check(config, session, &tree, reason, sizeof(reason)), 0);
	assert_int_equal(path_text_parse("(6 > 2, 3)", &tree, &error), 0);
	assert_int_equal(config_flow_check(config, session, &tree, reason, sizeof(reason)), -1);
	assert_string_equal(
		reason, "node 3 is a next hop of this node (1) but not one of its peers");
	config_free(config);
}

/* A trace file and paths relative to the file that names them. */
static void
test_files(void **state)
{
	char directory[] = "/tmp/ferry-config-XXXXXX", path[128];
	struct config_errors errs = {0};
	struct config *config;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/t", directory);
	file = fopen(path, "w");
	fputs("# sizes\n\n 5000 # key frame\n700\n1", file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/n.cfg", directory);
	file = fopen(path, "w");
	fputs(NODE PORTS PEERS SESSION(
		      FLOWS "ingress = { generator = { kind = \"trace\"; trace = \"t\"; }; };"),
		file);
	fclose(file);
	config = config_load(path, &errs);
	assert_non_null(config);
	snprintf(path, sizeof(path), "%s/t", directory);
	assert_string_equal(config->conferences[0].sessions[0].ingress.generator.trace, path);
	assert_int_equal(config->conferences[0].sessions[0].ingress.generator.frame_count, 3);
	assert_int_equal(config->conferences[0].sessions[0].ingress.generator.frames[0], 5000);
	assert_int_equal(config->conferences[0].sessions[0].ingress.generator.frames[2], 1);
	assert_prints_alike(config);
	config_free(config);
	unlink(path);
	snprintf(path, sizeof(path), "%s/n.cfg", directory);
	assert_null(config_load(path, &errs));
	assert_int_equal(errs.count, 1);
	config_errors_free(&errs);
	unlink(path);
	rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_node_and_ports),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_peer_ports),
		cmocka_unit_test(test_session_defaults),
		cmocka_unit_test(test_session_all),
		cmocka_unit_test(test_coding),
		cmocka_unit_test(test_generators),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_memory_only),
		cmocka_unit_test(test_flow_check),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
