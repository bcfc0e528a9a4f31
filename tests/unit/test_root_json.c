/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_text.h"
#include "root_json.h"
#include "unit.h"

/* As the framework's own figures have it. */
static const char figure[] =
	"{ \"ConferenceList\": [ /* all\n of them */\n"
	"  { \"ConferenceID\": 1,\n"
	"    \"StartTime\": \"2012-09-02 14:22:31 UTC\",\n"
	"    \"Participants\": [1, 2, 3, 4],\n"
	"    \"SessionList\": [\n"
	"      { \"SessionID\": 7, \"Protocol\": UDP, /* or TCP */\n"
	"        \"SrcNode\": 1, \"DstNodes\": [2, 4],\n"
	"        \"AverageRate\": 62.5, /* KB/s */\n"
	"        \"MaxBurstSize\": 100, /* KB */\n"
	"        \"RoutingList\": [\n"
	"          { \"FlowWeight\": 30, \"PathList\": [\"2\", \"2>4\", \"3>4\"] },\n"
	"          { \"FlowWeight\": 70, \"PathList\": [\"3>4\", \"3>2\"] }\n"
	"        ] } ] } ] }\n";

static struct config *
load(const char *text, bool udp_for_tcp)
{
	struct config_errors errs = {0};
	struct config *config = root_json_load_string(
		"b.json", text, strlen(text), udp_for_tcp, &errs);

	if (config == NULL)
		config_errors_print(&errs, stderr);
	assert_non_null(config);
	assert_int_equal(errs.count, 0);
	config_errors_free(&errs);
	return config;
}

static void
assert_messages(const char *text, const char *messages)
{
	struct config_errors errs = {0};
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	assert_null(root_json_load_string("b.json", text, strlen(text), false, &errs));
	config_errors_print(&errs, out);
	fclose(out);
	assert_string_equal(got, messages);
	free(got);
	config_errors_free(&errs);
}

static const char *
path_of(const struct config_flow *flow)
{
	static char text[PATH_TEXT_MAX];

	path_text_format(&flow->tree, text, sizeof(text));
	return text;
}

static void
test_figure(void **state)
{
	struct config *config = load(figure, false);
	const struct config_conference *conference = config->conferences;
	const struct config_session *session = conference->sessions;

	(void)state;
	assert_int_equal(config->conference_count, 1);
	assert_int_equal(conference->id, 1);
	assert_int_equal(conference->starts, 1346595751000);
	assert_int_equal(conference->ends, 0);
	assert_int_equal(conference->participant_count, 4);
	assert_int_equal(conference->session_count, 1);
	assert_int_equal(session->id, 7);
	assert_int_equal(session->source, 1);
	assert_int_equal(session->destination_count, 2);
	assert_int_equal(session->rate, 500000);
	assert_int_equal(session->burst, 100000);
	assert_int_equal(session->flow_count, 2);
	assert_int_equal(session->flows[0].weight, 30);
	assert_string_equal(path_of(&session->flows[0]), "(2* > 4, 3 > 4)");
	assert_int_equal(session->flows[1].weight, 70);
	assert_string_equal(path_of(&session->flows[1]), "3 > (4, 2)");
	assert_int_equal(session->where.line, 7);
	assert_int_equal(session->flows[1].where.line, 13);
	assert_int_equal(session->ingress.kind, CONFIG_INGRESS_GENERATOR);
	assert_int_equal(session->egress[1].kind, CONFIG_EGRESS_SINK);
	config_free(config);
}

/* The same conference in the other form gives the same. */
static void
test_alike(void **state)
{
	static const char other[] =
		"conferences = ( { id = 1; starts = \"2012-09-02 14:22:31 UTC\";\n"
		"participants = [ 1, 2, 3, 4 ]; sessions = ( { id = 7; source = 1;\n"
		"destinations = [ 2, 4 ]; rate = 500000; burst = 100000; flows = (\n"
		"{ path = \"(2* > 4, 3 > 4)\"; weight = 30; }, { path = \"3 > (4, 2)\"; weight = "
		"70; } );\n"
		"ingress = { generator = { kind = \"constant\"; size = 1000; }; }; } ); } );";
	struct config_errors errs = {0};
	struct config *first = load(figure, false);
	struct config *second = config_load_conferences_string(
		"o.cfg", other, strlen(other), &errs);
	char *texts[2];
	size_t size;
	FILE *out;

	(void)state;
	config_errors_print(&errs, stderr);
	assert_non_null(second);
	for (int i = 0; i < 2; i++) {
		out = open_memstream(&texts[i], &size);
		config_print_conference((i == 0 ? first : second)->conferences, out);
		fclose(out);
	}
	assert_string_equal(texts[0], texts[1]);
	config_free(second);
	/* And what is printed is read as the same. */
	second = config_load_conferences_string("p.cfg", texts[0], strlen(texts[0]), &errs);
	assert_non_null(second);
	free(texts[1]);
	out = open_memstream(&texts[1], &size);
	config_print_conference(second->conferences, out);
	fclose(out);
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
	config_free(first);
	config_free(second);
}

#define SESSION(keys)                                                                              \
	"{\"ConferenceList\":[{\"ConferenceID\":3,\"SessionList\":[\n{\"SessionID\":9," keys "}]}" \
	"]}"
#define FINE                                                                                       \
	"\"SrcNode\":1,\"DstNodes\":[2],\"AverageRate\":100,"                                      \
	"\"RoutingList\":[{\"FlowWeight\":1,\"PathList\":[\"2\"]}]"

