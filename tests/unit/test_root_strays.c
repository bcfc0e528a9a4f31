/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that say that they have streams that they are not to have, very many: all else goes on. */
#include <err.h>

#include "root_scene.h"
#include "unit.h"

#define OTHERS	 64 /* nodes, as many as make all strays that are taken at once */
#define FIRST_ID 100
#define LATER	 2000 /* sessions */
#define MANY	 20000
#define NEITHER	 7 /* a node without a place */

static const char conferences[] =
	"conferences = ( { id = 1; sessions = ( { id = 1; source = 1; destinations = [ 2, 3 ]; "
	"ingress = { udp = \"10.1.0.1:5001\"; }; flows = ( { path = \"4 > (2, 3)\"; } ); } ); } );";

static int
setup(void **state)
{
	return scene_setup(state, conferences);
}

/* A node says that it has so many streams, of a conference and from a session on. */
static void
say(struct scene *s, uint32_t id, uint32_t conference, uint32_t first, uint32_t count)
{
	struct message_pipeline *named = calloc(count, sizeof(*named));
	struct message_pipelines answer = {.pipelines = named, .nb_pipelines = count};

	if (named == NULL)
		err(1, "streams");
	for (uint32_t i = 0; i < count; i++)
		named[i] = (struct message_pipeline){
			.conference = conference, .session = first + i};
	root_install_strays(&s->root, root_nodes_by_id(&s->root.nodes, id), &answer);
	free(named);
}

/* However many are there, one more costs a few steps. */
static void
test_steps(void **state)
{
	struct message_failure failure = {.code = 404, .request = {.time = 1, .id = "none"}};
	struct scene *s = *state;
	struct root *root = &s->root;
	char more[8192] = "";
	uint64_t before;

	for (int i = 0; i < OTHERS; i++)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
			", { name = \"r%d\"; id = %d; role = \"leaf\"; parent = \"n1\"; }", i,
			FIRST_ID + i);
	s->more_nodes = more;
	scene_write_config(s, conferences);
	assert_true(scene_do(s, "reload"));
	before = root->streams.steps;
	for (uint32_t i = 0; i < OTHERS; i++)
		say(s, FIRST_ID + i, 2 + i, 1, ROOT_INSTALL_STRAYS_MAX);
	assert_int_equal(root->installs_gone, ROOT_INSTALL_GONE_MAX);
	say(s, 5, 1000, 1, MANY);
	say(s, FIRST_ID, 1000, 1, MANY);
	assert_int_equal(root->installs_gone, ROOT_INSTALL_GONE_MAX);
	/* Some of the factors that the hash draws are worse than others, by a few times. */
	assert_true(root->streams.steps - before < 64 * (ROOT_INSTALL_GONE_MAX + 2 * MANY));
	/* Nor does what answers nothing. */
	before = root->asked.steps;
	for (int i = 0; i < 1000; i++)
		assert_false(
			root_install_refused(root, root_nodes_by_id(&root->nodes, 5), &failure));
	assert_true(root->asked.steps - before < 2000);
	/* Those nodes are not there: nothing of it is kept. */
	scene_run(s, 3000);
	assert_int_equal(root->installs_gone, 0);
	EVERY_NODE assert_int_equal(root_nodes_by_id(&root->nodes, n)->strays, 0);
	scene_check(s);
	s->more_nodes = NULL;
}

/* One node says so much at once; the rest is asked for when that is gone. */
static void
test_one_node(void **state)
{
	struct scene *s = *state;
	struct scene_node *n = &s->nodes[5];

	n->sessions[n->nb_sessions++] = (struct scene_session){
		.conference = 9, .id = ROOT_INSTALL_STRAYS_MAX + 1};
	say(s, 5, 9, 1, ROOT_INSTALL_STRAYS_MAX + 1);
	assert_int_equal(s->root.installs_gone, ROOT_INSTALL_STRAYS_MAX);
	/* What another said is no way around that. */
	say(s, 6, 8, 1, 10);
	say(s, 5, 8, 1, 10);
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 5)->strays, ROOT_INSTALL_STRAYS_MAX);
	scene_run(s, 5000);
	assert_int_equal(n->nb_sessions, 0);
	assert_int_equal(s->root.installs_gone, 0);
	scene_check(s);
}

