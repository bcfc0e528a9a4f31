/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that have a NodeID, but no place: no session leads there, and they are told of none. */
#include "root_scene.h"
#include "unit.h"

#define CONFERENCE(id, source, path)                                                               \
	"{ id = " #id "; sessions = ( { id = 1; source = " #source "; destinations = [ 2 ]; "      \
	"ingress = { udp = \"10.1.0.1:500" #id "\"; }; flows = ( { path = \"" path                 \
	"\"; } ); } ); }"
#define PRESENT(id)                                                                                \
	"conferences = ( { id = 2; participants = [ 1, 2, " #id " ]; sessions = ( { id = 1; "      \
	"source = 1; destinations = [ 2 ]; ingress = { udp = \"10.1.0.1:5002\"; }; "               \
	"flows = ( { path = \"4 > 2\"; } ); } ); } );"
/* Two sessions, the second of two flows; all lead over 5. */
#define OVER_5                                                                                     \
	"conferences = ( { id = 2; sessions = ( "                                                  \
	"{ id = 1; source = 1; destinations = [ 2 ]; ingress = { udp = \"10.1.0.1:5002\"; }; "     \
	"flows = ( { path = \"5 > 2\"; } ); }, "                                                   \
	"{ id = 2; source = 1; destinations = [ 3 ]; ingress = { udp = \"10.1.0.1:5003\"; }; "     \
	"flows = ( { path = \"5 > 3\"; }, { path = \"4 > 5 > 3\"; } ); } ); } );"
#define FILE_OF(conference) "conferences = ( " conference " );"

static const char without[] = FILE_OF(CONFERENCE(1, 1, "4 > 2"));

static int
setup(void **state)
{
	return scene_setup(state, without);
}

static bool
add(struct scene *s, const char *conferences)
{
	scene_write(s, "a.cfg", conferences);
	return scene_do(s, "add %s/a.cfg", s->directory);
}

static void
test_taken_out(void **state)
{
	struct scene *s = *state;

	s->out = 5;
	scene_write_config(s, FILE_OF(CONFERENCE(1, 1, "5 > 2")));
	assert_false(scene_do(s, "reload"));
	scene_write_config(s, FILE_OF(CONFERENCE(1, 5, "4 > 2")));
	assert_false(scene_do(s, "reload"));
	assert_non_null(root_nodes_by_id(&s->root.nodes, 5)->place);
	scene_run(s, 3000);
	scene_check(s);
	scene_write_config(s, without);
	assert_true(scene_do(s, "reload"));
	assert_null(root_nodes_by_id(&s->root.nodes, 5)->place);
	assert_false(add(s, FILE_OF(CONFERENCE(2, 1, "5 > 2"))));
	assert_false(add(s, FILE_OF(CONFERENCE(2, 5, "4 > 2"))));
	assert_false(scene_do(s, "route set 1 1 0 '4 > 5 > 2'"));
	assert_true(add(s, FILE_OF(CONFERENCE(2, 1, "6 > 2"))));
	scene_run(s, 3000);
	scene_check(s);
}

/* Conferences that were taken while it had one stay: it is not told of them. */
static void
start_without(struct scene *s, const char *conferences)
{
	s->strict = false;
	assert_true(add(s, conferences));
	s->out = 5;
	scene_write_config(s, without);
	scene_restart_root(s);
	assert_null(root_nodes_by_id(&s->root.nodes, 5)->place);
	assert_int_equal(s->root.book.count, 2);
	s->nodes[5].nb_sessions = 0;
	EVERY_NODE scene_connect(s, n);
	scene_run(s, 15000);
	assert_int_equal(s->nodes[5].nb_sessions, 0);
}

/* It has one again. */
static void
get_place(struct scene *s)
{
	s->out = 0;
	scene_write_config(s, without);
	assert_true(scene_do(s, "reload"));
	scene_run(s, 15000);
	assert_non_null(scene_find(s, 5, 2, 1));
	scene_check(s);
}

static void
test_hop(void **state)
{
	start_without(*state, FILE_OF(CONFERENCE(2, 1, "5 > 2")));
	get_place(*state);
}

static void
test_source(void **state)
{
	start_without(*state, FILE_OF(CONFERENCE(2, 5, "6 > 2")));
	get_place(*state);
}

/* Who is in a conference without a place keeps nobody from changing it. */
static void
test_participant(void **state)
{
	struct scene *s = *state;

	assert_false(add(s, PRESENT(99)));
	start_without(s, PRESENT(5));
	assert_true(scene_do(s, "weights 2 1 1"));
	assert_true(scene_do(s, "route set 2 1 0 '6 > 2'"));
	assert_true(scene_do(s, "reload"));
	assert_true(scene_do(s, "remove 2"));
	assert_true(add(s, PRESENT(5)));
	scene_run(s, 15000);
	assert_int_equal(s->nodes[5].nb_sessions, 0);
}

/* What was taken while it had one is changed one by one: who changes answers for that only. */
static void
test_one_by_one(void **state)
{
	struct scene *s = *state;

	start_without(s, OVER_5);
	assert_false(scene_do(s, "route set 2 1 0 '5 > 2'"));
	assert_false(scene_do(s, "route add 2 2 1 '6 > 5 > 3'"));
	assert_false(scene_do(s, "route set 2 1 0 '6 > 3'"));
	assert_true(scene_do(s, "route set 2 1 0 '6 > 2'"));
	assert_true(scene_do(s, "weights 2 2 1:2"));
	assert_true(scene_do(s, "route add 2 2 1 '6 > 3'"));
	assert_true(scene_do(s, "route remove 2 2 0"));
	assert_true(scene_do(s, "route set 2 2 1 '4 > 3'"));
	scene_run(s, 15000);
	assert_non_null(scene_find(s, 6, 2, 1));
	assert_non_null(scene_find(s, 4, 2, 2));
	assert_int_equal(s->nodes[5].nb_sessions, 0);
	scene_check(s);
}

/* A session is removed, though another cannot be. */
static void
test_other_removed(void **state)
{
	struct scene *s = *state;

	start_without(s, OVER_5);
	assert_true(scene_do(s, "remove 2 1"));
	assert_null(root_book_session(&s->root.book, 2, 1));
	assert_non_null(root_book_session(&s->root.book, 2, 2));
}

/* No way is known to be one from a source that has no place. */
static void
test_source_without(void **state)
{
	struct scene *s = *state;

	start_without(s, FILE_OF(CONFERENCE(2, 5, "6 > 2")));
	assert_false(scene_do(s, "route set 2 1 0 '4 > 2'"));
	get_place(s);
	assert_true(scene_do(s, "route set 2 1 0 '4 > 2'"));
	scene_run(s, 3000);
	scene_check(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken_out, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_hop, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_source, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_participant, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_one_by_one, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_other_removed, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_source_without, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
