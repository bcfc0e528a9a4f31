/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers, sessions and conferences that come and go while a node runs. */
#include "unit.h"

#include "capacity.h"
#include "forward_actions.h"
#include "recode_actions.h"
#include "session_actions.h"
#include "show_harness.h"

#define FLOW_TO_2 "flows = ( { path = \"2\"; } ); "
#define MADE                                                                                       \
	"ingress = { generator = { kind = \"constant\"; size = 100; }; }; rate = \"800k\"; "       \
	"destinations = [ 2 ]; source = 1; "

static char error[512];

static int
setup(void **state)
{
	error[0] = 0;
	return harness_setup(state);
}

/* Is refused with these words in the message. */
static void
refused(int ret, const char *words)
{
	assert_true(ret < 0);
	if (strstr(error, words) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, words);
}

static void
done(int ret)
{
	if (ret != 0)
		fail_msg("refused: %s", error);
}

static int
define(struct harness *h, uint32_t conference, const char *text)
{
	struct session_entry *entry;

	return session_define(&h->book, conference, text, &entry, error, sizeof(error));
}

static int
add_peer(struct harness *h, const char *text)
{
	uint32_t id;

	return peer_add(&h->peers, text, &id, error, sizeof(error));
}

static void
test_session_comes_and_goes(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry;
	uint16_t epoch;

	done(define(h, 1, "id = 9; " MADE FLOW_TO_2));
	entry = session_book_find(&h->book, 1, 9);
	assert_non_null(entry);
	assert_string_equal(entry->conference->name, "demo");
	assert_true(source_is_running(entry->source));
	epoch = entry->source->epoch;
	harness_run(h, 200);
	assert_true(source_sent(entry->source).packets > 100);
	session_remove(&h->book, entry);
	assert_null(session_book_find(&h->book, 1, 9));
	assert_null(node_find_source(h->node, 1, 9));
	assert_false(node_knows_session(h->node, 1, 9));
	harness_run(h, 50);
	session_book_tick(&h->book);
	assert_null(h->book.remains);
	/* Who comes again is told apart from who was there before. */
	done(define(h, 1, "id = 9; start = false; " MADE FLOW_TO_2));
	entry = session_book_find(&h->book, 1, 9);
	assert_true((int16_t)(entry->source->epoch - epoch) > 0);
	assert_false(source_is_running(entry->source));
}

static void
test_largest_ids(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry;

	done(define(h, UINT32_MAX, "id = 4294967295; " MADE FLOW_TO_2));
	entry = session_book_find(&h->book, UINT32_MAX, UINT32_MAX);
	assert_ptr_equal(node_find_source(h->node, UINT32_MAX, UINT32_MAX), entry->source);
	assert_true(node_knows_session(h->node, UINT32_MAX, UINT32_MAX));
	harness_run(h, 200);
	assert_true(source_sent(entry->source).packets > 100);
	session_remove(&h->book, entry);
	assert_null(node_find_source(h->node, UINT32_MAX, UINT32_MAX));
}

/* A conference that nobody defined lasts as long as its sessions. */
static void
test_implicit_conference(void **state)
{
	struct harness *h = *state;

	done(define(h, 77, "id = 1; " MADE FLOW_TO_2));
	done(define(h, 77, "id = 2; " MADE FLOW_TO_2));
	assert_string_equal(session_book_conference(&h->book, 77)->name, "conference-77");
	refused(conference_remove(&h->book, 77, error, sizeof(error)), "remove these first");
	session_remove(&h->book, session_book_find(&h->book, 77, 1));
	assert_non_null(session_book_conference(&h->book, 77));
	session_remove(&h->book, session_book_find(&h->book, 77, 2));
	assert_null(session_book_conference(&h->book, 77));
}