/* It is in the tree by a list, and the question what it has does not reach it. */
static void
test_not_asked(void **state)
{
	struct scene *s = *state;
	struct scene_node *n = &s->nodes[5];

	scene_cut(s, 5);
	n->sessions[n->nb_sessions++] = (struct scene_session){.conference = 9, .id = 1};
	root_node_up(&s->root, root_nodes_by_id(&s->root.nodes, 5), "n1");
	scene_run(s, 2000);
	assert_true(root_nodes_by_id(&s->root.nodes, 5)->greeted);
	n->connected = true;
	scene_run(s, 5000);
	assert_int_equal(n->nb_sessions, 0);
	assert_false(root_nodes_by_id(&s->root.nodes, 5)->strays_left);
	scene_check(s);
}

/* A hello says so much, and the node goes meanwhile. */
static void
test_hello(void **state)
{
	struct scene *s = *state;
	struct root_node *node = root_nodes_by_id(&s->root.nodes, 5);
	static uint64_t streams[MANY];

	for (uint32_t i = 0; i < MANY; i++)
		streams[i] = message_stream(9, 1 + i);
	root_install_greet(&s->root, node, streams, MANY);
	assert_int_equal(s->root.installs_gone, ROOT_INSTALL_STRAYS_MAX);
	scene_cut(s, 5);
	assert_int_equal(node->strays, 0);
	scene_run(s, 1000);
	assert_int_equal(s->root.installs_gone, 0);
	scene_connect(s, 5);
	scene_run(s, 3000);
	scene_check(s);
}

/* A session gets the ids of a stray: it is where it is to be, and nowhere else. */
static void
test_taken(void **state)
{
	struct scene *s = *state;

	s->nodes[5].full = true;
	say(s, 5, 2, 1, 1);
	say(s, 4, 2, 1, 1);
	scene_write(s, "a.cfg",
		"conferences = ( { id = 2; sessions = ( { id = 1; source = 1; destinations = [ 2 "
		"]; "
		"ingress = { udp = \"10.1.0.1:5002\"; }; flows = ( { path = \"4 > 2\"; } ); } ); } "
		");");
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	assert_int_equal(s->root.installs_gone, 0);
	/* Who is to have it now is asked for the rest of what it has, whenever that was too much.
	 */
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 4)->strays, 0);
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 5)->strays, 1);
	s->nodes[5].full = false;
	scene_run(s, 5000);
	scene_check(s);
	EVERY_NODE assert_int_equal(root_nodes_by_id(&s->root.nodes, n)->strays, 0);
	assert_true(scene_do(s, "remove 2"));
	scene_run(s, 5000);
	scene_check(s);
	EVERY_NODE assert_int_equal(root_nodes_by_id(&s->root.nodes, n)->strays, 0);
}

/* The copies of a node. */
static uint32_t
count_copies(const struct scene *s, uint32_t node)
{
	uint32_t count = 0;

	for (const struct root_install *each = s->root.installs; each != NULL; each = each->next) {
		for (uint32_t i = 0; i < each->count; i++)
			count += each->copies[i]->node == node;
	}
	return count;
}

/* Sessions that there are, and that do not lead to the node. */
static void
test_sessions(void **state)
{
	struct scene *s = *state;
	const struct root_node *n5 = root_nodes_by_id(&s->root.nodes, 5);

	/* Their time has not come. */
	scene_add_sessions(s, "starts = \"2040-01-01 00:00:00 UTC\";", 1, 2, LATER);
	say(s, 5, 2, 1, LATER);
	assert_int_equal(n5->strays, ROOT_INSTALL_STRAYS_MAX);
	assert_int_equal(count_copies(s, 5), ROOT_INSTALL_STRAYS_MAX);
	/* Where they start is as many as are configured. */
	say(s, 1, 2, 1, LATER);
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 1)->strays, 0);
	assert_int_equal(count_copies(s, 1), LATER + 1);
	scene_run(s, 20000);
	assert_int_equal(n5->strays, 0);
	assert_false(n5->strays_left);
	assert_int_equal(count_copies(s, 5), 0);
	assert_int_equal(count_copies(s, 1), 1);
	scene_check(s);
}

