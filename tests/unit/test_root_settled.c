/* SPDX-License-Identifier: BSD-3-Clause */
/* Where all is as it is to be, nothing is looked at; whatever happens is. */
#include "root_pipeline.h"
#include "root_scene.h"
#include "unit.h"

static const char conferences[] =
	"conferences = ( { id = 1; sessions = ( { id = 1; source = 1; destinations = [ 2, 3 ]; "
	"ingress = { udp = \"10.1.0.1:5001\"; }; flows = ( { path = \"4 > (2, 3)\"; } ); },\n"
	"{ id = 2; source = 2; destinations = [ 3 ]; ingress = { udp = \"10.1.0.1:5002\"; }; "
	"flows = ( { path = \"3\"; } ); } ); } );";

/* The linker puts the first in place of the second (--wrap); both times. */
void __wrap_root_pipeline_make(struct root_pipeline *made, const struct root_session *session,
	const struct root_plan *plan, uint32_t node, bool play);
void __real_root_pipeline_make(struct root_pipeline *made, const struct root_session *session,
	const struct root_plan *plan, uint32_t node, bool play);

struct root_copy *__wrap_root_copy_find(const struct root_install *install, uint32_t node);
struct root_copy *__real_root_copy_find(const struct root_install *install, uint32_t node);

static unsigned int made_count, found_count;
static struct scene *slow;	   /* each takes a millisecond there */
static struct scene *slow_to_find; /* and each of the second */

void
__wrap_root_pipeline_make(struct root_pipeline *made, const struct root_session *session,
	const struct root_plan *plan, uint32_t node, bool play)
{
	made_count++;
	if (slow != NULL)
		slow->clock++;
	__real_root_pipeline_make(made, session, plan, node, play);
}

struct root_copy *
__wrap_root_copy_find(const struct root_install *install, uint32_t node)
{
	found_count++;
	if (slow_to_find != NULL)
		slow_to_find->clock++;
	return __real_root_copy_find(install, node);
}

static int
setup(void **state)
{
	return scene_setup(state, conferences);
}

/* Nothing is made, nothing is told, nothing is due. */
static void
check_settled(struct scene *s)
{
	uint64_t sent = s->sent;

	made_count = 0;
	assert_int_equal(root_install_step(&s->root, root_clock()), 0);
	scene_run(s, 3000);
	assert_int_equal(made_count, 0);
	assert_int_equal(s->sent, sent);
}

/* Something has happened: it is looked at, and then no more. */
static void
check_change(struct scene *s, int64_t ms)
{
	made_count = 0;
	scene_run(s, ms);
	assert_true(made_count > 0);
	scene_check(s);
	check_settled(s);
}

static void
test_nothing(void **state)
{
	check_settled(*state);
}

static void
test_commands(void **state)
{
	static const char *const lines[] = {"route set 1 1 0 '5 > (2, 3)'", "weights 1 1 7",
		"leave 1 n3", "join 1 n3", "session stop 1 1", "session start 1 1",
		"route add 1 2 3 '6 > 3'", "route remove 1 2 0", "leave 1 n1", "join 1 n1"};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* Nothing is made where all that there was is to go. */
		bool last = strcmp(lines[i], "leave 1 n1") == 0;

		assert_true(scene_do(s, "%s", lines[i]));
		if (!last)
			check_change(s, 4000);
		scene_run(s, last ? 4000 : 0);
		scene_check(s);
		check_settled(s);
	}
}

/* It is in no session: whether it is in the conference is nobody else's concern. */
static void
test_bystander(void **state)
{
	struct scene *s = *state;

	assert_true(scene_do(s, "join 1 n6"));
	check_settled(s);
	assert_true(scene_do(s, "leave 1 n6"));
	check_settled(s);
	/* Of two sessions it is in one. */
	made_count = 0;
	assert_true(scene_do(s, "leave 1 n1"));
	scene_run(s, 4000);
	assert_int_equal(made_count, 0);
	assert_true(scene_do(s, "join 1 n1"));
	scene_run(s, 4000);
	assert_true(made_count > 0);
	scene_check(s);
}

