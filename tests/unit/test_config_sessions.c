/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions in configuration files: their defaults, coding, rates, flows, and files they name. */
#include <unistd.h>

#include "config_harness.h"
#include "path_text.h"
#include "unit.h"

#define SESSION(more)                                                                              \
	"conferences = ( { id = 9; sessions = ( { id = 4294967295; source = 1;\n"                  \
	"  destinations = [ 2, 3 ]; " more " } ); } );\n"
#define FLOWS	"flows = ( { path = \"5 > (2, 3)\"; } );"
#define INGRESS "ingress = { udp = \"[fd00::1]:5004\"; };"

static void
test_session_defaults(void **state)
{
	struct config *config = harness_load(NODE PORTS PEERS SESSION(FLOWS INGRESS));
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
	harness_expect_alike(config);
	config_free(config);
}

static void
test_session_all(void **state)
{
	struct config *config = harness_load(NODE PORTS PEERS SESSION(
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
	harness_expect_alike(config);
	config_free(config);
}

static void
test_coding(void **state)
{
	struct config *config = harness_load(
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
	harness_expect_alike(config);
	config_free(config);
	config = harness_load(NODE PORTS PEERS SESSION(
		"coding = { k = 100; repair = \"10%\"; relays = ( { node = 5; },\n"
		"  { node = 6; recode = \"lossy\"; } ); }; flows = ( { path = \"5>(2,3)\"; }, "
		"{ path = \"5>6>(2,3)\"; } );\n" INGRESS));
	session = config->conferences[0].sessions;
	assert_int_equal(config_recode_at(session, 5), CONFIG_RECODE_ALWAYS);
	assert_int_equal(config_recode_at(session, 6), CONFIG_RECODE_LOSSY);
	assert_int_equal(config_recode_at(session, 2), CONFIG_RECODE_NEVER);
	/* A relay's header has a coefficient for each source packet. */
	assert_int_equal(config_flow_payload(config, session, &session->flows[0].tree), 1278);
	harness_expect_alike(config);
	config_free(config);
	config = harness_load(
		NODE PORTS PEERS SESSION("coding = { repair = \"adaptive\"; residual = "
					 "\"0.01%\"; bound = \"300%\"; };\n" FLOWS INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.repair, RLNC_REPAIR_ADAPTIVE);
	assert_int_equal(params.residual, 100);
	assert_int_equal(params.bound, 3000000);
	harness_expect_alike(config);
	config_free(config);
	config = harness_load(
		NODE PORTS PEERS SESSION("coding = { repair = \"rateless\"; };\n" FLOWS INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.repair, RLNC_REPAIR_RATELESS);
	assert_int_equal(params.bound, 1000000);
	harness_expect_alike(config);
	config_free(config);
	config = harness_load(NODE PORTS PEERS SESSION(
		"coding = { code = \"window\"; window = 40; repair = \"400%\"; close = \"1ms\";\n"
		"  deadline = \"1s\"; }; flows = ( { path = \"5>(2,3)\"; } );\n" INGRESS));
	params = config_coding_params(config->conferences[0].sessions);
	assert_int_equal(params.code, RLNC_WINDOW);
	assert_int_equal(params.k, 40);
	assert_int_equal(params.ratio, 4000000);
	assert_int_equal(params.deadline, 1000000000);
	harness_expect_alike(config);
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
		config = harness_load(text);
		assert_int_equal(config->conferences[0].sessions[0].rate, 1250);
		assert_int_equal(config->conferences[0].sessions[0].burst, 65536);
		harness_expect_alike(config);
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

static void
test_flow_check(void **state)
{
	struct config *config = harness_load(NODE PORTS PEERS SESSION(FLOWS INGRESS));
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
	harness_expect_alike(config);
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
		cmocka_unit_test(test_session_defaults),
		cmocka_unit_test(test_session_all),
		cmocka_unit_test(test_coding),
		cmocka_unit_test(test_generators),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_flow_check),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
