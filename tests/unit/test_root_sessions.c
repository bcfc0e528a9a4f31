/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions at nodes: whatever happens, they have in the end what the root wants, and no more. */
#include <signal.h>
#include <sys/resource.h>

#include "root_scene.h"
#include "unit.h"

/* clang-format off */
#define SESSION(id, source, to, paths, port)                                                       \
	"{ id = " #id "; source = " #source "; destinations = [ " to " ]; "                        \
	"ingress = { udp = \"10.1.0.1:" #port "\"; }; flows = ( " paths " ); }"
#define PATH(path) "{ path = \"" path "\"; }"
#define FIRST "{ id = 1; sessions = ( "                                                            \
	SESSION(1, 1, "2, 3", PATH("4 > (2, 3)"), 5001) ", "                                       \
	SESSION(2, 2, "3", PATH("3") ", " PATH("5 > 3"), 5002) " ); }"
#define SECOND "{ id = 2; sessions = ( " SESSION(1, 3, "1", PATH("6 > 1"), 5003) " ); }"
/* clang-format on */

static const char both[] = "conferences = ( " FIRST ", " SECOND " );";
static const char first[] = "conferences = ( " FIRST " );";
static const char second[] = "conferences = ( " SECOND " );";

static int
setup(void **state)
{
	return scene_setup(state, both);
}

static void
test_added_again(void **state)
{
	struct scene *s = *state;

	scene_write(s, "a.cfg", second);
	assert_true(scene_do(s, "remove 2"));
	scene_run(s, 100);
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	scene_run(s, 10000);
	scene_check(s);
}

/* A relay of a new route refuses: the source keeps to the old one, until it does not. */
static void
test_refused_once(void **state)
{
	struct scene *s = *state;

	s->nodes[5].refuses = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 500);
	s->nodes[5].refuses = false;
	assert_true(scene_do(s, "weights 1 2 1:2"));
	scene_run(s, 20000);
	scene_check(s);
}

/* The route that the source has leads over a node first. */
static void
check_first_hop(struct scene *s, uint32_t node)
{
	assert_int_equal(scene_find(s, 1, 1, 1)->trees[0].node[0].id, node);
}

/* A node of a new route is silent: the source waits a second, no more. */
static void
test_silent(void **state)
{
	struct scene *s = *state;

	s->strict = false;
	s->nodes[5].deaf = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, ROOT_INSTALL_HOLD_MS - 100);
	check_first_hop(s, 4);
	scene_run(s, 200);
	check_first_hop(s, 5);
}

/* The same, and the time of day is set meanwhile. */
static void
test_clock_set(void **state)
{
	struct scene *s = *state;

	s->strict = false;
	s->nodes[5].deaf = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 500);
	s->set = -3600000;
	scene_run(s, ROOT_INSTALL_HOLD_MS - 600);
	check_first_hop(s, 4);
	scene_run(s, 200);
	check_first_hop(s, 5);
	scene_back(s, 5);
	scene_run(s, 10000);
	scene_check(s);
}

/* A configuration with the files a.cfg and b.cfg of conferences. */
static void
write_files(struct scene *s, const char *a, const char *b)
{
	char more[256];

	scene_write(s, "a.cfg", a);
	scene_write(s, "b.cfg", b);
	snprintf(more, sizeof(more), "conference_files = [ \"%s/a.cfg\", \"%s/b.cfg\" ];",
		s->directory, s->directory);
	scene_write_config(s, more);
}

#define ONE(id, path, port)                                                                        \
	"conferences = ( { id = " #id                                                              \
	"; sessions = ( " SESSION(1, 1, "2", PATH(path), port) " ); } );"

