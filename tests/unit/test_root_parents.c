/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that get another parent: what may be where, and what the store has of it. */
#include <unistd.h>

#include "root_nodes.h"
#include "root_store.h"
#include "unit.h"

#define NODE(name, role, parent)                                                                   \
	"{ name = \"" name "\"; role = \"" role "\"; parent = \"" parent "\"; peers = ( ); }, "

/* ^ > top > (left > leaf, right); other, a root, is beside top. */
static const char text[] =
	"root = { listen = \"127.0.0.1:7000\"; plain = true; store = \"/tmp/none.db\"; "
	"socket = \"/tmp/none.sock\"; };\n"
	"nodes = ( " NODE("top", "relay", "^") NODE("left", "relay", "top")
		NODE("right", "relay", "top")
			NODE("leaf", "leaf", "left") "{ name = \"other\"; role = \"root\"; } );\n";

static char directory[64], path[96], error[ROOT_ERROR_MAX];

struct fixture {
	struct root_nodes nodes;
	struct root_store *store;
};

static void
open_nodes(struct fixture *f)
{
	f->nodes = (struct root_nodes){0};
	f->store = root_store_open(path, error, sizeof(error));
	if (f->store == NULL || root_nodes_load(&f->nodes, f->store, error) != 0)
		fail_msg("%s", error);
}

static void
close_nodes(struct fixture *f)
{
	root_nodes_free(&f->nodes);
	root_store_close(f->store);
}

/* Takes the places of such a file. */
static void
take(struct fixture *f, const char *file)
{
	struct config_errors errs = {0};
	struct root_config *config = root_config_load_string("r.cfg", file, strlen(file), &errs);
	bool changed;

	config_errors_print(&errs, stderr);
	assert_non_null(config);
	if (root_nodes_sync(&f->nodes, config, &changed, &errs, error) != 0)
		fail_msg("%s", error);
	config_errors_free(&errs);
	root_config_free(config);
}

static int
setup(void **state)
{
	static struct fixture f;

	strcpy(directory, "/tmp/ferry_parents_XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/root.db", directory);
	open_nodes(&f);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	char name[128];

	close_nodes(*state);
	unlink(path);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	return rmdir(directory);
}

static void
moves(struct fixture *f, const char *name, const char *parent)
{
	struct root_node *node = root_nodes_find(&f->nodes, name);

	if (root_nodes_set_parent(&f->nodes, node, parent, error) != 0)
		fail_msg("%s", error);
	assert_string_equal(node->place->parent, parent);
}

static void
refused(struct fixture *f, const char *name, const char *parent, const char *words)
{
	struct root_node *node = root_nodes_find(&f->nodes, name);
	char before[sizeof(node->place->parent)] = "";

	if (node->place != NULL)
		strcpy(before, node->place->parent);
	assert_int_equal(root_nodes_set_parent(&f->nodes, node, parent, error), -1);
	if (strstr(error, words) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, words);
	if (node->place != NULL)
		assert_string_equal(node->place->parent, before);
}

static void
test_moves(void **state)
{
	struct fixture *f = *state;
	uint32_t count;

	take(f, text);
	moves(f, "leaf", "right");
	moves(f, "left", "other");
	moves(f, "top", "left");
	assert_true(root_nodes_is_below(&f->nodes, root_nodes_find(&f->nodes, "leaf"), "other"));
	assert_int_equal((root_nodes_children(&f->nodes, "^", &count), count), 1);
	/* The store has it too. */
	close_nodes(f);
	open_nodes(f);
	assert_string_equal(root_nodes_find(&f->nodes, "top")->place->parent, "left");
	assert_true(root_nodes_is_below(&f->nodes, root_nodes_find(&f->nodes, "leaf"), "other"));
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;

	take(f, text);
	assert_non_null(root_nodes_know(&f->nodes, "nowhere", error));
	refused(f, "nowhere", "top", "has no place");
	refused(f, "leaf", "nowhere", "is not a node of the topology");
	refused(f, "leaf", "nobody", "is not a node of the topology");
	refused(f, "right", "leaf", "is a leaf");
	refused(f, "top", "top", "is below \"top\" itself");
	refused(f, "top", "left", "is below \"top\" itself");
	refused(f, "other", "top", "has the role root");
	assert_null(root_nodes_know(&f->nodes, "a-name-of-more-than-31-characters", error));
	assert_non_null(strstr(error, "longer than 31"));
	assert_non_null(root_nodes_know(&f->nodes, "a-name-of-exactly-31-characters", error));
}

/* As deep as a message reaches, with all that is below whoever moves. */
static void
test_depth(void **state)
{
	struct fixture *f = *state;
	char file[8192];
	int used;

	used = snprintf(file, sizeof(file),
		"root = { listen = \"127.0.0.1:7000\"; plain = true; store = \"/tmp/none.db\"; "
		"socket = \"/tmp/none.sock\"; };\nnodes = ( { name = \"n1\"; role = \"relay\"; "
		"parent = \"^\"; }");
	for (int i = 2; i <= 29; i++)
		used += snprintf(file + used, sizeof(file) - (size_t)used,
			", { name = \"n%d\"; role = \"relay\"; parent = \"n%d\"; }", i, i - 1);
	snprintf(file + used, sizeof(file) - (size_t)used,
		", { name = \"a\"; role = \"relay\"; parent = \"^\"; }, "
		"{ name = \"b\"; role = \"leaf\"; parent = \"a\"; } );\n");
	take(f, file);
	refused(f, "a", "n29", "would be 31 nodes below ^, it must be 30 at most");
	moves(f, "b", "^");
	moves(f, "a", "n29");
	moves(f, "a", "^");
	moves(f, "b", "a");
	moves(f, "a", "n28");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
