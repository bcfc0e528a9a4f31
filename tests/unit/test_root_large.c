/* SPDX-License-Identifier: BSD-3-Clause */
/* As many nodes and conferences as there may be: what is done with all takes no square of them. */
#include <time.h>

#include "root_scene.h"
#include "root_sources.h"
#include "unit.h"

#define NODES	    20000
#define CONFERENCES 65535
#define SECONDS	    1 /* of this processor; a square takes several */

static clock_t began;

static void
begin(void)
{
	began = clock();
}

static void
check_time(void)
{
	assert_true(clock() - began < SECONDS * CLOCKS_PER_SEC);
}

static void *
many(size_t count, size_t size)
{
	void *list = calloc(count, size);

	assert_non_null(list);
	return list;
}

/* n1 at the root, and ten below each. */
static void
test_tree(void **state)
{
	static struct root root;
	struct root_node *nodes = many(NODES, sizeof(*nodes));
	json_t *tree, *at;

	(void)state;
	root.nodes.list = many(NODES, sizeof(*root.nodes.list));
	root.nodes.count = NODES;
	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i].id = i + 1;
		nodes[i].up = i != NODES - 1;
		snprintf(nodes[i].name, sizeof(nodes[i].name), "n%u", i + 1);
		snprintf(nodes[i].parent, sizeof(nodes[i].parent), "n%u", (i + 9) / 10);
		if (i == 0)
			strcpy(nodes[i].parent, ROOT_SELF);
		root.nodes.list[i] = &nodes[i];
	}
	begin();
	tree = root_show_tree(&root);
	check_time();
	at = json_object_get(tree, "children");
	assert_int_equal(json_array_size(at), 1);
	at = json_object_get(json_array_get(at, 0), "children");
	assert_int_equal(json_array_size(at), 10);
	at = json_array_get(at, 9);
	assert_string_equal(json_string_value(json_object_get(at, "name")), "n11");
	at = json_object_get(at, "children");
	assert_int_equal(json_array_size(at), 10);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(at, 0), "name")), "n102");
	json_decref(tree);
	free(root.nodes.list);
	free(nodes);
}

/* One session each, all of one source. */
static struct config_conference *
make_conferences(uint32_t count, uint32_t first)
{
	struct config_conference *list = many(count, sizeof(*list));

	for (uint32_t i = 0; i < count; i++) {
		struct config_session *session = many(1, sizeof(*session));

		session->ingress.where.file = "f.cfg";
		session->id = session->source = 1;
		session->conference = list[i].id = first + i;
		session->ingress.udp.address = (struct underlay_addr){AF_INET,
			{10, 0, (uint8_t)((first + i) >> 16), (uint8_t)((first + i) >> 8)}};
		session->ingress.udp.udp_port = (uint16_t)(first + i);
		list[i].sessions = session;
		list[i].session_count = 1;
	}
	return list;
}

static void
free_conferences(struct config_conference *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(list[i].sessions);
	free(list);
}

static void
test_ingresses(void **state)
{
	struct root_conference *others = many(CONFERENCES, sizeof(*others));
	struct root_book book = {.count = CONFERENCES};
	struct root_nodes nodes = {.others = true};
	struct config file = {.conference_count = CONFERENCES};
	struct config_errors errs = {0};

	(void)state;
	file.conferences = make_conferences(CONFERENCES, 1);
	book.conferences = many(CONFERENCES, sizeof(*book.conferences));
	for (uint32_t i = 0; i < CONFERENCES; i++) {
		others[i].config = &file.conferences[i];
		book.conferences[i] = &others[i];
	}
	begin();
	root_nodes_check(&nodes, &book, &file, &errs);
	check_time();
	assert_int_equal(errs.count, 0);
	/* One that is not in the file stays, and has its ingress. */
	file.conferences = make_conferences(CONFERENCES, 1);
	file.conferences[6].id = file.conferences[6].sessions->conference = CONFERENCES + 1;
	root_nodes_check(&nodes, &book, &file, &errs);
	assert_int_equal(errs.count, 1);
	assert_string_equal(errs.list[0].text,
		"conference 65536 session 1: ingress 10.0.0.0:7 is that of session 1 of "
		"conference 7 already, it must be another");
	config_errors_free(&errs);
	/* That of another node is another. */
	file.conferences[6].sessions->source = 2;
	root_nodes_check(&nodes, &book, &file, &errs);
	assert_int_equal(errs.count, 0);
	free_conferences(file.conferences, CONFERENCES);
	free_conferences((struct config_conference *)(uintptr_t)others[0].config, CONFERENCES);
	free(book.conferences);
	free(others);
}

static void
test_sources(void **state)
{
	static struct root_config config;
	struct root_sources sources = {0};
	struct config_errors errs = {0};

	(void)state;
	config.base.conferences = make_conferences(CONFERENCES, 1);
	config.base.conference_count = CONFERENCES;
	begin();
	assert_true(root_sources_read(&config, &sources, &errs));
	for (uint32_t i = 1; i <= CONFERENCES; i++)
		assert_true(root_sources_have(&sources, i));
	for (uint32_t i = 1; i <= CONFERENCES; i++)
		assert_false(root_sources_have(&sources, CONFERENCES + i));
	check_time();
	assert_false(root_sources_have(&sources, 0));
	root_sources_free(&sources);
	free_conferences(config.base.conferences, CONFERENCES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_ingresses),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
