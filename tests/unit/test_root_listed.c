/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is in the tree, by lists that nodes say: looked at once for many, and none is missed. */
#include "mgmt.h"
#include "root_scene.h"
#include "unit.h"

static struct message_below listed[2 * SCENE_NODES];
static size_t nb_listed;
static unsigned int looks;
static bool fails;

int __wrap_mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count);

int
__wrap_mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count)
{
	(void)mgmt;
	looks++;
	if (fails)
		return -ENOMEM;
	*list = calloc(2 * SCENE_NODES, sizeof(**list));
	assert_non_null(*list);
	memcpy(*list, listed, sizeof(listed));
	*count = nb_listed;
	return 0;
}

static void
list_first(const char *name)
{
	listed[nb_listed++] = (struct message_below){.name = name};
}

static void
list_below(const char *name, const char *parent)
{
	listed[nb_listed++] = (struct message_below){.name = name, .parent = parent};
}

/* n1 and n4; below n1 n2, and below that n3 and n5; below n4 n6. */
static void
list_all(void)
{
	nb_listed = 0;
	list_first("n1");
	list_first("n4");
	list_below("n2", "n1");
	list_below("n3", "n2");
	list_below("n5", "n2");
	list_below("n6", "n4");
}

static int
setup(void **state)
{
	struct scene *s;

	scene_setup(state, "");
	s = *state;
	list_all();
	fails = false;
	root_listed_soon(&s->root);
	scene_run(s, 2000);
	looks = 0;
	return 0;
}

static struct root_node *
node(struct scene *s, uint32_t id)
{
	return root_nodes_by_id(&s->root.nodes, id);
}

/* So many are told all again. */
static void
check_told(struct scene *s, unsigned int wanted)
{
	int64_t since = root_clock();
	unsigned int count = 0;

	scene_run(s, 2000);
	EVERY_NODE
	{
		assert_true(node(s, n)->up && node(s, n)->lost == 0 && node(s, n)->greeted);
		count += node(s, n)->came > since;
	}
	assert_int_equal(count, wanted);
}

static void
check_away(struct scene *s, uint32_t id, const char *why)
{
	json_t *list = root_events_last(&s->root.events, 1000), *row;
	const char *said = "nothing";
	size_t i;

	assert_false(node(s, id)->up);
	json_array_foreach(list, i, row)
	{
		const char *of = json_string_value(json_object_get(row, "node"));

		if (of != NULL && strcmp(of, node(s, id)->name) == 0 &&
			json_object_get(row, "why") != NULL)
			said = json_string_value(json_object_get(row, "why"));
	}
	assert_string_equal(said, why);
	json_decref(list);
}

static void
test_few(void **state)
{
	struct scene *s = *state;

	assert_string_equal(node(s, 1)->parent, ROOT_SELF);
	assert_string_equal(node(s, 3)->parent, "n2");
	for (int i = 0; i < 100; i++)
		root_listed_soon(&s->root);
	scene_run(s, 1000);
	assert_int_equal(looks, 1);
	looks = 0;
	for (int i = 0; i < 200; i++) {
		root_listed_soon(&s->root);
		scene_run(s, 5);
	}
	assert_in_range(looks, 15, 21);
	/* The last of them too. */
	looks = 0;
	nb_listed--;
	root_listed_soon(&s->root);
	scene_run(s, 100);
	assert_int_equal(looks, 1);
	assert_int_not_equal(node(s, 6)->lost, 0);
	/* Short memory is no list of nobody. */
	fails = true;
	list_all();
	root_listed_soon(&s->root);
	scene_run(s, 300);
	fails = false;
	check_told(s, 1);
}

/* Over a new connection. */
static void
say_hello(struct scene *s, uint32_t id)
{
	s->clock++;
	node(s, id)->said_hello = root_clock();
	root_listed_soon(&s->root);
}

