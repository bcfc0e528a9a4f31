/* SPDX-License-Identifier: BSD-3-Clause */
/* A session that is there is defined anew: it is another one then, or goes on as it was. */
#include "unit.h"

#include "forward_actions.h"
#include "recode_actions.h"
#include "session_actions.h"
#include "show_harness.h"

#define FLOW_TO_2 "flows = ( { path = \"2\"; } ); "
#define MADE                                                                                       \
	"ingress = { generator = { kind = \"constant\"; size = 100; }; }; rate = \"800k\"; "       \
	"destinations = [ 2 ]; source = 1; "
#define ENDS_HERE(packets)                                                                         \
	"id = 9; source = 2; destinations = [ 1 ]; reorder = { packets = " #packets "; }; "        \
	"ingress = { udp = \"10.0.0.2:9\"; }; flows = ( { path = \"1\"; } );"

static char error[512];

static int
setup(void **state)
{
	error[0] = 0;
	return harness_setup(state);
}

static void
said(const char *words)
{
	if (strstr(error, words) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, words);
}

/* Session 9 of the conference. */
static struct session_entry *
defined(struct harness *h, uint32_t conference, const char *text)
{
	struct session_entry *entry;

	if (session_define(&h->book, conference, text, &entry, error, sizeof(error)) != 0)
		fail_msg("refused: %s", error);
	return entry;
}

static int
redefine(struct harness *h, struct session_entry **entry, const char *text)
{
	return session_redefine(&h->book, entry, text, error, sizeof(error));
}

static void
test_another(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = defined(h, 5, "id = 9; " MADE FLOW_TO_2);
	uint16_t epoch = entry->source->epoch;

	assert_int_equal(
		redefine(h, &entry, "id = 9; name = \"b\"; payload = 200; " MADE FLOW_TO_2), 0);
	assert_ptr_equal(session_book_find(&h->book, 5, 9), entry);
	assert_string_equal(entry->config->name, "b");
	assert_true((int16_t)(entry->source->epoch - epoch) > 0);
	assert_true(source_is_running(entry->source));
	assert_non_null(session_book_conference(&h->book, 5));
	harness_run(h, 100);
	assert_true(source_sent(entry->source).packets > 50);
	session_remove(&h->book, entry);
	assert_null(session_book_conference(&h->book, 5));
	harness_run(h, 50);
	session_book_tick(&h->book);
	assert_null(h->book.remains);
}

/*
 * Of very many sessions that were defined since the first, each has had an epoch of its own: that
 * of whoever is defined anew is newer than its last one all the same.
 */
static void
test_after_many(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = defined(h, 5, "id = 9; " MADE FLOW_TO_2);
	uint16_t epoch = entry->source->epoch;

	h->book.epoch = (uint16_t)(h->book.epoch + 40000);
	assert_int_equal(
		redefine(h, &entry, "id = 9; name = \"b\"; payload = 200; " MADE FLOW_TO_2), 0);
	assert_true((int16_t)(entry->source->epoch - epoch) > 0);
	epoch = entry->source->epoch;
	h->book.epoch = (uint16_t)(h->book.epoch + 40000);
	session_remove(&h->book, entry);
	entry = defined(h, 5, "id = 9; " MADE FLOW_TO_2);
	assert_true((int16_t)(entry->source->epoch - epoch) > 0);
	session_remove(&h->book, entry);
	harness_run(h, 50);
	session_book_tick(&h->book);
}

/* Nothing happens to what is there. */
static void
test_mistakes(void **state)
{
	struct harness *h = *state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"id = 8; " MADE FLOW_TO_2, "must stay 9"},
		{"id = 9; " MADE "flows = ( { path = \"9 > 2\"; } );", "not one of its peers"},
		{"id = 9; " MADE FLOW_TO_2 "colour = 1;", "colour"},
		{"id = 9; source = 1; destinations = [ 2 ]; rate = \"1M\"; " FLOW_TO_2
		 "ingress = { file = \"/nowhere/at/all\"; };",
			"cannot read \"/nowhere/at/all\""},
		{ENDS_HERE(101), "101 more of the node's capacity.packets"},
	};
	struct session_entry *entry, *before;
	const struct source *source;

	h->config->node.capacity.packets = 100;
	before = entry = defined(h, 1, "id = 9; " MADE FLOW_TO_2);
	source = entry->source;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(redefine(h, &entry, cases[i].text) < 0);
		said(cases[i].words);
		assert_ptr_equal(entry, before);
		assert_ptr_equal(session_book_find(&h->book, 1, 9), before);
		assert_ptr_equal(entry->source, source);
		assert_true(source_is_running(source));
	}
	session_remove(&h->book, entry);
	harness_run(h, 50);
}