static void
test_nodes(void **state)
{
	struct scene *s = *state;

	s->strict = false;
	for (uint32_t n = 1; n <= 4; n++) {
		scene_restart(s, n);
		check_change(s, 4000);
		scene_back(s, n);
		check_change(s, 4000);
		scene_cut(s, n);
		scene_run(s, 4000);
		s->nodes[n].nb_sessions = 0;
		scene_connect(s, n);
		check_change(s, 4000);
	}
}

/* It refuses, and it is silent; both are asked again. */
static void
test_asked_again(void **state)
{
	struct scene *s = *state;

	s->nodes[5].refuses = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 3000);
	s->nodes[5].refuses = false;
	check_change(s, ROOT_INSTALL_RETRY_MS + 3000);
	s->strict = false;
	s->nodes[6].deaf = true;
	assert_true(scene_do(s, "route set 1 1 0 '6 > (2, 3)'"));
	scene_run(s, 3000);
	s->nodes[6].deaf = false;
	check_change(s, 15000);
}

/* A node says that it has what it is not to have: it is told to forget it. */
static void
test_stray(void **state)
{
	const struct message_pipeline named = {.conference = 1, .session = 1};
	const struct message_pipelines answer = {.pipelines = &named, .nb_pipelines = 1};
	struct scene *s = *state;

	s->nodes[6].sessions[s->nodes[6].nb_sessions++] = (struct scene_session){
		.conference = 1, .id = 1};
	root_install_strays(&s->root, root_nodes_by_id(&s->root.nodes, 6), &answer);
	scene_run(s, 3000);
	scene_check(s);
	check_settled(s);
}

#define MANY   250
#define SOURCE SCENE_LEAF
#define OTHER  (SCENE_LEAF + 1)

/* Very many sessions of two nodes that never answer. */
static void
add_many(struct scene *s)
{
	scene_add_leaves(s, conferences);
	for (uint32_t id = SOURCE; id <= OTHER; id++) {
		struct root_node *node = root_nodes_by_id(&s->root.nodes, id);

		root_node_up(&s->root, node, "n1");
		root_node_greeted(&s->root, node, NULL, 0);
	}
	scene_add_sessions(s, "", SOURCE, OTHER, MANY);
}

static uint32_t
count_installs(const struct scene *s)
{
	uint32_t count = 0;

	for (const struct root_install *each = s->root.installs; each != NULL; each = each->next)
		count++;
	return count;
}

/* Sessions of which the other node was told. */
static uint32_t
count_told(const struct scene *s)
{
	uint32_t told = 0;

	for (const struct root_install *each = s->root.installs; each != NULL; each = each->next) {
		for (uint32_t i = 0; i < each->count; i++)
			told += each->copies[i]->node == OTHER && each->copies[i]->sent != 0;
	}
	return told;
}

/* However much there is to tell, something else has its turn soon; and all have theirs. */
static void
test_turns(void **state)
{
	struct scene *s = *state;
	int64_t due, begun = s->clock;

	add_many(s);
	slow = s;
	for (unsigned int turn = 1; turn <= 2; turn++) {
		made_count = 0;
		due = root_install_step(&s->root, root_clock());
		assert_true(made_count <= ROOT_INSTALL_TURN_MS);
		assert_int_equal(count_told(s), turn * ROOT_INSTALL_TURN_MS);
		assert_true(due > 0 && due <= root_clock());
	}
	(void)root_install_step(&s->root, root_clock());
	slow = NULL;
	assert_int_equal(count_told(s), MANY);
	/* Not even those that wait were looked at twice before. */
	assert_int_equal(s->clock - begun, MANY);
	/* They go, as nobody is left who has them, and may come again. */
	assert_true(scene_do(s, "remove 2"));
	for (uint32_t id = SOURCE; id <= OTHER; id++)
		root_node_away(&s->root, root_nodes_by_id(&s->root.nodes, id), "it is gone");
	(void)root_install_step(&s->root, root_clock());
	assert_int_equal(count_installs(s), 2);
	assert_int_equal(s->root.installs_gone, 0);
	assert_true(scene_do(s, "add %s/a.cfg", s->directory));
	assert_int_equal(count_installs(s), 2 + MANY);
}

