/* SPDX-License-Identifier: BSD-3-Clause */
#include "root_config.h"
#include "unit.h"

#define ROOT		    "root = { listen = \"127.0.0.1:13780\"; plain = true; };\n"
#define PEER(name, address) "{ node = \"" name "\"; address = \"" address "\"; }"

static const char whole[] =
	"root = { listen = \"[2001:db8::1]:13780\"; certificate = \"/c.pem\"; key = \"k.pem\";\n"
	"  authority = \"/a.pem\"; store = \"/tmp/x.db\"; socket = \"/tmp/x.sock\"; tcp = "
	"\"udp\";\n"
	"  forwarding = \"open\"; report = \"/tmp/report\"; report_s = 5; ping_ms = 300;\n"
	"  dead_ms = 900; };\n"
	"nodes = (\n"
	"{ name = \"toronto\"; id = 7; role = \"root\"; peers = (\n"
	"  { node = \"virginia\"; address = \"10.0.5.5\"; port = \"wan\"; pacing = \"none\"; } ); "
	"},\n"
	"{ name = \"virginia\"; role = \"relay\"; parent = \"toronto\"; peers = (\n"
	"  { node = \"toronto\"; address = \"fd00::1\"; udp_port = 5; pacing = \"rate:1M\"; },\n"
	"  " PEER("waterloo",
		"10.0.2.2") " ); },\n"
			    "{ name = \"waterloo\"; role = \"leaf\"; parent = \"virginia\"; peers "
			    "= ( " PEER("virginia",
				    "10.0.5.5") " ); } );\n"
						"thresholds = ( { name = \"fraclost\"; warning = "
						"0.01; danger = 0.05; },\n"
						"  { name = \"injitter\"; warning = 1000; danger = "
						"20000.5; } );\n"
						"conference_files = ( \"/etc/a.json\", "
						"\"/etc/b.cfg\" );\n"
						"conferences = ( { id = 1; sessions = ( { id = 1; "
						"source = 7; destinations = [ 2 ];\n"
						"  flows = ( { path = \"2\"; } ); ingress = { udp "
						"= \"10.1.0.1:5004\"; };\n"
						"  starts = \"2030-01-01 00:00:00 UTC\"; } ); } "
						");\n";

static struct root_config *
load(const char *text)
{
	struct config_errors errs = {0};
	struct root_config *config = root_config_load_string("r.cfg", text, strlen(text), &errs);

	config_errors_print(&errs, stderr);
	assert_non_null(config);
	return config;
}

static char *
print(const struct root_config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	root_config_print(config, out);
	fclose(out);
	return text;
}

static void
assert_messages(const char *text, const char *messages)
{
	struct config_errors errs = {0};
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	assert_null(root_config_load_string("r.cfg", text, strlen(text), &errs));
	config_errors_print(&errs, out);
	fclose(out);
	assert_string_equal(got, messages);
	free(got);
	config_errors_free(&errs);
}

/* There is always a report, unless it is turned off. */
static void
test_report(void **state)
{
	struct root_config *config = load(ROOT "nodes = ( );");

	(void)state;
	assert_string_equal(config->settings.report, "/var/lib/ferry/root.db.report");
	assert_int_equal(config->settings.report_s, 30);
	root_config_free(config);
	config = load("root = { listen = \"127.0.0.1:13780\"; plain = true; store = \"/tmp/x\"; "
		      "report_s = 0; }; nodes = ( );");
	assert_string_equal(config->settings.report, "/tmp/x.report");
	assert_int_equal(config->settings.report_s, 0);
	root_config_free(config);
}