/* What the old one takes is the new one's. */
static void
test_capacity(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry;

	h->config->node.capacity = (struct config_capacity){.sessions = 1, .packets = 100};
	entry = defined(h, 1, ENDS_HERE(80));
	assert_int_equal(redefine(h, &entry, ENDS_HERE(100)), 0);
	assert_true(redefine(h, &entry, ENDS_HERE(101)) < 0);
	said("1 more of the node's capacity.packets");
	assert_int_equal(redefine(h, &entry, ENDS_HERE(10)), 0);
	assert_int_equal(redefine(h, &entry, ENDS_HERE(100)), 0);
	assert_int_equal(entry->config->reorder.packets, 100);
	session_remove(&h->book, entry);
	harness_run(h, 50);
}

static unsigned int looks; /* at what a coded session holds */

struct rlnc_params __real_config_coding_params(const struct config_session *session);
struct rlnc_params __wrap_config_coding_params(const struct config_session *session);

struct rlnc_params
__wrap_config_coding_params(const struct config_session *session)
{
	looks++;
	return __real_config_coding_params(session);
}

/* Room is found without a look at all that are there, and is what they leave. */
static void
test_capacity_of_many(void **state)
{
	struct harness *h = *state;
	struct session_entry *entries[6];
	unsigned int first = 0;
	char text[256];

	h->config->node.capacity = (struct config_capacity){
		.sessions = 6, .packets = 1 << 20, .recodes = 6};
	for (uint32_t i = 0; i < 6; i++) {
		snprintf(text, sizeof(text),
			"id = %u; " MADE FLOW_TO_2 "coding = { k = 8; repair = \"25%%\"; };",
			50 + i);
		looks = 0;
		entries[i] = defined(h, 1, text);
		if (i == 1)
			first = looks;
		if (i > 1)
			assert_int_equal(looks, first);
	}
	assert_int_equal(h->book.nb_later, 6);
	assert_int_equal(h->book.later_packets, 6 * entries[0]->holds);
	assert_true(entries[0]->holds > 0);
	for (uint32_t i = 0; i < 6; i++)
		session_remove(&h->book, entries[i]);
	assert_int_equal(h->book.nb_later, 0);
	assert_int_equal(h->book.later_packets, 0);
	harness_run(h, 50);
}

#define TAKES(id, port)                                                                            \
	"id = " #id "; source = 1; destinations = [ 2 ]; rate = \"1M\"; " FLOW_TO_2                \
	"ingress = { udp = \"10.0.0.1:" #port "\"; };"

/* Two cannot take the same datagrams; what one gives up, another may have. */
static void
test_same_ends(void **state)
{
	struct harness *h = *state;
	struct session_entry *first = defined(h, 1, TAKES(8, 6008)), *entry;

	assert_true(session_define(&h->book, 2, TAKES(9, 6008), &entry, error, sizeof(error)) < 0);
	said("ingress 10.0.0.1:6008 is that of session 8 of conference 1");
	assert_null(session_book_conference(&h->book, 2));
	entry = defined(h, 2, TAKES(9, 6009));
	assert_true(redefine(h, &entry, TAKES(9, 6008)) < 0);
	said("is that of session 8 of conference 1");
	assert_int_equal(redefine(h, &first, TAKES(8, 6007)), 0);
	assert_int_equal(redefine(h, &entry, TAKES(9, 6008)), 0);
	h->ends_failing = 1;
	assert_true(redefine(h, &entry, TAKES(9, 6010)) < 0);
	assert_true(redefine(h, &first, TAKES(8, 6008)) < 0);
	assert_int_equal(redefine(h, &first, TAKES(8, 6010)), 0);
	session_remove(&h->book, entry);
	assert_int_equal(redefine(h, &first, TAKES(8, 6008)), 0);
	session_remove(&h->book, first);
	harness_run(h, 50);
	session_book_tick(&h->book);
}

