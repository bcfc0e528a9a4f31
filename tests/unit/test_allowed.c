/* SPDX-License-Identifier: BSD-3-Clause */
/* The rate that a session may send: its part of each first link, as payload of its own. */
#include "unit.h"

#include "allowed.h"
#include "rlnc_encoder.h"
#include "rlnc_header.h"
#include "rlnc_symbol.h"
#include "session_actions.h"
#include "show_harness.h"

#define HEADERS	 (24 + 12 + 24) /* of a link, of the Pathlet of "3 > 2", of a session */
#define PAYLOAD	 96		/* of 100, in steps of 16 */
#define LINK_BPS UINT64_C(800000)

static struct allowed allowed;
static char error[512];

static int
setup(void **state)
{
	struct harness *h;

	if (harness_setup(state) != 0)
		return -1;
	h = *state;
	node_start_source(h->node, session_book_find(&h->book, 1, 1)->source);
	harness_run(h, 50);
	return allowed_init(&allowed, &h->book);
}

static int
teardown(void **state)
{
	struct harness *h = *state;

	node_find_link(h->node, 3)->tx.pacer.rate = 0;
	node_stop_source(h->node, session_book_find(&h->book, 1, 1)->source);
	harness_run(h, 50);
	allowed_free(&allowed);
	return harness_teardown(state);
}

static void
set_routes(struct harness *h, const char *text)
{
	struct session_route routes[4];
	int n = session_routes_parse(text, routes, 4, error, sizeof(error));

	if (n < 0 || session_set_routes(&h->book, session_book_find(&h->book, 1, 1), routes,
			     (unsigned int)n, error, sizeof(error)) != 0)
		fail_msg("%s", error);
}

/* Link 3 sends LINK_BPS, link 2 as much as comes. */
static uint64_t
now_allowed(struct harness *h)
{
	node_find_link(h->node, 3)->tx.pacer.rate = LINK_BPS / 8;
	allowed_tick(&allowed);
	return allowed_bps(&allowed, session_book_find(&h->book, 1, 1));
}

/* Two flows of one session over a link are one that shares it. */
static void
test_flows(void **state)
{
	struct harness *h = *state;

	set_routes(h, "1 3 > 2");
	assert_int_equal(now_allowed(h), LINK_BPS * PAYLOAD / (PAYLOAD + HEADERS));
	set_routes(h, "1 3 > 2; 1 3 > 2");
	assert_int_equal(now_allowed(h), LINK_BPS * PAYLOAD / (PAYLOAD + HEADERS));
}

/* Two that send share the link, and one that has sent all has no part of it. */
static void
test_finished(void **state)
{
	struct harness *h = *state;
	struct session_entry *entry;

	set_routes(h, "1 3 > 2");
	assert_int_equal(session_define(&h->book, 1,
				 "id = 9; source = 1; destinations = [ 2 ]; rate = \"8M\"; "
				 "ingress = { generator = { kind = \"constant\"; size = 100; }; }; "
				 "flows = ( { path = \"3 > 2\"; } );",
				 &entry, error, sizeof(error)),
		0);
	assert_int_equal(now_allowed(h), LINK_BPS / 2 * PAYLOAD / (PAYLOAD + HEADERS));
	entry->source->finished = true;
	assert_int_equal(now_allowed(h), LINK_BPS * PAYLOAD / (PAYLOAD + HEADERS));
	entry->source->finished = false;
	session_remove(&h->book, entry);
}

/* A coded one has longer headers, and a quarter more packets. */
static void
test_coded(void **state)
{
	static struct rlnc_encoder encoder;
	struct harness *h = *state;
	struct source *source = session_book_find(&h->book, 1, 1)->source;
	uint64_t headers = HEADERS + RLNC_HEADER_BYTES + sizeof(struct rlnc_symbol_head);

	set_routes(h, "1 3 > 2");
	encoder.params = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = 8,
		.repair = RLNC_REPAIR_RATIO,
		.ratio = RLNC_SHARE_ONE / 4};
	source->encoder = &encoder;
	assert_int_equal(now_allowed(h), LINK_BPS * PAYLOAD * 4 / ((PAYLOAD + headers) * 5));
	source->encoder = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_flows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finished, setup, teardown),
		cmocka_unit_test_setup_teardown(test_coded, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("allowed", tests, NULL, NULL);
}
