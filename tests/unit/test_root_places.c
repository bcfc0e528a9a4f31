/* SPDX-License-Identifier: BSD-3-Clause */
/* Places of many nodes: each is told whom it has below it, by work that grows as their number. */
#include "mgmt.h"
#include "root_scene.h"
#include "unit.h"

#define FAN 6 /* direct children of each */

static unsigned int calls; /* to who is where in the topology */

bool __real_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above);
bool __wrap_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above);
struct root_node *__real_root_nodes_find(const struct root_nodes *nodes, const char *name);
struct root_node *__wrap_root_nodes_find(const struct root_nodes *nodes, const char *name);
struct root_node *const *
__real_root_nodes_children(const struct root_nodes *nodes, const char *parent, uint32_t *count);
struct root_node *const *
__wrap_root_nodes_children(const struct root_nodes *nodes, const char *parent, uint32_t *count);

bool
__wrap_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above)
{
	calls++;
	return __real_root_nodes_is_below(nodes, below, above);
}

struct root_node *
__wrap_root_nodes_find(const struct root_nodes *nodes, const char *name)
{
	calls++;
	return __real_root_nodes_find(nodes, name);
}

struct root_node *const *
__wrap_root_nodes_children(const struct root_nodes *nodes, const char *parent, uint32_t *count)
{
	calls++;
	return __real_root_nodes_children(nodes, parent, count);
}

int __wrap_mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count);

static unsigned int ways; /* times that the ways through the tree became others */
static size_t ways_of;	  /* nodes */

int
__wrap_mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count)
{
	(void)mgmt;
	(void)list;
	ways++;
	ways_of = count;
	return 0;
}

int __wrap_mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count);

/* n1, the others of the scene below it, and below n2 what the ways allow there. */
int
__wrap_mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count)
{
	static const char *const names[] = {"n1", "n2", "n3", "n4", "n5", "n6", "r2"};

	(void)mgmt;
	*count = SCENE_NODES + (ways_of > SCENE_NODES + 1);
	*list = calloc(*count, sizeof(**list));
	assert_non_null(*list);
	for (size_t i = 0; i < *count; i++)
		(*list)[i] = (struct message_below){names[i], i == 0		? NULL
							      : i < SCENE_NODES ? "n1"
										: "n2"};
	return 0;
}

/* r1 to rN below n1, FAN below each, after the scene's own. */
static char *
many_nodes(unsigned int count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned int i = 1; i <= count; i++) {
		fprintf(out, ", { name = \"r%u\"; role = \"relay\"; parent = ", i);
		if (i <= FAN)
			fputs("\"n1\"; }", out);
		else
			fprintf(out, "\"r%u\"; }", (i - 1) / FAN);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Nodes above one, ^ left out. */
static unsigned int
above(const struct scene *s, const struct root_node *node)
{
	unsigned int count = 0;

	while (strcmp(node->place->parent, ROOT_SELF) != 0) {
		node = root_nodes_find(&s->root.nodes, node->place->parent);
		assert_non_null(node);
		count++;
	}
	return count;
}

/* All of them are up; one goes to another parent. Returns the calls that it takes. */
static unsigned int
redirect(unsigned int count)
{
	static struct scene s;
	unsigned int took, wanted = 0;
	char *more;

	scene_begin(&s, "");
	more = many_nodes(count);
	s.more_nodes = more;
	scene_write_config(&s, "");
	assert_true(scene_do(&s, "reload"));
	assert_int_equal(s.root.nodes.count, SCENE_NODES + count);
	for (uint32_t i = 0; i < s.root.nodes.count; i++) {
		struct root_node *node = s.root.nodes.list[i];

		root_node_up(&s.root, node, node->place->parent);
		node->greeted = true;
	}
	scene_run(&s, 1000);
	s.placed = s.below = calls = 0;
	assert_true(scene_do(&s, "redirect r%u n1", count));
	took = calls;
	scene_run(&s, 1000);
	assert_int_equal(s.placed, SCENE_NODES + count);
	for (uint32_t i = 0; i < s.root.nodes.count; i++)
		wanted += above(&s, s.root.nodes.list[i]);
	assert_int_equal(s.below, wanted);
	free(more);
	scene_end(&s);
	return took;
}

static void
test_many(void **state)
{
	unsigned int once = redirect(200), twice = redirect(400);

	(void)state;
	if (twice > 3 * once)
		fail_msg("%u calls for 200 nodes, %u for 400", once, twice);
}

static void
change(struct scene *s, const char *more)
{
	ways = 0;
	s->more_nodes = more;
	scene_write_config(s, "");
	assert_true(scene_do(s, "reload"));
}

/* One that takes little is waited for with the new ways, but not for ever. */
static void
test_slow(void **state)
{
	static struct scene s;
	int nothing;

	(void)state;
	scene_begin(&s, "");
	s.root.mgmt = (struct mgmt *)&nothing; /* that there is one */
	change(&s, ", { name = \"r1\"; role = \"relay\"; parent = \"n2\"; }");
	assert_int_equal(ways, 1);
	assert_int_equal(ways_of, SCENE_NODES + 1);
	s.nodes[5].full = true;
	change(&s, "");
	scene_run(&s, ROOT_INSTALL_ROOM_MS / 2);
	assert_int_equal(ways, 0);
	/* Another change meanwhile does not begin it anew. */
	s.more_nodes = ", { name = \"r2\"; role = \"relay\"; parent = \"n2\"; }, "
		       "{ name = \"r3\"; role = \"relay\"; parent = \"n2\"; }";
	scene_write_config(&s, "");
	assert_true(scene_do(&s, "reload"));
	assert_int_equal(ways, 0);
	/* Its parent has said already that it is there: the ways did not lead to it then. */
	root_listed_soon(&s.root);
	scene_run(&s, 1000);
	assert_false(root_nodes_find(&s.root.nodes, "r2")->up);
	scene_run(&s, ROOT_INSTALL_ROOM_MS / 2);
	assert_int_equal(ways, 1);
	assert_int_equal(ways_of, SCENE_NODES + 2);
	assert_true(root_nodes_find(&s.root.nodes, "r2")->up);
	/* It is told as soon as it can be. */
	s.placed = 0;
	scene_run(&s, 60000);
	assert_int_equal(s.placed, 0);
	s.nodes[5].full = false;
	scene_run(&s, 1000);
	assert_int_equal(s.placed, 1);
	assert_int_equal(ways, 1);
	s.root.mgmt = NULL;
	scene_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