/* What waits for a source that is away does not hold up the rest. */
static void
test_stuck(void **state)
{
	struct scene *s = *state;
	struct scene_node *n = &s->nodes[5];
	const struct root_node *n5 = root_nodes_by_id(&s->root.nodes, 5);

	scene_write(s, "a.cfg",
		"conferences = ( { id = 2; sessions = ( { id = 1; source = 6; destinations = [ 2 "
		"]; ingress = { udp = \"10.1.0.1:5002\"; }; flows = ( { path = \"2\"; } ); } ); } "
		");");
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	scene_run(s, 3000);
	scene_cut(s, 6);
	s->strict = false;
	n->sessions[n->nb_sessions++] = (struct scene_session){.conference = 2, .id = 1};
	n->sessions[n->nb_sessions++] = (struct scene_session){
		.conference = 9, .id = ROOT_INSTALL_STRAYS_MAX + 1};
	say(s, 5, 2, 1, 1);
	say(s, 5, 9, 1, ROOT_INSTALL_STRAYS_MAX + 1);
	assert_int_equal(n5->strays, ROOT_INSTALL_STRAYS_MAX);
	scene_run(s, 5000);
	assert_non_null(scene_find(s, 5, 2, 1));
	assert_null(scene_find(s, 5, 9, ROOT_INSTALL_STRAYS_MAX + 1));
	assert_int_equal(n5->strays, 1);
	assert_int_equal(n5->strays_stuck, 1);
	scene_connect(s, 6);
	scene_run(s, 5000);
	assert_int_equal(n->nb_sessions, 0);
	assert_int_equal(n5->strays, 0);
	assert_int_equal(n5->strays_stuck, 0);
	scene_check(s);
}

/* Of these too no more are taken than so many; it is asked for the others when they can go. */
static void
test_many_stuck(void **state)
{
	struct scene *s = *state;
	struct scene_node *n = &s->nodes[5];
	const struct root_node *n5 = root_nodes_by_id(&s->root.nodes, 5);

	scene_add_leaves(s, conferences);
	scene_add_sessions(s, "", SCENE_LEAF, SCENE_LEAF + 1, LATER);
	for (int i = 0; i < 3; i++) {
		say(s, 5, 2, 1, LATER);
		scene_run(s, 1000);
		assert_int_equal(n5->strays_stuck, ROOT_INSTALL_STRAYS_MAX);
		assert_int_equal(count_copies(s, 5), ROOT_INSTALL_STRAYS_MAX);
		/* It is not asked again and again for what cannot be taken. */
		assert_false(n5->strays_left);
	}
	n->sessions[n->nb_sessions++] = (struct scene_session){.conference = 9, .id = 10};
	say(s, 5, 9, 1, 10);
	scene_run(s, 3000);
	assert_int_equal(n->nb_sessions, 0);
	assert_int_equal(n5->strays, ROOT_INSTALL_STRAYS_MAX);
	n->sessions[n->nb_sessions++] = (struct scene_session){.conference = 2, .id = LATER};
	assert_true(scene_do(s, "remove 2"));
	scene_run(s, 5000);
	assert_int_equal(n->nb_sessions, 0);
	assert_int_equal(n5->strays, 0);
	assert_int_equal(n5->strays_stuck, 0);
	scene_check(s);
}

/* Whoever has no place is not listened to. */
static void
test_no_place(void **state)
{
	struct scene *s = *state;
	char error[ROOT_ERROR_MAX];
	const struct root_node *node = root_nodes_know(&s->root.nodes, "r1", error);

	assert_non_null(node);
	assert_int_equal(node->id, NEITHER);
	assert_null(node->place);
	say(s, NEITHER, 9, 1, 10);
	assert_int_equal(s->root.installs_gone, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_steps, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_one_node, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_not_asked, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_hello, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_taken, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_stuck, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_many_stuck, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_place, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