static void
test_whole(void **state)
{
	struct root_config *config = load(whole), *again;
	const struct root_place *place = &config->places[1];
	char pacing[CONFIG_PACING_TEXT], *first, *second;

	(void)state;
	assert_int_equal(config->settings.listen.address.family, AF_INET6);
	assert_int_equal(config->settings.listen.udp_port, 13780);
	assert_string_equal(config->settings.connections.certificate, "/c.pem");
	assert_int_equal(config->settings.tcp, ROOT_TCP_UDP);
	assert_int_equal(config->settings.forwarding, ROOT_FORWARDING_OPEN);
	assert_int_equal(config->place_count, 3);
	assert_int_equal(config->places[0].id, 7);
	assert_string_equal(config->places[0].parent, "^");
	assert_string_equal(config->places[0].peers[0].port, "wan");
	assert_int_equal(config->places[0].peers[0].peer.udp_port, 13779);
	assert_string_equal(place->name, "virginia");
	assert_int_equal(place->role, ROOT_ROLE_RELAY);
	assert_string_equal(place->parent, "toronto");
	assert_int_equal(place->peer_count, 2);
	assert_string_equal(place->peers[0].node, "toronto");
	assert_int_equal(place->peers[0].peer.udp_port, 5);
	assert_string_equal(config_pacing_text(&place->peers[0].peer, pacing), "rate:1000000");
	assert_string_equal(config_pacing_text(&place->peers[1].peer, pacing), "tfrc");
	assert_int_equal(config->threshold_count, 2);
	assert_true(config->thresholds[1].warning == 1000);
	assert_string_equal(config->files[1].path, "/etc/b.cfg");
	assert_int_equal(config->base.conferences->sessions->starts, 1893456000000);
	first = print(config);
	again = load(first);
	second = print(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	root_config_free(again);
	root_config_free(config);
}

static void
test_one_place(void **state)
{
	struct root_config *config = load(whole), *again;
	struct config_errors errs = {0};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	root_place_print(&config->places[1], out);
	fclose(out);
	again = root_places_load_string("store", text, size, &errs);
	assert_non_null(again);
	assert_int_equal(again->place_count, 1);
	assert_string_equal(again->places[0].peers[1].node, "waterloo");
	free(text);
	root_config_free(again);
	root_config_free(config);
}

static void
test_mistakes(void **state)
{
	(void)state;
	assert_messages("root = { };\nnodes = ();",
		"r.cfg:1: root: the key \"listen\" is missing, it must be set\n");
	assert_messages("root = { listen = \"1.2.3.4:5\"; key = \"k\"; dead_ms = 300; };\n"
			"nodes = ();",
		"r.cfg:1: root: certificate and authority are missing, they must be set (or plain, "
		"on loopback)\n"
		"r.cfg:1: root: dead_ms is 300, it must be above ping_ms, 2000\n");
	assert_messages(ROOT "nodes = ( { name = \"a\"; role = \"root\"; },\n"
			     "{ name = \"a\"; role = \"root\"; id = 3; },\n"
			     "{ name = \"b\"; role = \"root\"; id = 3; } );",
		"r.cfg:3: node \"a\" is there twice, the first time at r.cfg:2; each must be there "
		"once\n"
		"r.cfg:4: node \"b\" has the id 3, as \"a\" at r.cfg:3; each must have its own\n");
	assert_messages(ROOT "nodes = ( { name = \"a\"; role = \"relay\"; },\n"
			     "{ name = \"b\"; role = \"root\"; parent = \"a\"; },\n"
			     "{ name = \"c\"; role = \"king\"; } );",
		"r.cfg:2: node \"a\": the key \"parent\" is missing, it must be the name of a "
		"node\n"
		"r.cfg:3: node \"b\": parent is \"a\", it must be \"^\" or left out, as the role "
		"is root\n"
		"r.cfg:4: node \"c\": role is \"king\", it must be \"root\", \"relay\" or "
		"\"leaf\"\n");
	assert_messages(ROOT "nodes = ( { name = \"a\"; role = \"relay\"; parent = \"b\"; },\n"
			     "{ name = \"b\"; role = \"relay\"; parent = \"a\"; },\n"
			     "{ name = \"c\"; role = \"relay\"; parent = \"b\"; },\n"
			     "{ name = \"d\"; role = \"leaf\"; parent = \"x\"; },\n"
			     "{ name = \"e\"; role = \"leaf\"; parent = \"d\"; } );",
		"r.cfg:2: node \"a\": parent \"b\" leads back to the node itself, it must lead to "
		"\"^\"\n"
		"r.cfg:3: node \"b\": parent \"a\" leads back to the node itself, it must lead to "
		"\"^\"\n"
		"r.cfg:4: node \"c\": parent \"b\" is more than 30 nodes below \"^\", it must be "
		"nearer\n"
		"r.cfg:5: node \"d\": parent \"x\" is not a node of this file, it must be one\n"
		"r.cfg:6: node \"e\": parent is \"d\", a leaf; it must be a root or a relay\n");
	assert_messages(ROOT "nodes = ( { name = \"a\"; role = \"root\"; peers = (\n" PEER(
				"b", "10.0.0.2") ",\n" PEER("a", "10.0.0.1") ",\n" PEER("x",
				"10.0.0.3") ",\n" PEER("c", "10.0.0.4") ",\n" PEER("c",
				"10.0.0.4") " ); },\n"
					    "{ name = \"b\"; role = \"root\"; },\n"
					    "{ name = \"c\"; role = \"root\"; peers = ( " PEER(
						    "a", "10.0.0.5") " ); } "
								     ");",
		"r.cfg:3: node \"a\": peer \"b\" does not have this node for a peer, it must\n"
		"r.cfg:4: node \"a\": peer \"a\" is the node itself, it must be another\n"
		"r.cfg:5: node \"a\": peer \"x\" is not a node of this file, it must be one\n"
		"r.cfg:7: node \"a\": peer \"c\" is there twice, it must be there once\n");
	assert_messages(ROOT
		"nodes = ();\nthresholds = ( { name = \"rate\"; warning = 2.5; danger = 1; "
		"},\n{ name = \"rate\"; warning = \"a\"; danger = 1; },\n"
		"{ name = \"rate\"; warning = 1; danger = 1; }, { name = \"x\"; warning = 1; "
		"danger = 1; } );",
		"r.cfg:3: threshold \"rate\": danger is 1, it must be at least warning, 2.5\n"
		"r.cfg:4: threshold \"rate\": warning is \"a\", it must be a number, as 0.05\n"
		"r.cfg:5: threshold \"rate\": there are two thresholds for rate, there must be "
		"one\n"
		"r.cfg:5: threshold \"x\": name is \"x\", it must be cpuload, injitter, "
		"cumpktlost, fraclost or rate\n");
	assert_messages(ROOT "nodes = ();\nthresholds = (\n"
			     "{ name = \"fraclost\"; warning = 1; danger = 5; },\n"
			     "{ name = \"cpuload\"; warning = 0.8; danger = 90.0; },\n"
			     "{ name = \"rate\"; warning = -1; danger = 1; } );",
		"r.cfg:4: threshold \"fraclost\": danger is 5, it must be a share from 0 to 1, as "
		"0.05\n"
		"r.cfg:5: threshold \"cpuload\": danger is the floating-point number 90, it must "
		"be "
		"a share from 0 to 1, as 0.05\n"
		"r.cfg:6: threshold \"rate\": warning is -1, it must be a number of at least 0\n");
	assert_messages(ROOT
		"nodes = ();\nconferences = ( { id = 1; participants = [ 1, 2, 2 ];\n"
		"sessions = ( { id = 1; source = 1; destinations = [ 3 ];\n"
		"flows = ( { path = \"3\"; } ); ingress = { udp = \"10.1.0.1:5\"; }; } "
		"); } );",
		"r.cfg:3: conference 1: participants has 2 twice, it must have each once\n");
	assert_messages(ROOT
		"nodes = ();\nconferences = ( { id = 1; participants = [ 1, 2 ];\n"
		"starts = \"2012-09-02 14:22:31 UTC\"; ends = \"2012-09-02 14:22:31 "
		"UTC\";\n"
		"sessions = ( { id = 1; source = 1; destinations = [ 3 ];\n"
		"flows = ( { path = \"3\"; } ); ingress = { udp = \"10.1.0.1:5\"; }; } "
		"); } );",
		"r.cfg:4: conference 1: ends is \"2012-09-02 14:22:31 UTC\", it must be after "
		"starts, \"2012-09-02 14:22:31 UTC\"\n"
		"r.cfg:5: conference 1: session 1: destination 3 is not one of the participants, "
		"it must be\n");
	assert_messages(ROOT
		"nodes = ();\nconferences = ( { id = 1; sessions = ( { id = 1; source = 1;\n"
		"destinations = [ 3 ]; starts = \"2012-09-02 14:22:31 UTC\";\n"
		"ends = \"2011-09-02 14:22:31 UTC\";\n"
		"flows = ( { path = \"3\"; } ); ingress = { udp = \"10.1.0.1:5\"; }; } "
		"); } );",
		"r.cfg:5: conference 1 session 1: ends is \"2011-09-02 14:22:31 UTC\", it must be "
		"after starts, \"2012-09-02 14:22:31 UTC\"\n");
}

/* What only the root knows is no key of a node's file. */
static void
test_not_a_nodes(void **state)
{
	static const char text[] = "node = { id = 1; };\n"
				   "ports = ( { name = \"p\"; device = \"net_null0\";\n"
				   "addresses = [ \"10.0.0.1/24\" ]; } );\n"
				   "conferences = ( { id = 1; participants = [ 1 ];\n"
				   "sessions = (); } );";
	struct config_errors errs = {0};

	(void)state;
	assert_null(config_load_string("n.cfg", text, strlen(text), &errs));
	assert_int_equal(errs.count, 1);
	assert_int_equal(errs.list[0].where.line, 4);
	assert_non_null(strstr(errs.list[0].text, "there is no key \"participants\""));
	config_errors_free(&errs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_one_place),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_not_a_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