static void
test_conference(void **state)
{
	struct harness *h = *state;
	const struct feeder_terms *terms;
	uint32_t id = 0;

	done(conference_define(
		&h->book, 0, "id = 5; name = \"talk\"; priority = 6", &id, error, sizeof(error)));
	assert_int_equal(id, 5);
	terms = id_map_find(&h->node->conferences, 5);
	assert_int_equal(terms->priority, 6);
	assert_int_equal(terms->packets, 512);
	done(conference_define(&h->book, 5, "weight = 9", &id, error, sizeof(error)));
	terms = id_map_find(&h->node->conferences, 5);
	assert_int_equal(terms->priority, 6);
	assert_int_equal(terms->weight, 9);
	assert_string_equal(session_book_conference(&h->book, 5)->name, "talk");
	refused(conference_define(&h->book, 0, "id = 5", &id, error, sizeof(error)), "already");
	refused(conference_define(&h->book, 5, "id = 6", &id, error, sizeof(error)), "must stay 5");
	refused(conference_define(&h->book, 6, "weight = 1", &id, error, sizeof(error)),
		"no conference 6");
	refused(conference_define(&h->book, 5, "weight = 999", &id, error, sizeof(error)), "256");
	refused(conference_define(&h->book, 5, "sessions = ( )", &id, error, sizeof(error)),
		"sessions");
	done(define(h, 5, "id = 1; " MADE FLOW_TO_2));
	session_remove(&h->book, session_book_find(&h->book, 5, 1));
	/* It was defined, so it stays. */
	done(conference_remove(&h->book, 5, error, sizeof(error)));
	assert_null(id_map_find(&h->node->conferences, 5));
	refused(conference_remove(&h->book, 1, error, sizeof(error)), "has sessions");
}

static void
test_session_mistakes(void **state)
{
	struct harness *h = *state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"id = 1; " MADE FLOW_TO_2, "already"},
		{"id = 0; " MADE FLOW_TO_2, "id is 0"},
		{"id = 9; " MADE, "\"flows\" is missing"},
		{"id = 9; " MADE "flows = ( { path = \"9 > 2\"; } );", "not one of its peers"},
		{"id = 9; " MADE "flows = ( { path = \"3\"; } );", "destination"},
		{"id = 9; " MADE "flows = ( { path = \"3 > > 2\"; } );", "column"},
		{"id = 9; " MADE FLOW_TO_2 "colour = 1;", "colour"},
		{"id = 9; " MADE FLOW_TO_2 "}", "syntax"},
		{"id = 9\n" MADE "\nflows = 2;", "line"},
		{"@include \"/etc/passwd\"", "@include is not possible"},
		{"id = 9; source = 1; destinations = [ 2 ]; " FLOW_TO_2
		 "ingress = { udp = \"10.9.9.9:5\"; };",
			"not an address of this node"},
		{"id = 9; source = 1; destinations = [ 2 ]; rate = \"1M\"; " FLOW_TO_2
		 "ingress = { file = \"/nowhere/at/all\"; };",
			"cannot read \"/nowhere/at/all\""},
		/* It would be of whatever directory the node was started in. */
		{"id = 9; source = 2; destinations = [ 1 ]; egress = ( { node = 1; file = "
		 "\"out.ts\"; } ); flows = ( { path = \"1\"; } );",
			"file is \"out.ts\", it must be an absolute path here"},
	};
	uint32_t before = h->book.nb_entries;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(define(h, 1, cases[i].text), cases[i].words);
	refused(define(h, 0, "id = 9; " MADE FLOW_TO_2), "conference is 0");
	h->ends_refused = true;
	refused(define(h, 78, "id = 9; " MADE FLOW_TO_2), "the end is refused");
	assert_null(session_book_conference(&h->book, 78));
	assert_int_equal(h->book.nb_entries, before);
	assert_false(node_knows_session(h->node, 1, 9));
}

static void
test_capacity(void **state)
{
	struct harness *h = *state;
	char text[256];

	h->config->node.capacity = (struct config_capacity){
		.peers = 1, .sessions = 2, .forwards = 1, .packets = 100};
	for (uint32_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "id = %u; " MADE FLOW_TO_2, 50 + i);
		done(define(h, 1, text));
	}
	refused(define(h, 1, "id = 60; " MADE FLOW_TO_2), "capacity.sessions, of which 2 of 2");
	session_remove(&h->book, session_book_find(&h->book, 1, 50));
	refused(define(h, 1,
			"id = 60; source = 2; destinations = [ 1 ]; reorder = { packets = 101; }; "
			"ingress = { udp = \"10.0.0.2:9\"; }; flows = ( { path = \"1\"; } );"),
		"101 more of the node's capacity.packets");
	done(define(h, 1,
		"id = 60; source = 2; destinations = [ 1 ]; reorder = { packets = 100; }; "
		"ingress = { udp = \"10.0.0.2:9\"; }; flows = ( { path = \"1\"; } );"));
	done(add_peer(h, "id = 7; address = \"10.0.0.7\""));
	refused(add_peer(h, "id = 8; address = \"10.0.0.8\""), "capacity.peers");
	session_remove(&h->book, session_book_find(&h->book, 1, 60));
	session_remove(&h->book, session_book_find(&h->book, 1, 51));
}

