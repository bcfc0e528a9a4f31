/* SPDX-License-Identifier: BSD-3-Clause */
/* Conferences of the store that a program before this one took, and that this one does not. */
#include "root_scene.h"
#include "unit.h"

#define SESSIONS(port, more, flow)                                                                 \
	"sessions = ( { id = 1; source = 1; destinations = [ 2, 3 ]; ingress = { udp = "           \
	"\"10.1.0.1:" #port "\"; }; " more " flows = ( { path = \"" flow "\"; } ); } );"
#define CONFERENCE(id, port, more, flow) "{ id = " #id "; " SESSIONS(port, more, flow) " }"
#define WRONG				 "rate_to = \"224.0.1.1:7000\";"
#define FIRST				 CONFERENCE(1, 5001, "", "4 > (2, 3)")
#define SECOND				 CONFERENCE(2, 5002, "", "4 > (2, 3)")

static const char both[] = "conferences = ( " FIRST ", " SECOND " );";

static int
setup(void **state)
{
	return scene_setup(state, both);
}

/* As another program wrote it: with sessions, and nodes that came or went. */
static void
write_wrong(struct scene *s, uint32_t id, const char *origin, const char *text)
{
	assert_int_equal(root_store_conference_put(s->root.store, id, origin, text), 0);
	assert_int_equal(root_store_session_put(s->root.store, id, 1, ROOT_STOPPED, 1), 0);
	assert_int_equal(root_store_session_put(s->root.store, id, 7, ROOT_STOPPED, 1), 0);
	assert_int_equal(root_store_attend_put(s->root.store, id, 2, false, 1), 0);
}

static void
restart(struct scene *s)
{
	scene_restart_root(s);
	scene_run(s, 5000);
	scene_check(s);
}

static const struct root_session *
find(const struct scene *s, uint32_t conference)
{
	return root_book_session(&s->root.book, conference, 1);
}

/* It is right in the file, which is the one of before: others keep what was done to them. */
static void
test_file(void **state)
{
	struct scene *s = *state;

	assert_true(scene_do(s, "weights 1 1 7"));
	write_wrong(s, 2, "root.cfg", "conferences = ( " CONFERENCE(2, 5002, WRONG, "2*> 3") " );");
	restart(s);
	assert_int_equal(find(s, 1)->config->flows[0].weight, 7);
	assert_non_null(find(s, 2));
	assert_int_equal(s->root.book.left_count, 0);
	assert_int_equal(find(s, 2)->state, ROOT_RUNNING);
	restart(s);
	assert_int_equal(s->root.book.left_count, 0);
	assert_non_null(find(s, 2));
}

/* It came at run time: the rest is there, and it is when it is added anew. */
static void
test_added(void **state)
{
	struct scene *s = *state;

	write_wrong(s, 9, "", "conferences = ( " CONFERENCE(9, 5009, WRONG, "4 > (2, 3)") " );");
	for (int i = 0; i < 2; i++) {
		restart(s);
		assert_non_null(find(s, 1));
		assert_non_null(find(s, 2));
		assert_null(find(s, 9));
		assert_non_null(root_book_left(&s->root.book, 9));
		assert_non_null(strstr(root_book_left(&s->root.book, 9)->why, "rate_to"));
		assert_true(scene_do(s, "reload"));
	}
	scene_write(s, "a.cfg", "conferences = ( " CONFERENCE(9, 5009, "", "4 > (2, 3)") " );");
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	scene_run(s, 5000);
	scene_check(s);
	assert_null(root_book_left(&s->root.book, 9));
	restart(s);
	assert_non_null(find(s, 9));
	assert_int_equal(find(s, 9)->state, ROOT_RUNNING);
	assert_true(root_book_is_in(root_book_conference(&s->root.book, 9), 2));
}

/* A file that brings it, and one that no longer has it, read while the program runs. */
static void
test_reload(void **state)
{
	struct scene *s = *state;

	write_wrong(
		s, 8, "gone.cfg", "conferences = ( " CONFERENCE(8, 5008, WRONG, "2* > 3") " );");
	write_wrong(s, 9, "", "conferences = ( " CONFERENCE(9, 5009, WRONG, "2* > 3") " );");
	restart(s);
	assert_int_equal(s->root.book.left_count, 2);
	scene_write_config(s, "conferences = ( " FIRST ", " CONFERENCE(9, 5009, "", "3 > 2") " );");
	assert_false(scene_do(s, "reload"));
	assert_int_equal(s->root.book.left_count, 2);
	scene_write_config(
		s, "conferences = ( " FIRST ", " CONFERENCE(9, 5009, "", "3* > 2") " );");
	assert_true(scene_do(s, "reload"));
	scene_run(s, 5000);
	scene_check(s);
	assert_int_equal(s->root.book.left_count, 0);
	assert_non_null(find(s, 9));
	assert_null(find(s, 2));
	restart(s);
	assert_int_equal(s->root.book.left_count, 0);
	assert_non_null(find(s, 9));
	assert_null(find(s, 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_added, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_reload, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
