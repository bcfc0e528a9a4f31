/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands on a running node: each does what it says, or says what is wrong and changes nothing. */
#include "unit.h"

#include "show_harness.h"

/* Words as a request; words have no quotes inside. */
static json_t *
ask(struct harness *h, const char *const *words)
{
	json_t *command = json_array(), *request = json_object(), *reply;
	char *line;

	for (; *words != NULL; words++)
		json_array_append_new(command, json_string(*words));
	json_object_set_new(request, "command", command);
	line = json_dumps(request, JSON_COMPACT);
	reply = harness_ask(h, line);
	free(line);
	json_decref(request);
	return reply;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
do_ok(struct harness *h, const char *const *words)
{
	json_t *reply = ask(h, words);

	if (!json_is_true(json_object_get(reply, "ok")))
		fail_msg("refused: %s", json_string_value(json_object_get(reply, "error")));
	json_decref(reply);
}

static json_int_t
do_number(struct harness *h, const char *const *words, const char *key)
{
	json_t *reply = ask(h, words);
	json_t *value = json_object_get(json_object_get(reply, "data"), key);
	json_int_t number;

	if (!json_is_integer(value))
		fail_msg("no %s: %s", key, json_string_value(json_object_get(reply, "error")));
	number = json_integer_value(value);
	json_decref(reply);
	return number;
}

/* Is refused with these words somewhere in its error. */
static void
do_refused(struct harness *h, const char *const *words, const char *expected)
{
	json_t *reply = ask(h, words);
	const char *error = json_string_value(json_object_get(reply, "error"));

	assert_true(json_is_false(json_object_get(reply, "ok")));
	if (error == NULL || strstr(error, expected) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, expected);
	json_decref(reply);
}

/* Wrong words are told from right words that are refused. */
static void
test_usage(void **state)
{
	static const struct {
		const char *words[6]; /* ends with NULL */
		bool usage;
	} cases[] = {
		{{"dance"}, true},
		{{"recode"}, true},
		{{"help", "me"}, true},
		{{"show", "rain"}, true},
		{{"show", "node", "extra"}, true},
		{{"show", "flows", "1", "2", "3"}, true},
		{{"show", "flows", "5"}, false},
		{{"events", "--foo"}, true},
		{{"events", "--last"}, true},
		{{"events", "--last", "many"}, false},
		{{"weights", "1", "9", "1"}, false},
	};
	struct harness *h = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *reply = ask(h, cases[i].words);
		const char *error = json_string_value(json_object_get(reply, "error"));

		assert_non_null(error);
		assert_true((unsigned char)error[0] >= ' ');
		assert_int_equal(json_is_true(json_object_get(reply, "usage")), cases[i].usage);
		json_decref(reply);
	}
}

static void
test_unknown_words(void **state)
{
	struct harness *h = *state;

	do_refused(h, WORDS("dance"), "this node has no command \"dance\"");
	do_refused(h, WORDS("flow"), "no command \"flow\"");
	do_refused(h, WORDS("flow", "mend"), "no command \"flow mend\"");
	do_refused(h, WORDS("sh"), "no command \"sh\"");
	do_refused(h, WORDS("recode", "1"), "too few words: right is \"recode CONF");
	do_refused(h, WORDS("show", "--all"), "nothing called \"--all\" can be shown");
	do_refused(h, WORDS("show", "rain"),
		"node, ports, links, sessions, flows, forwarding, feeders, drops, "
		"underlay, load, management, all");
	do_refused(h, WORDS("show", "links", "1"), "\"1\" is one word too many");
	do_refused(h, WORDS("show", "flows", "1", "2", "3"), "\"3\" is one word too many");
	do_refused(h, WORDS("show", "flows", "5"), "no conference \"5\"");
	do_refused(h, WORDS("show", "flows", "1", "9"), "no session \"9\"");
	do_refused(h, WORDS("show", "flows", "1", "99999999999999999999"), "no session");
	do_refused(h, WORDS("help", "me"), "too many words: right is \"help\"");
	/* Cut within a character: the reply is still one. */
	do_refused(h, WORDS("ééééééééééééééééééé", "aéééééééééééééééééééé"), "no command");
}

static void
test_show_filters(void **state)
{
	struct harness *h = *state;
	static const struct {
		const char *words[6]; /* ends with NULL */
		size_t rows;
	} cases[] = {
		{{"show", "sessions"}, 2},
		{{"show", "sessions", "--all"}, 3},
		{{"show", "sessions", "1"}, 2},
		{{"show", "sessions", "demo", "--all"}, 3},
		{{"show", "sessions", "demo", "out"}, 1},
		{{"show", "flows", "1", "3"}, 1},
		{{"show", "flows", "demo", "2"}, 1},
		{{"show"}, 12},
		{{"help"}, 22},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *reply = ask(h, cases[i].words);

		assert_int_equal(json_array_size(json_object_get(reply, "data")), cases[i].rows);
		json_decref(reply);
	}
}