/* The turns of a round. When to look again after it. */
static int64_t
run_round(struct scene *s, unsigned int turns)
{
	int64_t due = 0, now;

	for (unsigned int turn = 1; turn <= turns; turn++) {
		now = root_clock();
		due = root_install_step(&s->root, now);
		if (turn < turns)
			assert_int_equal(due, now + 1);
	}
	return due;
}

/* Very many that wait: each is looked at once, and then when the first of them is due. */
static void
test_rounds(void **state)
{
	const unsigned int turns = MANY / ROOT_INSTALL_TURN_MS + 1;
	struct scene *s = *state;
	int64_t begun;

	add_many(s);
	slow = s;
	begun = root_clock();
	assert_int_equal(run_round(s, turns), begun + ROOT_INSTALL_HOLD_MS);
	slow = NULL;
	/* Nobody is there, so that nothing can be done. */
	for (uint32_t id = SOURCE; id <= OTHER; id++)
		root_node_away(&s->root, root_nodes_by_id(&s->root.nodes, id), "it is gone");
	slow_to_find = s;
	for (int i = 0; i < 2; i++) {
		begun = root_clock();
		assert_int_equal(run_round(s, turns), 0);
		assert_int_equal(root_clock() - begun, MANY);
	}
	/* What happens may be of one that had its turn. */
	begun = root_clock();
	(void)root_install_step(&s->root, begun);
	root_wake(&s->root);
	assert_int_equal(run_round(s, turns), 0);
	assert_int_equal(root_clock() - begun, ROOT_INSTALL_TURN_MS + MANY);
	slow_to_find = NULL;
}

/* A node that has no room early in a round is tried again soon after the whole of it. */
static void
test_round_unsent(void **state)
{
	struct scene *s = *state;

	add_many(s);
	s->nodes[4].full = true;
	assert_true(scene_do(s, "weights 1 1 7"));
	slow = s;
	for (unsigned int turn = 0; turn <= MANY / ROOT_INSTALL_TURN_MS; turn++) {
		s->root.unsent = false;
		(void)root_install_step(&s->root, root_clock());
	}
	slow = NULL;
	assert_true(s->root.unsent);
}

/* What a node may have forgotten is looked for where it is, not in all that others have. */
static void
test_hello(void **state)
{
	struct scene *s = *state;

	s->strict = false;
	add_many(s);
	(void)root_install_step(&s->root, root_clock());
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			scene_cut(s, 3);
		s->nodes[3].nb_sessions = 0;
		found_count = 0;
		scene_connect(s, 3);
		assert_true(found_count < 10);
		scene_run(s, 5000);
		assert_int_equal(s->nodes[3].nb_sessions, 2);
	}
	/* One that has very many has forgotten them all. */
	assert_int_equal(count_told(s), MANY);
	root_node_away(&s->root, root_nodes_by_id(&s->root.nodes, OTHER), "it is gone");
	assert_int_equal(count_told(s), 0);
}

/* A file of which one conference is another: the rest is not looked at. */
static void
test_reload(void **state)
{
	struct scene *s = *state;
	const struct root_conference *first = root_book_conference(&s->root.book, 1), *second;
	char text[2048];

	assert_int_equal(strcmp(conferences + strlen(conferences) - 8, " ); } );"), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			"%.*s); }, { id = 2; sessions = ( { id = 1; source = 1; destinations = [ "
			"2 ]; ingress = { udp = \"10.1.0.1:5003\"; }; flows = ( { path = \"%s\"; } "
			"); } ); } );",
			(int)strlen(conferences) - 7, conferences, i == 0 ? "2" : "4 > 2");
		scene_write_config(s, text);
		second = root_book_conference(&s->root.book, 2);
		assert_true(scene_do(s, "reload"));
		made_count = 0;
		scene_run(s, 3000);
		/* Two or three nodes, each told, and found settled. */
		assert_in_range(made_count, 1, 8);
		assert_ptr_equal(root_book_conference(&s->root.book, 1), first);
		assert_ptr_not_equal(root_book_conference(&s->root.book, 2), second);
		scene_check(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_bystander, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_nodes, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_asked_again, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_stray, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_turns, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_rounds, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_round_unsent, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_hello, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_reload, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
