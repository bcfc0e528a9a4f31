/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A source that sends, and a new route of which a relay refuses, or is not there yet: what it sends
 * goes on to arrive. Nobody else holds it up for long.
 */
#include "root_scene.h"
#include "unit.h"

#define BY(path)                                                                                   \
	"conferences = ( { id = 1; sessions = ( { id = 1; source = 1; destinations = [ 2, 3 ]; "   \
	"ingress = { udp = \"10.1.0.1:5001\"; }; flows = ( { path = \"" path "\"; } ); } ); } );"

static int
setup(void **state)
{
	return scene_setup(state, BY("4 > (2, 3)"));
}

static uint32_t
first_hop(struct scene *s)
{
	return scene_find(s, 1, 1, 1)->trees[0].node[0].id;
}

/* A new route leads over node 5, which refuses. */
static void
hold(struct scene *s)
{
	s->nodes[5].refuses = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
}

/* It takes it at last, as it is asked again. */
static void
let_go(struct scene *s)
{
	s->nodes[5].refuses = false;
	scene_run(s, ROOT_INSTALL_RETRY_MS + 3000);
	assert_int_equal(first_hop(s), 5);
	scene_check(s);
}

/* The last refusal that was told: does the source wait for the node? */
static bool
is_told_to_wait(const struct scene *s)
{
	for (uint64_t i = s->root.events.count; i-- > 0;) {
		const json_t *each = s->root.events.list[i];

		if (strcmp(json_string_value(json_object_get(each, "event")), "refused") == 0)
			return json_is_true(json_object_get(each, "source_waits"));
	}
	fail_msg("no refusal was told");
	return false;
}

static void
test_relay(void **state)
{
	struct scene *s = *state;

	hold(s);
	scene_run(s, 3 * ROOT_INSTALL_RETRY_MS);
	assert_int_equal(first_hop(s), 4);
	assert_true(is_told_to_wait(s));
	let_go(s);
}

/* The relay that refused goes, as it does to be started with more room. */
static void
test_relay_goes(void **state)
{
	struct scene *s = *state;

	hold(s);
	scene_cut(s, 5);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
	scene_connect(s, 5);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
	let_go(s);
}

/* It does not answer when it is asked again, or after a change. */
static void
test_relay_is_silent(void **state)
{
	struct scene *s = *state;

	hold(s);
	s->nodes[5].deaf = true;
	scene_run(s, ROOT_INSTALL_RETRY_MS + 3000);
	assert_int_equal(first_hop(s), 4);
	assert_true(scene_do(s, "weights 1 1 7"));
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
	s->nodes[5].deaf = false;
	let_go(s);
}

/* It is off the routes meanwhile: what it refused then does not count. */
static void
test_relay_is_back(void **state)
{
	struct scene *s = *state;

	hold(s);
	assert_true(scene_do(s, "route set 1 1 0 '6 > (2, 3)'"));
	scene_run(s, 3000);
	s->nodes[5].deaf = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	s->strict = false;
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 5);
}

/* Another route instead: it is taken at once, and whoever is on neither forgets the session. */
static void
test_other_route(void **state)
{
	struct scene *s = *state;

	hold(s);
	assert_true(scene_do(s, "route set 1 1 0 '6 > (2, 3)'"));
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 6);
	scene_check(s);
}

/* A destination that refuses harms itself only. */
static void
test_leaf(void **state)
{
	struct scene *s = *state;

	assert_true(scene_do(s, "leave 1 n3"));
	scene_run(s, 3000);
	s->strict = false;
	s->nodes[3].refuses = true;
	assert_true(scene_do(s, "join 1 n3"));
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 5);
	assert_false(is_told_to_wait(s));
}

/* The connection of the source ends meanwhile, or that of one above it. */
static void
test_source_comes_back(void **state)
{
	struct scene *s = *state;

	hold(s);
	scene_cut(s, 1);
	scene_run(s, 500);
	scene_connect(s, 1);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
	scene_back(s, 1);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 4);
	let_go(s);
}

/* The source is started anew: there is nothing to lose. */
static void
test_source_starts_anew(void **state)
{
	struct scene *s = *state;

	hold(s);
	s->strict = false;
	scene_restart(s, 1);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 5);
	let_go(s);
}

/* What is stopped, stops, on the route that it has; and starts on the new one. */
static void
test_stop(void **state)
{
	struct scene *s = *state;

	hold(s);
	assert_true(scene_do(s, "session stop 1 1"));
	scene_run(s, 500);
	assert_false(scene_find(s, 1, 1, 1)->playing);
	let_go(s);
	assert_true(scene_do(s, "session start 1 1"));
	scene_run(s, 3000);
	scene_check(s);
}

/* Whoever leaves does not hear the source for as long as it is held. */
static void
test_leave(void **state)
{
	struct scene *s = *state;

	hold(s);
	s->strict = false; /* the old route still leads to it */
	assert_true(scene_do(s, "leave 1 n3"));
	scene_run(s, 3000);
	assert_null(scene_find(s, 3, 1, 1));
	assert_non_null(scene_find(s, 4, 1, 1));
	assert_int_equal(first_hop(s), 4);
	let_go(s);
}