/* What is added is told by its id; names that mean two, and changes of nothing, are refused. */
static void
test_conferences_and_names(void **state)
{
	static const char id[] = "it must be an integer from 1 to 4294967295";
	struct harness *h = *state;

	assert_int_equal(
		do_number(h, WORDS("conference", "add", "id = 5; name = \"talk\""), "conference"),
		5);
	assert_int_equal(
		do_number(h, WORDS("conference", "change", "talk", "weight = 2"), "conference"), 5);
	do_refused(h, WORDS("conference", "change", "talk", " "), "KEYS is empty");
	do_refused(h, WORDS("peer", "change", "2", ""), "KEYS is empty");
	do_ok(h, WORDS("conference", "add", "id = 7; name = \"talk\""));
	do_refused(h, WORDS("conference", "remove", "talk"),
		"conferences 5 and 7 are both called \"talk\": say which by its id");
	do_ok(h, WORDS("conference", "remove", "7"));
	do_ok(h, WORDS("conference", "remove", "talk"));
	do_refused(h, WORDS("forward", "add", "0", "1"), id);
	do_refused(h, WORDS("recode", "1", "4294967296", "off"), id);
	do_refused(
		h, WORDS("recode", "1", "1", "always"), "session 1 of conference 1 is not coded");
	node_set_forwarding(h->node, true);
	do_refused(h, WORDS("recode", "1", "9", "always"), "is not forwarded here");
	do_ok(h, WORDS("recode", "1", "9", "off"));
}

/* Only where there is a root is there something that it does not know. */
static void
test_recode_with_a_root(void **state)
{
	static const char *const request[] = {"recode", "1", "9", "always", NULL};
	struct harness *h = *state;

	for (int root = 0; root < 2; root++) {
		json_t *reply, *data;

		h->config->node.capacity.recodes = 1;
		h->config->management.present = root != 0;
		reply = ask(h, request);
		data = json_object_get(reply, "data");
		assert_true(json_is_true(json_object_get(data, "changed")));
		assert_int_equal(json_object_get(data, "note") != NULL, root);
		json_decref(reply);
		do_ok(h, WORDS("recode", "1", "9", "off"));
	}
}

static void
test_start_and_stop(void **state)
{
	struct harness *h = *state;
	uint64_t sent;

	harness_run(h, 10);
	assert_int_equal(h->sent, 0);
	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	assert_in_range(h->sent, 990, 1110);
	do_ok(h, WORDS("session", "start", "demo", "out"));
	do_ok(h, WORDS("session", "stop", "1", "1"));
	harness_run(h, 2);
	sent = h->sent;
	harness_run(h, 100);
	assert_int_equal(h->sent, sent);
	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	assert_in_range(h->sent - sent, 900, 1110);
	assert_int_equal(harness_missing(h), 0);
	do_refused(
		h, WORDS("session", "start", "1", "2"), "does not start at node 1 but at node 2");
	do_refused(h, WORDS("session", "stop", "1", "3"), "does not start at node 1 but at node 2");
	do_refused(h, WORDS("session", "stop", "1"), "too few words");
}

static void
test_weights(void **state)
{
	struct harness *h = *state;
	uint64_t first;

	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	first = h->by_flow[0];
	assert_true(first > 0);
	do_ok(h, WORDS("weights", "1", "1", "0:7"));
	harness_run(h, 100);
	assert_int_equal(h->by_flow[0], first);
	do_ok(h, WORDS("weights", "1", "1", "90:10"));
	harness_run(h, 1000);
	/* About 10,000 packets: five standard deviations are 150. */
	assert_in_range(h->by_flow[0] - first, 8700, 9300);
	assert_int_equal(harness_missing(h), 0);

	do_refused(h, WORDS("weights", "1", "1", "5"), "1 weight given, the session has 2 flows");
	do_refused(h, WORDS("weights", "1", "1", "1:2:3"), "3 weights given, the session has 2");
	do_refused(h, WORDS("weights", "1", "1", "0:0"), "not all weights may be 0");
	do_refused(h, WORDS("weights", "1", "1", "1:x"), "a weight is missing");
	do_refused(h, WORDS("weights", "1", "1", "1:1000001"), "at most 1000000");
	do_refused(h, WORDS("weights", "1", "2", "1:1"), "does not start at node 1");
	do_refused(h, WORDS("weights", "1", "1"), "too few words");
	/* What was refused changed nothing. */
	first = h->by_flow[0];
	harness_run(h, 1000);
	assert_in_range(h->by_flow[0] - first, 8700, 9300);
	assert_int_equal(harness_missing(h), 0);
}

