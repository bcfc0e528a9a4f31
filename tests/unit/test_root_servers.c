/* SPDX-License-Identifier: BSD-3-Clause */
/* Where children of nodes connect is kept, by few writes. */
#include "root_scene.h"
#include "unit.h"

static unsigned int writes;
static bool broken;

int __real_root_store_set(struct root_store *store, const char *name, const char *value);
int __wrap_root_store_set(struct root_store *store, const char *name, const char *value);

int
__wrap_root_store_set(struct root_store *store, const char *name, const char *value)
{
	if (strncmp(name, "server:", 7) != 0)
		return __real_root_store_set(store, name, value);
	writes++;
	return broken ? -1 : __real_root_store_set(store, name, value);
}

static int
setup(void **state)
{
	writes = 0;
	broken = false;
	return scene_setup(state, "");
}

static struct root_node *
say(struct scene *s, uint32_t id, unsigned int number)
{
	struct root_node *node = root_nodes_by_id(&s->root.nodes, id);
	char host[32];

	snprintf(host, sizeof(host), "10.9.0.%u", number % 250 + 1);
	root_nodes_set_server(&s->root.nodes, node, host, (uint16_t)(7000 + id));
	return node;
}

static void
check_kept(struct scene *s, uint32_t id, const char *wanted)
{
	char name[32], *value;

	snprintf(name, sizeof(name), "server:n%u", id);
	assert_int_equal(root_store_get(s->root.store, name, &value), 0);
	if (wanted == NULL)
		assert_null(value);
	else
		assert_string_equal(value, wanted);
	free(value);
}

/* One that goes on saying others costs a write a second; so does a whole tree that comes at once.
 */
static void
test_few(void **state)
{
	struct scene *s = *state;

	for (unsigned int i = 0; i < 1000; i++) {
		say(s, 3, i % 2);
		scene_run(s, i % 2 == 0 ? 5 : 0);
	}
	assert_in_range(writes, 1, 5);
	scene_run(s, 2500);
	check_kept(s, 3, "10.9.0.2 7003");
	writes = 0;
	scene_run(s, 5000);
	assert_int_equal(writes, 0);
	/* What it has already is no other. */
	say(s, 3, 1);
	scene_run(s, 3000);
	assert_int_equal(writes, 0);
	EVERY_NODE say(s, n, 5);
	scene_run(s, 2500);
	assert_int_equal(writes, SCENE_NODES);
	EVERY_NODE
	{
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "10.9.0.6 %u", 7000 + n);
		check_kept(s, n, wanted);
	}
}

/* Also the last of them before an end. */
static void
test_end(void **state)
{
	struct scene *s = *state;

	say(s, 2, 7);
	scene_run(s, 1500);
	say(s, 2, 8);
	scene_run(s, 20);
	say(s, 2, 9);
	scene_restart_root(s);
	assert_string_equal(root_nodes_by_id(&s->root.nodes, 2)->server, "10.9.0.10");
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 2)->server_port, 7002);
}

/* A write that fails is done later, though nobody says it again. */
static void
test_broken(void **state)
{
	struct scene *s = *state;

	broken = true;
	say(s, 4, 1);
	say(s, 5, 1);
	scene_run(s, 5000);
	assert_in_range(writes, 2, 8);
	check_kept(s, 4, NULL);
	broken = false;
	scene_run(s, 2500);
	check_kept(s, 4, "10.9.0.2 7004");
	check_kept(s, 5, "10.9.0.2 7005");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