/* A file that has a mistake beside another changes nothing, and is taken when it is right. */
static void
test_reload_wrong(void **state)
{
	struct scene *s = *state;

	write_files(s, ONE(8, "3 > 2", 6001), ONE(9, "4 > 2", 6001));
	assert_false(scene_do(s, "reload"));
	scene_run(s, 5000);
	assert_int_equal(s->root.book.count, 2);
	scene_check(s);
	write_files(s, ONE(8, "3 > 2", 6001), ONE(9, "4 > 2", 6002));
	assert_true(scene_do(s, "reload"));
	assert_int_equal(s->root.book.count, 2);
	scene_run(s, 5000);
	scene_check(s);
	/* They change their ingresses. */
	write_files(s, ONE(8, "3 > 2", 6002), ONE(9, "4 > 2", 6001));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 5000);
	scene_check(s);
}

/* Nor is a new node known, or a peer gone, by a file of which a part is wrong. */
static void
test_reload_topology(void **state)
{
	struct scene *s = *state;
	const struct root_node *n2 = root_nodes_find(&s->root.nodes, "n2");

	s->more_nodes = ", { name = \"n7\"; role = \"leaf\"; parent = \"n2\"; }";
	write_files(s, ONE(8, "3 > 77 > 2", 6001), ONE(9, "4 > 2", 6002));
	assert_false(scene_do(s, "reload"));
	assert_null(root_nodes_find(&s->root.nodes, "n7"));
	assert_ptr_equal(root_nodes_find(&s->root.nodes, "n2"), n2);
	assert_non_null(n2->place);
	scene_run(s, 5000);
	scene_check(s);
	s->placed = 0;
	write_files(s, ONE(8, "3 > 2", 6001), ONE(9, "4 > 2", 6002));
	assert_true(scene_do(s, "reload"));
	assert_non_null(root_nodes_find(&s->root.nodes, "n7"));
	scene_run(s, 5000);
	assert_int_equal(s->placed, SCENE_NODES);
	scene_check(s);
}

/* What the store cannot take changes nothing, and is taken when there is room. */
static void
test_reload_full(void **state)
{
	struct scene *s = *state;
	char error[ROOT_ERROR_MAX], path[128];
	struct rlimit before, none;

	write_files(s, ONE(8, "3 > 2", 6001), ONE(9, "4 > 2", 6002));
	assert_true(scene_do(s, "reload"));
	s->more_nodes = ", { name = \"n7\"; role = \"leaf\"; parent = \"n2\"; }";
	write_files(s, ONE(8, "5 > 2", 6001), ONE(10, "4 > 2", 6002));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_true(root_reload(&s->root, error) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	snprintf(path, sizeof(path), "store %s/root.db: ", s->directory);
	assert_int_equal(strncmp(error, path, strlen(path)), 0);
	assert_false(s->failed);
	assert_null(root_nodes_find(&s->root.nodes, "n7"));
	assert_non_null(root_book_conference(&s->root.book, 9));
	assert_null(root_book_conference(&s->root.book, 10));
	scene_run(s, 5000);
	scene_check(s);
	assert_true(scene_do(s, "reload"));
	assert_non_null(root_nodes_find(&s->root.nodes, "n7"));
	assert_null(root_book_conference(&s->root.book, 9));
	assert_non_null(root_book_conference(&s->root.book, 10));
	scene_run(s, 5000);
	scene_check(s);
}

/* A node whose messages went nowhere for a moment is told its place again. */
static void
test_out_of_reach(void **state)
{
	struct scene *s = *state;

	s->nodes[5].deaf = true;
	s->placed = 0;
	s->more_nodes = ", { name = \"r1\"; role = \"relay\"; parent = \"n1\"; }";
	scene_write_config(s, both);
	assert_true(scene_do(s, "reload"));
	scene_run(s, 1000);
	assert_int_equal(s->placed, SCENE_NODES - 1);
	scene_back(s, 5);
	scene_run(s, 1000);
	assert_int_equal(s->placed, SCENE_NODES);
	scene_check(s);
}

/* A node's place has its parent's address also while that is on its way back into the tree. */
static void
test_parent_comes_back(void **state)
{
	struct scene *s = *state;
	struct root_node *parent = root_nodes_find(&s->root.nodes, "n1");

	root_nodes_set_server(&s->root.nodes, parent, "10.0.0.1", 13780);
	parent->hellos = 1;
	scene_back(s, 1);
	assert_false(parent->greeted);
	s->placed = s->directed = 0;
	root_place_send(&s->root, root_nodes_find(&s->root.nodes, "n2"));
	scene_run(s, 100);
	assert_int_equal(s->placed, 1);
	assert_int_equal(s->directed, 1);
	scene_run(s, 1000);
	scene_check(s);
}

/* A source waits for a node of its new route that is on its way back. */
static void
test_comes_back(void **state)
{
	struct scene *s = *state;
	struct root_node *node = root_nodes_find(&s->root.nodes, "n5");

	/* It is listed again, and was not told anything yet. */
	scene_back(s, 5);
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 3000);
	check_first_hop(s, 5);
	scene_check(s);
	assert_true(scene_do(s, "route set 1 1 0 '4 > (2, 3)'"));
	scene_run(s, 3000);
	/* Nobody lists it for a moment. */
	node->lost = root_clock();
	s->nodes[5].connected = false;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 500);
	check_first_hop(s, 4);
	s->nodes[5].connected = true;
	scene_back(s, 5);
	scene_run(s, 3000);
	check_first_hop(s, 5);
	scene_check(s);
	/* One that does not come is waited for no longer. */
	assert_true(scene_do(s, "route set 1 1 0 '4 > (2, 3)'"));
	scene_run(s, 3000);
	s->strict = false;
	node->lost = root_clock();
	s->nodes[5].connected = false;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, ROOT_INSTALL_HOLD_MS + 300);
	check_first_hop(s, 5);
}