static void
test_routes(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = session_book_find(&h->book, 1, 1);
	struct session_route routes[4];
	uint64_t sent;
	int n;

	/* Flow 0 is "2", flow 1 "3 > 2". */
	node_start_source(h->node, entry->source);
	harness_run(h, 100);
	sent = entry->flows[1].state->packets;
	assert_true(sent > 0);
	n = session_routes_parse("10 3 > 2; 90 (2, 3 > 2)", routes, 4, error, sizeof(error));
	assert_int_equal(n, 2);
	done(session_set_routes(&h->book, entry, routes, 2, error, sizeof(error)));
	assert_int_equal(entry->nb_flows, 2);
	assert_int_equal(entry->flows[0].id, 1);
	assert_int_equal(entry->flows[0].weight, 10);
	assert_int_equal(entry->flows[0].state->packets, sent);
	assert_int_equal(entry->flows[1].id, 2);
	harness_run(h, 100);
	assert_true(entry->flows[0].state->packets > sent);
	assert_true(entry->flows[1].state->packets > 0);
	assert_int_equal(harness_missing(h), 0);
	/* The way that was there before is a new flow. */
	n = session_routes_parse("1 2", routes, 4, error, sizeof(error));
	done(session_set_routes(&h->book, entry, routes, (unsigned int)n, error, sizeof(error)));
	assert_int_equal(entry->flows[0].id, 3);
	harness_run(h, 50);
	assert_int_equal(harness_missing(h), 0);
	refused(session_routes_parse("2", routes, 4, error, sizeof(error)), "weight");
	refused(session_routes_parse("1 2;", routes, 4, error, sizeof(error)), "weight");
	refused(session_routes_parse("x 2", routes, 4, error, sizeof(error)), "weight");
	refused(session_routes_parse("-1 2", routes, 4, error, sizeof(error)), "weight");
	refused(session_routes_parse("1 2 >", routes, 4, error, sizeof(error)), "column");
	refused(session_routes_parse("1 2; 1 2; 1 2; 1 2; 1 2", routes, 4, error, sizeof(error)),
		"more than 4");
	n = session_routes_parse("0 2; 0 3 > 2", routes, 4, error, sizeof(error));
	refused(session_set_routes(&h->book, entry, routes, (unsigned int)n, error, sizeof(error)),
		"not all weights");
	n = session_routes_parse("1 2; 1 9 > 2", routes, 4, error, sizeof(error));
	refused(session_set_routes(&h->book, entry, routes, (unsigned int)n, error, sizeof(error)),
		"not one of its peers");
	assert_int_equal(entry->nb_flows, 1);
	node_stop_source(h->node, entry->source);
	harness_run(h, 50);
}