static void
test_tcp(void **state)
{
	struct config *config = load(SESSION(FINE ",\"Protocol\": TCP"), true);

	(void)state;
	config_free(config);
	assert_messages(SESSION(FINE ",\"Protocol\": TCP"),
		"b.json:2: ConferenceID 3, SessionID 9: Protocol is TCP, which is not in this "
		"version; it must be UDP, or TCP be taken as UDP (tcp = \"udp\")\n");
	assert_messages(SESSION(FINE ",\"Protocol\": \"SCTP\""),
		"b.json:2: ConferenceID 3, SessionID 9: Protocol is \"SCTP\", it must be UDP\n");
	assert_messages(SESSION(FINE),
		"b.json:2: ConferenceID 3, SessionID 9: the key \"Protocol\" is missing, it must "
		"be UDP\n");
}

static void
test_ends(void **state)
{
	struct config *config = load(
		SESSION(FINE ",\"Protocol\":UDP,\"Ingress\":\"10.1.0.1:5004\",\n\"Egress\":[{"
			     "\"Node\":\"2\",\"Udp\":"
			     "\"[fd00::9]:5005\"}],\"EndTime\":\"2030-01-01 00:00:00 UTC\""),
		false);
	const struct config_session *session = config->conferences->sessions;

	(void)state;
	assert_int_equal(session->ingress.kind, CONFIG_INGRESS_UDP);
	assert_int_equal(session->ingress.udp.udp_port, 5004);
	assert_int_equal(session->egress[0].kind, CONFIG_EGRESS_UDP);
	assert_int_equal(session->egress[0].udp.udp_port, 5005);
	assert_int_equal(session->egress[0].where.line, 3);
	assert_int_equal(session->ends, 1893456000000);
	config_free(config);
}

static void
test_mistakes(void **state)
{
	(void)state;
	assert_messages("{ \"ConferenceList\": [ /* no end\n] }",
		"b.json:1: a comment begins here and does not end, it must end with */\n");
	assert_messages("{ \"ConferenceList\": [\n{ \"ConferenceID\": UDP } ] }",
		"b.json:2: not JSON, column 21: invalid token near 'UDP'\n");
	assert_messages(
		"[]", "b.json:1: a list has something else than objects { }, it must not\n");
	assert_messages("{}", "b.json:1: the key \"ConferenceList\" is missing, it must be a list "
			      "of conferences { }\n");
	assert_messages("{\"ConferenceList\":[\n{\"ConferenceID\":0,\"SessionList\":[]},\n"
			"{\"ConferenceId\":1}]}",
		"b.json:2: ConferenceID 0: ConferenceID is 0, it must be an integer from 1 to "
		"4294967295\n"
		"b.json:3: ConferenceID 0: there is no key \"ConferenceId\", the keys are: "
		"ConferenceID, StartTime, EndTime, Participants, SessionList\n");
	assert_messages("{\"ConferenceList\":[{\"ConferenceID\":1,\"StartTime\":\"2012-13-02 "
			"14:22:31 UTC\",\"SessionList\":[]}]}",
		"b.json:1: ConferenceID 1: StartTime is \"2012-13-02 14:22:31 UTC\", it must be a "
		"time, as \"2012-09-02 14:22:31 UTC\"\n");
	assert_messages(
		SESSION("\"SrcNode\":1,\"DstNodes\":[2],\"Protocol\":UDP,\"AverageRate\":-1,"
			"\n\"RoutingList\":[{\"FlowWeight\":1,\n\"PathList\":[\"2>\"]}]"),
		"b.json:2: ConferenceID 3, SessionID 9: AverageRate is -1, it must be KB/s (of "
		"1000 bytes): a number from 0.125 to 125000000, whole bytes\n"
		"b.json:3: ConferenceID 3, SessionID 9: PathList, path 1 is \"2>\", it must be "
		"NodeIDs with '>' between them, as \"2>4\", and all together at most 85 hops\n");
	/* What the other form's checks find is told with this one's lines. */
	assert_messages(SESSION("\"SrcNode\":1,\"DstNodes\":[2],\"Protocol\":UDP,\"AverageRate\":1,"
				"\n\"RoutingList\":[{\"FlowWeight\":1,\n\"PathList\":[\"3\"]}]"),
		"b.json:3: conference 3 session 9 flow 0: path \"3\": it does not reach "
		"destination 2, each flow reaches each destination\n");
	assert_messages(SESSION("\"SrcNode\":1,\"DstNodes\":[2],\"Protocol\":UDP,\"AverageRate\":1,"
				"\"RoutingList\":[{\"FlowWeight\":0,\"PathList\":[\"2\"]}]"),
		"b.json:2: conference 3 session 9: all flows have weight 0, at least one must "
		"have more\n");
}

/* More hops than a tree holds. */
static void
test_many_hops(void **state)
{
	char text[4096] = "", paths[2048] = "", message[512];

	(void)state;
	for (int i = 2; i < 2 + 86; i++)
		snprintf(paths + strlen(paths), sizeof(paths) - strlen(paths), "%s\"%d\"",
			i == 2 ? "" : ",", i);
	snprintf(text, sizeof(text),
		SESSION("\"SrcNode\":1,\"DstNodes\":[2],\"Protocol\":UDP,\"AverageRate\":1,"
			"\"RoutingList\":[{\"FlowWeight\":1,\"PathList\":[%s]}]"),
		paths);
	snprintf(message, sizeof(message),
		"b.json:2: ConferenceID 3, SessionID 9: PathList, path 86 is \"87\", it must be "
		"NodeIDs with '>' between them, as \"2>4\", and all together at most 85 hops\n");
	assert_messages(text, message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figure),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_many_hops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