/* The place of a node with too many below it cannot be said, which is told. */
static void
test_large_place(void **state)
{
	struct scene *s = *state;
	const struct root_events *events = &s->root.events;
	uint64_t before = events->count;
	char *more = NULL;
	size_t size;
	FILE *out = open_memstream(&more, &size);

	for (int i = 0; i < 19500; i++)
		fprintf(out,
			", { name = \"a-leaf-of-a-very-wide-tree%d\"; role = \"leaf\"; "
			"parent = \"n%d\"; }",
			i, 2 + i % 2);
	assert_int_equal(fclose(out), 0);
	s->more_nodes = more;
	scene_write_config(s, both);
	assert_true(scene_do(s, "reload"));
	scene_run(s, 100);
	free(more);
	s->more_nodes = NULL;
	/* Read again, the topology, and of the six that of n1. */
	assert_int_equal(events->count - before, 3);
	assert_string_equal(
		json_string_value(json_object_get(events->list[events->count - 1], "event")),
		"place_too_large");
	assert_string_equal(
		json_string_value(json_object_get(events->list[events->count - 1], "node")), "n1");
}

/* Node by node the tree becomes no deeper than a file may have it, nor a ring. */
static void
test_redirect_deep(void **state)
{
	struct scene *s = *state;
	char more[4096] = "";

	for (int i = 1; i <= 40; i++)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
			", { name = \"r%d\"; role = \"relay\"; parent = \"n1\"; }", i);
	s->more_nodes = more;
	scene_write_config(s, both);
	assert_true(scene_do(s, "reload"));
	for (int i = 2; i < ROOT_DEPTH_MAX; i++)
		assert_true(scene_do(s, "redirect r%d r%d", i, i - 1));
	assert_false(scene_do(s, "redirect r1 r%d", ROOT_DEPTH_MAX - 1));
	assert_false(scene_do(s, "redirect r40 r%d", ROOT_DEPTH_MAX - 1));
	assert_true(scene_do(s, "redirect r40 r%d", ROOT_DEPTH_MAX - 2));
	/* What is below comes along. */
	assert_true(scene_do(s, "redirect r39 r38"));
	assert_true(scene_do(s, "redirect r38 r37"));
	assert_false(scene_do(s, "redirect r37 r%d", ROOT_DEPTH_MAX - 3));
	assert_true(scene_do(s, "redirect r37 r%d", ROOT_DEPTH_MAX - 4));
}