static void
test_peers(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = session_book_find(&h->book, 1, 1);
	struct link *link;
	uint64_t sent;

	/* The harness takes all that leaves for DATA. */
	h->config->node.probe = 0;
	done(add_peer(h, "id = 7; name = \"seven\"; address = \"10.0.0.7\"; pacing = \"none\""));
	link = node_find_link(h->node, 7);
	assert_int_equal(link->pacing, LINK_PACING_NONE);
	assert_string_equal(config_peer_find(h->config, 7)->name, "seven");
	done(define(h, 1, "id = 9; start = false; " MADE "flows = ( { path = \"7 > 2\"; } );"));
	refused(peer_remove(&h->peers, 7, error, sizeof(error)), "session 9 of conference 1");
	session_remove(&h->book, session_book_find(&h->book, 1, 9));
	done(peer_remove(&h->peers, 7, error, sizeof(error)));
	assert_null(node_find_link(h->node, 7));
	assert_null(config_peer_find(h->config, 7));
	refused(peer_remove(&h->peers, 7, error, sizeof(error)), "no peer 7");

	refused(add_peer(h, "id = 2; address = \"10.0.0.9\""), "there is a peer 2 (two) already");
	refused(add_peer(h, "id = 7; address = \"10.0.0.2\""), "is that of peer 2");
	refused(add_peer(h, "id = 1; address = \"10.0.0.9\""), "this node's own");
	refused(add_peer(h, "id = 7; address = \"10.0.0.1\""), "an address of this node");
	refused(add_peer(h, "id = 7; address = \"10.0.0.7\"; port = \"lan\""), "\"wan\"");
	refused(add_peer(h, "id = 7"), "\"address\" is missing");
	refused(add_peer(h, "id = 7; address = \"10.0.0.7\"; pacing = \"fast\""), "tfrc");

	/* What runs over a peer goes on over its new link. */
	node_start_source(h->node, entry->source);
	harness_run(h, 50);
	link = node_find_link(h->node, 2);
	done(peer_change(&h->peers, 2, "pacing = \"none\"; udp_port = 4000", error, sizeof(error)));
	assert_ptr_not_equal(node_find_link(h->node, 2), link);
	link = node_find_link(h->node, 2);
	assert_int_equal(link->udp_port, 4000);
	assert_int_equal(link->pacing, LINK_PACING_NONE);
	assert_string_equal(config_peer_find(h->config, 2)->name, "two");
	sent = h->by_hop[2];
	harness_run(h, 200);
	assert_true(h->by_hop[2] > sent + 20);
	assert_true(link->tx.packets > 20);
	assert_int_equal(harness_missing(h), 0);
	done(peer_change(&h->peers, 2, "", error, sizeof(error)));
	assert_int_equal(node_find_link(h->node, 2)->udp_port, 4000);
	refused(peer_change(&h->peers, 2, "id = 4", error, sizeof(error)), "must stay 2");
	refused(peer_change(&h->peers, 2, "address = \"10.0.0.3\"", error, sizeof(error)),
		"is that of peer 3");
	refused(peer_change(&h->peers, 9, "ring = 64", error, sizeof(error)), "no peer 9");
	node_stop_source(h->node, entry->source);
	harness_run(h, 100);
	assert_true(node_settled(h->node));
}

/* Who went has its place until the workers have let go of it. */
static void
test_peers_in_turn(void **state)
{
	struct harness *h = *state;
	char text[64];

	h->config->node.probe = 0;
	for (int round = 0; round < 2; round++) {
		for (uint32_t id = 10; id < 16; id++) {
			snprintf(text, sizeof(text), "id = %u; address = \"10.0.0.%u\"", id, id);
			done(add_peer(h, text));
		}
		if (round == 0)
			for (uint32_t id = 10; id < 16; id++)
				done(peer_remove(&h->peers, id, error, sizeof(error)));
		assert_int_equal(add_peer(h, "id = 7; address = \"10.0.0.7\""),
			round == 0 ? -EAGAIN : -ENOSPC);
		harness_run(h, 50);
	}
}

static void
test_forwards(void **state)
{
	struct harness *h = *state;
	bool changed;

	for (uint32_t i = 0; i < 100; i++) {
		done(forward_add(&h->book, 5, (i * 37) % 100 + 1, &changed, error, sizeof(error)));
		assert_true(changed);
	}
	done(forward_add(&h->book, 5, 1, &changed, error, sizeof(error)));
	assert_false(changed);
	for (uint32_t i = 1; i <= 100; i++)
		assert_true(forward_is(&h->book, 5, i) && node_knows_session(h->node, 5, i));
	refused(forward_add(&h->book, 0, 1, &changed, error, sizeof(error)), "not 0");
	refused(forward_remove(&h->book, 1, 1, &changed, error, sizeof(error)),
		"because it is defined here");
	/* One that is defined too stays known. */
	done(forward_add(&h->book, 1, 1, &changed, error, sizeof(error)));
	done(forward_remove(&h->book, 1, 1, &changed, error, sizeof(error)));
	assert_true(node_knows_session(h->node, 1, 1));
	for (uint32_t i = 1; i <= 100; i++) {
		done(forward_remove(&h->book, 5, i, &changed, error, sizeof(error)));
		assert_true(changed && !node_knows_session(h->node, 5, i));
	}
	done(forward_remove(&h->book, 5, 1, &changed, error, sizeof(error)));
	assert_false(changed);
	/* And one whose definition goes stays forwarded. */
	done(define(h, 1, "id = 9; start = false; " MADE FLOW_TO_2));
	done(forward_add(&h->book, 1, 9, &changed, error, sizeof(error)));
	session_remove(&h->book, session_book_find(&h->book, 1, 9));
	assert_true(node_knows_session(h->node, 1, 9));
}