/* As it runs, not as it was defined; whoever waits for its packets sees that it began anew. */
static void
test_put_back(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = defined(h, 1, "id = 9; start = false; " MADE FLOW_TO_2), *old;
	struct session_route routes[2];
	uint16_t epoch;
	bool changed;
	int n = session_routes_parse("1 2; 1 3 > 2", routes, 2, error, sizeof(error));

	h->config->node.capacity.recodes = 1;
	old = entry;
	entry->mark = 1234;
	h->ends_failing = 1;
	assert_true(redefine(h, &entry, "id = 9; " MADE FLOW_TO_2) < 0);
	assert_ptr_equal(entry, old);
	assert_false(source_is_running(entry->source));
	assert_int_equal(session_start(&h->book, entry, &changed, error, sizeof(error)), 0);
	assert_int_equal(
		session_set_routes(&h->book, entry, routes, (unsigned int)n, error, sizeof(error)),
		0);
	assert_int_equal(
		recode_set(&h->book, 1, 9, CONFIG_RECODE_LOSSY, &changed, error, sizeof(error)), 0);
	harness_run(h, 50);
	epoch = entry->source->epoch;
	h->ends_failing = 1;
	assert_true(redefine(h, &entry, "id = 9; name = \"b\"; " MADE FLOW_TO_2) < 0);
	said("no file can be opened; the session begins anew as it was");
	assert_ptr_equal(entry, old);
	assert_ptr_equal(session_book_find(&h->book, 1, 9), old);
	assert_int_equal(entry->mark, 1234);
	assert_string_equal(entry->config->name, "session-9");
	assert_ptr_equal(entry->source, node_find_source(h->node, 1, 9));
	assert_true(node_knows_session(h->node, 1, 9));
	assert_int_equal(recode_of(&h->book, 1, 9)->how, CONFIG_RECODE_LOSSY);
	assert_true((int16_t)(entry->source->epoch - epoch) > 0);
	assert_true(source_is_running(entry->source));
	assert_int_equal(entry->nb_flows, 2);
	harness_run(h, 200);
	for (uint16_t i = 0; i < entry->nb_flows; i++)
		assert_true(entry->flows[i].state->packets > 20);
	session_remove(&h->book, entry);
	harness_run(h, 50);
	session_book_tick(&h->book);
	assert_null(h->book.remains);
}

static void
test_gone(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = defined(h, 5, "id = 9; " MADE FLOW_TO_2);
	bool changed;

	h->config->node.capacity.recodes = 1;
	assert_int_equal(
		recode_set(&h->book, 5, 9, CONFIG_RECODE_LOSSY, &changed, error, sizeof(error)), 0);
	h->ends_failing = 2;
	assert_true(redefine(h, &entry, "id = 9; name = \"b\"; " MADE FLOW_TO_2) < 0);
	said("no file can be opened; nor can the session go on as it was: no file");
	assert_null(entry);
	assert_null(session_book_find(&h->book, 5, 9));
	assert_null(node_find_source(h->node, 5, 9));
	assert_false(node_knows_session(h->node, 5, 9));
	assert_null(recode_of(&h->book, 5, 9));
	assert_null(session_book_conference(&h->book, 5));
	harness_run(h, 50);
	session_book_tick(&h->book);
	assert_null(h->book.remains);
}

/* It is only passed on from now on. */
static void
test_handed_over(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = defined(h, 5, ENDS_HERE(8));
	bool changed;

	h->config->node.capacity.recodes = 1;
	assert_int_equal(forward_add(&h->book, 5, 9, &changed, error, sizeof(error)), 0);
	assert_int_equal(
		recode_set(&h->book, 5, 9, CONFIG_RECODE_LOSSY, &changed, error, sizeof(error)), 0);
	session_hand_over(&h->book, entry);
	assert_null(session_book_find(&h->book, 5, 9));
	assert_null(node_find_destination(h->node, 5, 9));
	assert_true(node_knows_session(h->node, 5, 9));
	assert_non_null(recode_of(&h->book, 5, 9));
	harness_run(h, 50);
}

/* Terms that were not to be. */
static void
test_terms(void **state)
{
	struct harness *h = *state;
	struct config_conference before = *session_book_conference(&h->book, 1);
	const struct feeder_terms *terms;
	uint32_t id;

	assert_int_equal(
		conference_define(&h->book, 1, "priority = 6", &id, error, sizeof(error)), 0);
	conference_restore(&h->book, 1, &before);
	terms = id_map_find(&h->node->conferences, 1);
	assert_int_equal(terms->priority, before.priority);
	assert_int_equal(session_book_conference(&h->book, 1)->priority, before.priority);
	assert_int_equal(
		conference_define(&h->book, 0, "id = 5; priority = 6", &id, error, sizeof(error)),
		0);
	conference_restore(&h->book, 5, NULL);
	assert_null(session_book_conference(&h->book, 5));
	assert_null(id_map_find(&h->node->conferences, 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_another, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_after_many, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_capacity, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_capacity_of_many, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_same_ends, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_put_back, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_handed_over, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_terms, setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("redefine", tests, NULL, NULL);
}