/* What may come at any time while all nodes are there and answer. */
static void
change(struct scene *s)
{
	static const char *const paths[] = {
		"4 > (2, 3)", "5 > (2, 3)", "(4 > 2, 5 > 3)", "2* > 3", "(2, 6 > 3)", "3* > 2"};
	static const char *const others[] = {"3", "5 > 3", "4 > 3", "6 > 5 > 3", "(4 > 3, 5 > 3)"};
	bool other = scene_draw(s, 2) == 1;
	const char *path = other ? others[scene_draw(s, 5)] : paths[scene_draw(s, 6)];

	switch (scene_draw(s, 9)) {
	case 0:
		scene_do(s, "remove %s", other ? "1 2" : "2");
		break;
	case 1:
		scene_do(s, "add %s/a.cfg", s->directory);
		break;
	case 2:
		scene_do(s, "remove 1");
		scene_run(s, scene_draw(s, 60));
		scene_do(s, "add %s/b.cfg", s->directory);
		break;
	case 3:
		scene_do(s, "route set 1 %d 0 '%s'", 1 + other, path);
		break;
	case 4:
		scene_do(s, "route add 1 %d %u '%s'", 1 + other, scene_draw(s, 5), path);
		break;
	case 5:
		scene_do(s, "route remove 1 %d %u", 1 + other, scene_draw(s, 3));
		break;
	case 6:
		scene_do(s, "weights 1 2 %u:%u", scene_draw(s, 3), scene_draw(s, 3));
		break;
	case 7:
		scene_do(s, "session %s 1 %d", scene_draw(s, 2) == 1 ? "start" : "stop", 1 + other);
		break;
	default:
		scene_do(s, "%s 1 n%u", scene_draw(s, 2) == 1 ? "join" : "leave",
			1 + scene_draw(s, 3));
	}
}

static void
test_changes(void **state)
{
	struct scene *s = *state;

	scene_write(s, "a.cfg", second);
	scene_write(s, "b.cfg", first);
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 10; i++) {
			change(s);
			scene_run(s, scene_draw(s, 4) == 0 ? 3000 : scene_draw(s, 200));
		}
		scene_run(s, 10000);
		scene_check(s);
	}
}

/* What nodes and their connections do. */
static void
trouble(struct scene *s)
{
	uint32_t node = 1 + scene_draw(s, SCENE_NODES);
	struct scene_node *n = &s->nodes[node];

	switch (scene_draw(s, 7)) {
	case 6:
		scene_restart_root(s);
		break;
	case 0:
		scene_restart(s, node);
		break;
	case 1:
		if (n->connected)
			scene_cut(s, node);
		break;
	case 2:
		n->deaf = true;
		break;
	case 3:
		n->refuses = true;
		break;
	case 4:
		if (!n->connected)
			scene_connect(s, node);
		break;
	default:
		n->refuses = false;
		if (n->deaf)
			scene_back(s, node);
	}
}

static void
test_troubles(void **state)
{
	struct scene *s = *state;

	scene_write(s, "a.cfg", second);
	scene_write(s, "b.cfg", first);
	s->strict = false;
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 20; i++) {
			if (scene_draw(s, 2) == 1)
				change(s);
			else
				trouble(s);
			scene_run(s, scene_draw(s, 4) == 0 ? 3000 : scene_draw(s, 200));
		}
		for (uint32_t n = 1; n <= SCENE_NODES; n++) {
			s->nodes[n].refuses = false;
			if (s->nodes[n].deaf)
				scene_back(s, n);
			if (!s->nodes[n].connected)
				scene_connect(s, n);
		}
		scene_run(s, 40000);
		scene_check(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_added_again, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_refused_once, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_silent, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_clock_set, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_reload_wrong, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_reload_topology, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_reload_full, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_out_of_reach, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_comes_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_parent_comes_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_large_place, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_redirect_deep, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_troubles, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
