/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes of a session that are set while it runs: what is refused, and what follows from them. */
#include "unit.h"

#include <errno.h>

#include "config_text.h"
#include "session_actions.h"
#include "show_harness.h"

#define SESSION(path, payload)                                                                     \
	"id = 9; source = 1; destinations = [ 2 ]; rate = \"800k\"; start = false; " payload       \
	"ingress = { generator = { kind = \"constant\"; size = 100; }; }; "                        \
	"flows = ( { path = \"" path "\"; } );"

static char error[512];

static int
set_routes(struct harness *h, struct session_entry *entry, const char *text)
{
	struct session_route routes[4];
	int n = session_routes_parse(text, routes, 4, error, sizeof(error));

	if (n < 0)
		return -EINVAL;
	return session_set_routes(&h->book, entry, routes, (unsigned int)n, error, sizeof(error));
}

static void
test_text(void **state)
{
	struct session_route routes[4];

	(void)state;
	assert_int_equal(session_routes_parse("1000000 2", routes, 4, error, sizeof(error)), 1);
	assert_int_equal(routes[0].weight, 1000000);
	assert_int_equal(session_routes_parse("1000001 2", routes, 4, error, sizeof(error)), -1);
	/* 1 to who looks at 32 bits only */
	assert_int_equal(session_routes_parse("4294967297 2", routes, 4, error, sizeof(error)), -1);
	assert_int_equal(session_routes_parse("5(2, 3)", routes, 4, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "a blank"));
}

/* Shares are measured since the weights are what they are. */
static void
test_measured_since(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry = session_book_find(&h->book, 1, 1);
	json_t *shown, *flow;

	node_start_source(h->node, entry->source);
	harness_run(h, 500);
	assert_int_equal(set_routes(h, entry, "9 2; 1 3 > 2"), 0);
	harness_run(h, 500);
	shown = show_session_flows(&h->view, entry);
	flow = json_array_get(json_object_get(shown, "source"), 0);
	assert_int_equal(json_integer_value(json_object_get(flow, "flow")), 0);
	assert_true(json_real_value(json_object_get(flow, "share_measured")) > 0.85);
	json_decref(shown);
	node_stop_source(h->node, entry->source);
	harness_run(h, 50);
}

/* What was asked for and cannot be done leaves the session with what it had. */
static void
test_ends_put_back(void **state)
{
	struct harness *h = *state;
	struct config_peer stranger = *config_peer_find(h->config, 3);
	const struct config_session *before;
	struct session_entry *entry;

	assert_int_equal(
		session_define(&h->book, 1, SESSION("2", ""), &entry, error, sizeof(error)), 0);
	before = entry->config;
	/* One without a link yet. */
	stranger.id = 8;
	stranger.address.bytes[3] = 8;
	config_peer_add(h->config, &stranger);
	assert_int_equal(session_set_ends(&h->book, entry, SESSION("8 > 2", "payload = 200; "),
				 error, sizeof(error)),
		-ENOENT);
	assert_ptr_equal(entry->config, before);
	assert_int_equal(entry->config->payload, 0);
	config_peer_remove(h->config, 8);
	assert_int_equal(session_set_ends(&h->book, entry, SESSION("3 > 2", "payload = 200; "),
				 error, sizeof(error)),
		0);
	assert_int_equal(entry->config->payload, 200);
	session_remove(&h->book, entry);
	harness_run(h, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_measured_since, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_ends_put_back, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("session_routes", tests, NULL, NULL);
}