/* What was on its way to those below may be gone, though they are all back when it is looked. */
static void
test_cut_and_back(void **state)
{
	struct scene *s = *state;

	root_listed_soon(&s->root);
	scene_run(s, 5);
	root_listed_cut(&s->root, "n1", "it connected anew");
	say_hello(s, 1);
	check_told(s, 3);
	/* One of them has said hello since. */
	root_listed_cut(&s->root, "n1", "it connected anew");
	say_hello(s, 1);
	say_hello(s, 3);
	check_told(s, 2);
	/* And no more of it with the next. */
	root_listed_soon(&s->root);
	check_told(s, 0);
}

/* The same further down: n2 was away from n1, whose list without it nobody looked at. */
static void
test_back_below(void **state)
{
	struct scene *s = *state;

	root_listed_soon(&s->root);
	scene_run(s, 5);
	nb_listed = 2;
	root_listed_soon(&s->root);
	scene_run(s, 5);
	list_all();
	say_hello(s, 2);
	assert_int_equal(looks, 1);
	check_told(s, 2);
	assert_true(node(s, 3)->came > node(s, 2)->said_hello);
	assert_true(node(s, 5)->came > node(s, 2)->said_hello);
	say_hello(s, 2);
	say_hello(s, 3);
	check_told(s, 1);
	root_listed_soon(&s->root);
	check_told(s, 0);
}

/* One that moved says hello there, and those below it stay below it. */
static void
test_moved(void **state)
{
	struct scene *s = *state;

	nb_listed = 0;
	list_first("n1");
	list_below("n2", "n1");
	list_below("n3", "n2");
	list_below("n5", "n2");
	list_below("n4", "n1");
	list_below("n6", "n4");
	root_listed_cut(&s->root, "n4", "it left");
	check_told(s, 0);
	assert_string_equal(node(s, 4)->parent, "n1");
	assert_string_equal(node(s, 6)->parent, "n4");
	/* It is cut with its new one. */
	root_listed_cut(&s->root, "n1", "silent");
	say_hello(s, 1);
	check_told(s, 5);
}

static void
test_why(void **state)
{
	struct scene *s = *state;

	nb_listed = 0;
	list_first("n1");
	list_below("n2", "n1");
	list_below("n5", "n2");
	root_listed_cut(&s->root, "n4", "silent for 7000 ms");
	scene_run(s, 2000);
	check_away(s, 3, "n1 no longer lists it");
	check_away(s, 4, "silent for 7000 ms");
	check_away(s, 6, "silent for 7000 ms");
	nb_listed = 0;
	root_listed_cut(&s->root, "n1", "it says bye");
	scene_run(s, 2000);
	check_away(s, 1, "it says bye");
	check_away(s, 2, "it says bye");
	check_away(s, 5, "it says bye");
}

/* Of one that two list, on its way from one to the other, what comes first in the list counts. */
static void
test_twice(void **state)
{
	struct scene *s = *state;

	list_below("n2", "n4");
	list_below("n5", "n6");
	root_listed_soon(&s->root);
	check_told(s, 0);
	assert_string_equal(node(s, 2)->parent, "n1");
	assert_int_equal(node(s, 2)->first, 1);
	assert_string_equal(node(s, 5)->parent, "n2");
	assert_int_equal(node(s, 5)->first, 1);
}

/* Why its connection ended once is not why somebody is away who was back since. */
static void
test_why_later(void **state)
{
	struct scene *s = *state;

	root_listed_cut(&s->root, "n4", "silent for 7000 ms");
	check_told(s, 0);
	assert_int_equal(node(s, 4)->cut, 0);
	nb_listed--;
	root_listed_soon(&s->root);
	scene_run(s, 2000);
	check_away(s, 6, "n4 no longer lists it");
	nb_listed = 1;
	root_listed_soon(&s->root);
	scene_run(s, 2000);
	check_away(s, 4, "nobody lists it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_cut_and_back, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_back_below, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_moved, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_why, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_twice, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_why_later, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
