/* SPDX-License-Identifier: BSD-3-Clause */
/* A topology without a link that a route needs is refused, whoever brought the route. */
#include "root_scene.h"
#include "unit.h"

#define CONFERENCE(id, path, port)                                                                 \
	"conferences = ( { id = " #id "; sessions = ( { id = 1; source = 1; destinations = [ 2 "   \
	"]; ingress = { udp = \"10.1.0.1:" #port "\"; }; flows = ( { path = \"" path "\"; } ); } " \
	"); } );"

static const char file[] = CONFERENCE(1, "4 > 2", 5001);

static int
setup(void **state)
{
	return scene_setup(state, file);
}

static uint32_t
peers(const struct scene *s, const char *name)
{
	return root_nodes_find(&s->root.nodes, name)->place->peer_count;
}

/* The file without the link between two nodes. */
static void
write_apart(struct scene *s, uint32_t a, uint32_t b, const char *conferences)
{
	s->apart[0] = a;
	s->apart[1] = b;
	scene_write_config(s, conferences);
}

/* It is refused for this reason, and nothing has changed. */
static void
assert_refused(struct scene *s, const char *reason)
{
	char error[ROOT_ERROR_MAX] = "";

	s->placed = 0;
	assert_int_equal(root_reload(&s->root, error), 1);
	if (strstr(error, reason) == NULL)
		fail_msg("%s", error);
	EVERY_NODE
	{
		char name[8];

		snprintf(name, sizeof(name), "n%u", n);
		assert_int_equal(peers(s, name), SCENE_NODES - 1);
	}
	scene_run(s, 3000);
	assert_int_equal(s->placed, 0);
	scene_check(s);
}

static void
assert_taken(struct scene *s)
{
	char error[ROOT_ERROR_MAX] = "";

	if (root_reload(&s->root, error) != 0)
		fail_msg("%s", error);
	assert_int_equal(peers(s, "n2"), SCENE_NODES - 2);
	scene_run(s, 5000);
	scene_check(s);
}

/* The conferences of the file are the same, and need the link. */
static void
test_of_file(void **state)
{
	struct scene *s = *state;

	write_apart(s, 4, 2, file);
	assert_refused(s, "conference 1 session 1 flow 0: path \"4 > 2\": node 2 is not a peer of "
			  "node 4, it must be");
	write_apart(s, 5, 2, file);
	assert_taken(s);
}

/* One that was added at run time needs it, whether the file's conferences change or not. */
static void
test_of_added(void **state)
{
	struct scene *s = *state;

	scene_write(s, "a.cfg", CONFERENCE(2, "5 > 2", 5002));
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	write_apart(s, 5, 2, file);
	assert_refused(s, "conference 2 session 1 flow 0: path \"5 > 2\": node 2 is not a peer of "
			  "node 5, it must be (it was added or changed at run time");
	write_apart(s, 5, 2, CONFERENCE(1, "3 > 2", 5001));
	assert_refused(s, "conference 2 session 1 flow 0");
	/* That which was added is in the file now, with another route. */
	write_apart(s, 5, 2, CONFERENCE(2, "3 > 2", 5001));
	assert_taken(s);
}

/* One of the file has another route since. */
static void
test_of_changed(void **state)
{
	struct scene *s = *state;

	assert_true(scene_do(s, "route set 1 1 0 '5 > 2'"));
	write_apart(s, 5, 2, file);
	assert_refused(s, "path \"5 > 2\": node 2 is not a peer of node 5");
	assert_true(scene_do(s, "route set 1 1 0 '4 > 2'"));
	assert_taken(s);
}

/* One of the file was removed; another took its ingress. */
static void
test_of_removed(void **state)
{
	struct scene *s = *state;

	assert_true(scene_do(s, "remove 1"));
	scene_write(s, "a.cfg", CONFERENCE(2, "4 > 2", 5001));
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	write_apart(s, 5, 2, file);
	assert_taken(s);
}

/* At the start it is only told: what is there stays. */
static void
test_at_start(void **state)
{
	struct scene *s = *state;

	scene_write(s, "a.cfg", CONFERENCE(2, "5 > 2", 5002));
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	scene_run(s, 3000);
	write_apart(s, 5, 2, file);
	scene_restart_root(s);
	assert_int_equal(peers(s, "n2"), SCENE_NODES - 2);
	assert_int_equal(s->root.book.count, 2);
	scene_run(s, 5000);
	scene_check(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_file, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_of_added, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_of_changed, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_of_removed, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_at_start, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