/* The root was away, and its file has a new route; of its nodes all but n5 are there at once. */
static void
come_back(struct scene *s)
{
	scene_write_config(s, BY("5 > (2, 3)"));
	EVERY_NODE s->nodes[n].connected = false;
	scene_restart_root(s);
	for (uint32_t n = 1; n <= 4; n++)
		scene_connect(s, n);
}

static void
test_root_comes_back(void **state)
{
	struct scene *s = *state;

	come_back(s);
	scene_run(s, 1500);
	assert_int_equal(first_hop(s), 4);
	scene_connect(s, 5);
	scene_run(s, 500);
	assert_int_equal(first_hop(s), 5);
	scene_run(s, 3000);
	scene_check(s);
}

/* The root is started again meanwhile: nodes say hello again. */
static void
test_root_starts_anew(void **state)
{
	struct scene *s = *state;

	hold(s);
	scene_restart_root(s);
	EVERY_NODE scene_connect(s, n);
	scene_run(s, 3 * ROOT_INSTALL_RETRY_MS);
	assert_int_equal(first_hop(s), 4);
	assert_true(is_told_to_wait(s));
	let_go(s);
}

/* Or some of them do not, and are asked what they have. */
static void
no_hello(struct scene *s, uint32_t node)
{
	hold(s);
	EVERY_NODE s->nodes[n].connected = false;
	scene_restart_root(s);
	EVERY_NODE
	{
		s->nodes[n].connected = true;
		if (n == node || node == 0)
			scene_back(s, n);
		else
			scene_connect(s, n);
	}
	scene_run(s, 3 * ROOT_INSTALL_RETRY_MS);
	assert_int_equal(first_hop(s), 4);
	let_go(s);
}

static void
test_no_hello(void **state)
{
	no_hello(*state, 0);
}

static void
test_no_hello_of_source(void **state)
{
	no_hello(*state, 1);
}

static void
test_no_hello_of_relay(void **state)
{
	no_hello(*state, 5);
}

/* The source has it no more: it sends nothing that could be lost. */
static void
test_all_start_anew(void **state)
{
	struct scene *s = *state;

	hold(s);
	s->strict = false;
	s->nodes[1].nb_sessions = 0;
	scene_restart_root(s);
	EVERY_NODE scene_connect(s, n);
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 5);
	let_go(s);
}

/* A session of which the source had nothing before: whoever is elsewhere gets it. */
static void
test_new_session(void **state)
{
	struct scene *s = *state;

	EVERY_NODE s->nodes[n].connected = false;
	scene_restart_root(s);
	EVERY_NODE
	{
		s->nodes[n].connected = true;
		scene_back(s, n);
	}
	scene_run(s, 3000);
	s->strict = false;
	s->nodes[5].refuses = true;
	scene_write(s, "a.cfg",
		"conferences = ( { id = 2; sessions = ( { id = 1; source = 1; destinations = [ 2, "
		"3 ]; ingress = { udp = \"10.1.0.1:5002\"; }; flows = ( { path = \"(2, 5 > 3)\"; } "
		"); } ); } );");
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	scene_run(s, 3000);
	assert_non_null(scene_find(s, 1, 2, 1));
	assert_true(scene_find(s, 1, 2, 1)->playing);
}

/* A relay that had it before, and refuses it otherwise, goes on as it did. */
static void
test_relay_has_it(void **state)
{
	struct scene *s = *state;

	scene_write_config(s, BY("(4 > 3, 2)"));
	s->nodes[4].refuses = true;
	scene_restart_root(s);
	EVERY_NODE scene_connect(s, n);
	scene_run(s, 3000);
	assert_int_equal(scene_find(s, 1, 1, 1)->trees[0].node[1].id, 3);
}

/* A relay that does not come is waited for no longer. */
static void
test_relay_stays_away(void **state)
{
	struct scene *s = *state;

	come_back(s);
	scene_run(s, ROOT_INSTALL_START_MS - 100);
	assert_int_equal(first_hop(s), 4);
	s->strict = false;
	scene_run(s, 300);
	assert_int_equal(first_hop(s), 5);
}

/* A node of a route comes anew again and again: the source hears what it is to do all the same. */
static void
come_again(struct scene *s, bool cut)
{
	s->strict = false;
	s->nodes[3].deaf = true;
	assert_true(scene_do(s, "session stop 1 1"));
	for (int i = 0; i < 14; i++) {
		if (cut)
			scene_cut(s, 3);
		scene_connect(s, 3);
		scene_run(s, 500);
	}
	assert_false(scene_find(s, 1, 1, 1)->playing);
	/* What is new is waited for again. */
	s->nodes[5].deaf = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, ROOT_INSTALL_HOLD_MS - 100);
	assert_int_equal(first_hop(s), 4);
	s->nodes[5].deaf = s->nodes[3].deaf = false;
	assert_true(scene_do(s, "session start 1 1"));
	scene_run(s, 10000);
	assert_int_equal(first_hop(s), 5);
	scene_check(s);
}

static void
test_hello_again(void **state)
{
	come_again(*state, false);
}

static void
test_away_again(void **state)
{
	come_again(*state, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_relay, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_relay_goes, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_relay_is_silent, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_relay_is_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_other_route, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_leaf, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_source_comes_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_source_starts_anew, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_leave, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_root_comes_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_root_starts_anew, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_hello, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_hello_of_source, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_hello_of_relay, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_all_start_anew, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_new_session, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_relay_has_it, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_relay_stays_away, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_hello_again, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_away_again, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