/* A session whose ends could not be made is not forwarded for that. */
static void
test_failed_is_forgotten(void **state)
{
	struct harness *h = *state;
	bool changed;

	h->ends_failing = 2;
	refused(define(h, 5, "id = 9; " MADE FLOW_TO_2), "no file");
	assert_false(node_knows_session(h->node, 5, 9));
	done(forward_add(&h->book, 5, 9, &changed, error, sizeof(error)));
	refused(define(h, 5, "id = 9; " MADE FLOW_TO_2), "no file");
	assert_true(node_knows_session(h->node, 5, 9));
	harness_run(h, 50);
}

/* Nor is how it was recoded another then. */
static void
test_failed_is_recoded(void **state)
{
	struct harness *h = *state;
	static const char relayed[] =
		"id = 9; source = 2; destinations = [ 3 ]; rate = \"8M\"; "
		"ingress = { generator = { kind = \"constant\"; size = 100; }; }; "
		"flows = ( { path = \"1 > 3\"; } ); "
		"coding = { k = 8; repair = \"25%\"; relays = ( { node = 1; } ); };";
	bool changed;

	h->config->node.capacity.recodes = 1;
	h->ends_failing = 3;
	refused(define(h, 5, relayed), "no file");
	assert_null(recode_of(&h->book, 5, 9));
	done(recode_set(&h->book, 5, 9, CONFIG_RECODE_LOSSY, &changed, error, sizeof(error)));
	refused(define(h, 5, relayed), "no file");
	assert_non_null(recode_of(&h->book, 5, 9));
	assert_int_equal(recode_of(&h->book, 5, 9)->how, CONFIG_RECODE_LOSSY);
	refused(define(h, 5, "id = 9; " MADE FLOW_TO_2), "no file");
	assert_non_null(recode_of(&h->book, 5, 9));
	assert_non_null(id_map_find(&h->node->recoded, session_key(5, 9)));
	/* One that is defined is recoded as it says. */
	done(define(h, 5, relayed));
	assert_int_equal(recode_of(&h->book, 5, 9)->how, CONFIG_RECODE_ALWAYS);
	/* There is room for one. */
	h->config->node.capacity.recode_k = 7;
	refused(define(h, 6, relayed), "capacity.recode_k");
	h->config->node.capacity.recode_k = 8;
	refused(define(h, 6, relayed), "capacity.recodes");
	session_remove(&h->book, session_book_find(&h->book, 5, 9));
	harness_run(h, 50);
}

/* A configured session goes too; the book finds its way about whatever comes and goes. */
static void
test_many(void **state)
{
	struct harness *h = *state;
	uint32_t seed = 1;
	bool there[8] = {false};
	char text[256];

	session_remove(&h->book, session_book_find(&h->book, 1, 2));
	assert_null(node_find_destination(h->node, 1, 2));
	h->config->node.capacity.sessions = 8;
	for (uint32_t round = 0; round < 200; round++) {
		uint32_t i = (seed = seed * 1103515245 + 12345) >> 16 & 7;

		if (there[i]) {
			session_remove(&h->book, session_book_find(&h->book, 100 + i % 3, i + 1));
		} else {
			snprintf(text, sizeof(text), "id = %u; " MADE FLOW_TO_2, i + 1);
			done(define(h, 100 + i % 3, text));
		}
		there[i] = !there[i];
		for (uint32_t k = 0; k < 8; k++)
			assert_int_equal(
				session_book_find(&h->book, 100 + k % 3, k + 1) != NULL, there[k]);
		harness_run(h, 2);
		session_book_tick(&h->book);
	}
	for (uint32_t k = 0; k < 8; k++)
		if (there[k])
			session_remove(&h->book, session_book_find(&h->book, 100 + k % 3, k + 1));
	assert_int_equal(h->book.nb_conferences, 1);
	harness_run(h, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_session_comes_and_goes, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_largest_ids, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_implicit_conference, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_conference, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_session_mistakes, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_capacity, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_routes, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_peers, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_peers_in_turn, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_forwards, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_failed_is_forgotten, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_failed_is_recoded, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("actions", tests, NULL, NULL);
}