static void
test_flow_add_and_remove(void **state)
{
	struct harness *h = *state;
	uint64_t before;

	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	before = h->by_flow[0] + h->by_flow[1];
	assert_int_equal(
		do_number(h, WORDS("flow", "add", "1", "1", "4", "(2, 3 > 2)"), "flow"), 2);
	harness_run(h, 1000);
	/* Half of 10,000 packets, each of them twice. */
	assert_in_range(h->by_flow[2], 9500, 10500);
	assert_true(h->by_flow[0] + h->by_flow[1] > before);

	do_ok(h, WORDS("flow", "remove", "1", "1", "1"));
	before = h->by_flow[1];
	harness_run(h, 100);
	assert_int_equal(h->by_flow[1], before);
	assert_true(node_settled(h->node));

	/* An id is not given again at once, and weights go by ascending id. */
	assert_int_equal(do_number(h, WORDS("flow", "add", "1", "1", "0", "3>2"), "flow"), 3);
	do_ok(h, WORDS("weights", "1", "1", "0:0:1"));
	before = h->by_flow[3];
	assert_int_equal(before, 0);
	harness_run(h, 100);
	assert_in_range(h->by_flow[3], 900, 1100);

	do_refused(h, WORDS("flow", "remove", "1", "1", "3"), "all other flows have weight 0");
	do_refused(h, WORDS("flow", "remove", "1", "1", "1"), "has no flow 1");
	do_refused(h, WORDS("flow", "remove", "1", "1", "256"), "integer from 0 to 255");
	do_refused(h, WORDS("flow", "remove", "1", "1", "-1"), "integer from 0 to 255");
	do_ok(h, WORDS("flow", "remove", "1", "1", "0"));
	do_ok(h, WORDS("flow", "remove", "1", "1", "2"));
	do_refused(h, WORDS("flow", "remove", "1", "1", "3"), "last one");
	harness_run(h, 100);
	assert_int_equal(h->node->reclaim.first == NULL, 1);
}

static void
test_paths(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{"", "column 1"},
		{"2 >", "column"},
		{"3", "does not reach destination 2"},
		{"3*>2", "not of the session"},
		{"4 > 2", "4"},
		{"1 > 2", "1"},
		{"3 > 3 > 2", "twice"},
		{"(2, 2)", "twice"},
		{"0 > 2", "NodeID"},
	};
	struct harness *h = *state;
	uint64_t sent;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		do_refused(h, WORDS("flow", "add", "1", "1", "1", cases[i].path), cases[i].error);
	do_refused(h, WORDS("flow", "add", "1", "1", "x", "2"), "WEIGHT is \"x\"");
	do_refused(h, WORDS("flow", "add", "1", "1", "1000001", "2"), "from 0 to 1000000");
	do_refused(h, WORDS("flow", "add", "1", "1", "1", "3", ">", "2"), "too many words");
	do_refused(h, WORDS("flow", "add", "1", "2", "1", "1"), "does not start at node 1");
	do_ok(h, WORDS("session", "start", "1", "1"));
	sent = h->sent;
	harness_run(h, 10);
	assert_true(h->sent > sent);
	assert_int_equal(h->by_flow[2], 0);
}

/* As many flows as there are ids; then ids that became free are given again. */
static void
test_all_ids(void **state)
{
	struct harness *h = *state;

	for (int id = 2; id < 256; id++)
		assert_int_equal(
			do_number(h, WORDS("flow", "add", "1", "1", "1", "3 > 2"), "flow"), id);
	do_refused(h, WORDS("flow", "add", "1", "1", "1", "2"), "256 flows, which is the most");
	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	do_ok(h, WORDS("flow", "remove", "1", "1", "9"));
	do_ok(h, WORDS("flow", "remove", "1", "1", "7"));
	assert_int_equal(do_number(h, WORDS("flow", "add", "1", "1", "1", "2"), "flow"), 7);
	assert_int_equal(do_number(h, WORDS("flow", "add", "1", "1", "1", "2"), "flow"), 9);
	harness_run(h, 100);
	assert_int_equal(harness_missing(h), 0);
}

/* A command in the middle of traffic, again and again: every packet of the session leaves once. */
static void
test_no_packet_lost(void **state)
{
	struct harness *h = *state;
	char id[8];

	do_ok(h, WORDS("session", "start", "1", "1"));
	for (int i = 0; i < 200; i++) {
		do_ok(h, WORDS("weights", "1", "1", i % 2 == 0 ? "1:9" : "9:1"));
		harness_run(h, 1 + (uint64_t)i % 3);
		if (i % 20 != 10)
			continue;
		snprintf(id, sizeof(id), "%d",
			(int)do_number(h, WORDS("flow", "add", "1", "1", "5", "3 > 2"), "flow"));
		harness_run(h, 1);
		do_ok(h, WORDS("flow", "remove", "1", "1", id));
	}
	assert_int_equal(harness_missing(h), 0);
	assert_int_equal(h->sent, h->nb_seqs);
	assert_int_equal(h->sent, source_sent(node_find_source(h->node, 1, 1)).packets);
	assert_true(h->sent > 3000);
}

/* A source that is through stays so. */
static void
test_finished(void **state)
{
	struct harness *h = *state;
	struct source *source = node_find_source(h->node, 1, 1);

	source->generator.params.count = 50;
	do_ok(h, WORDS("session", "start", "1", "1"));
	harness_run(h, 100);
	assert_int_equal(h->sent, 50);
	do_refused(h, WORDS("session", "start", "1", "1"), "sent all");
	do_ok(h, WORDS("session", "stop", "1", "1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_unknown_words, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_usage, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_show_filters, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_conferences_and_names, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_recode_with_a_root, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_start_and_stop, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_weights, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_flow_add_and_remove, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_paths, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_all_ids, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_packet_lost, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_finished, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
