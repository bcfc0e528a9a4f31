/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics up the tree: a small one by hand, random ones against a direct computation. */
#include "unit.h"

#include <errno.h>

#include "stats_tree_scene.h"

#define STREAM UINT64_C(0x100000002)

/* A(B(E,F,G), C, D): the children before their parents in no order that matters here. */
enum {
	A,
	B,
	C,
	D,
	E,
	F,
	G,
	NODES
};

static const int parents[NODES] = {-1, A, A, A, B, B, B};

static struct stats_stream *
own(struct stats_tree_scene *scene, int n, uint64_t id)
{
	struct stats_tree_scene_node *node = &scene->nodes[n];
	struct stats_stream *stream = &node->own[node->nb_own++];

	stats_stream_begin(stream, id);
	return stream;
}

/* Rates 1, 2, 4, ... by node: every sum of some of them is another number. */
static void
begin(struct stats_tree_scene *scene, unsigned int carriers)
{
	memset(scene, 0, sizeof(*scene));
	scene->nb_nodes = NODES;
	for (int n = 0; n < NODES; n++) {
		struct stats_tree_scene_node *node = &scene->nodes[n];

		snprintf(node->name, sizeof(node->name), "%c", 'A' + n);
		node->parent = parents[n];
		if ((carriers >> n & 1) == 0)
			continue;
		stats_stream_set(own(scene, n, STREAM), STATS_RATE, (double)(1 << n), node->name);
	}
}

static const struct stats_stream *
sent(const struct stats_tree_scene *scene, int n)
{
	for (size_t i = 0; i < scene->nodes[n].nb_sent; i++)
		if (scene->nodes[n].sent[i].id == STREAM)
			return &scene->nodes[n].sent[i];
	return NULL;
}

static void
test_formula(void **state)
{
	static struct stats_tree_scene scene;
	const struct stats_value *b, *a;

	(void)state;
	begin(&scene, 0x7f);
	stats_tree_scene_run(&scene);
	/* B = 2, its children 16, 32, 64 weigh 1 each. */
	b = &sent(&scene, B)->values[STATS_RATE];
	assert_int_equal(sent(&scene, B)->weight, 4);
	assert_int_equal(sent(&scene, B)->children, 3);
	assert_float_equal(b->mean, (2 + 16 + 32 + 64) / 4.0, 1e-12);
	assert_float_equal(b->max, 64, 0);
	assert_string_equal(b->maxnode, "G");
	/* A = 1; B weighs 4, C and D 1 each. */
	a = &sent(&scene, A)->values[STATS_RATE];
	assert_int_equal(sent(&scene, A)->weight, 7);
	assert_int_equal(sent(&scene, A)->children, 3);
	assert_float_equal(a->mean, (1 + 4 * b->mean + 4 + 8) / 7.0, 1e-12);
	assert_float_equal(a->mean, 127 / 7.0, 1e-12);
	assert_string_equal(a->maxnode, "G");
	stats_tree_scene_free(&scene);
}

/* All 128 sets of nodes that carry the stream. */
static void
test_carriers(void **state)
{
	static struct stats_tree_scene scene;

	(void)state;
	for (unsigned int set = 0; set < 1u << NODES; set++) {
		const struct stats_stream *top;

		begin(&scene, set);
		stats_tree_scene_run(&scene);
		top = sent(&scene, A);
		assert_int_equal(top == NULL, set == 0);
		if (top != NULL) {
			assert_int_equal(top->weight, __builtin_popcount(set));
			assert_float_equal(top->values[STATS_RATE].mean,
				set / (double)__builtin_popcount(set), 1e-12);
		}
		assert_true(stats_tree_scene_error(&scene) < 1e-14);
		stats_tree_scene_free(&scene);
	}
}

/* Three levels, every name, other figures at each node; what some cannot measure. */
static void
test_names(void **state)
{
	static struct stats_tree_scene scene;
	const struct stats_stream *top;

	(void)state;
	begin(&scene, 0);
	for (int n = 0; n < NODES; n++) {
		struct stats_stream *stream = own(&scene, n, STREAM);
		const char *name = scene.nodes[n].name;

		stats_stream_set(stream, STATS_CPULOAD, 0.1 * (n + 1), name);
		if (n != A) { /* the source */
			stats_stream_set(stream, STATS_INJITTER, n == C ? 900 : 10.0 * n, name);
			stats_stream_set(stream, STATS_CUMPKTLOST, 100 + n, name);
			stats_stream_set(stream, STATS_FRACLOST, 0, name);
			stream->has_owd = true;
			stream->owd[n] = 5;
			stream->owd[16] = 1;
		}
	}
	stats_tree_scene_run(&scene);
	top = sent(&scene, A);
	assert_int_equal(top->weight, 7);
	assert_float_equal(top->values[STATS_CPULOAD].mean, 0.4, 1e-12);
	assert_string_equal(top->values[STATS_CPULOAD].maxnode, "G");
	assert_int_equal(top->values[STATS_INJITTER].weight, 6);
	assert_float_equal(
		top->values[STATS_INJITTER].mean, (10 + 900 + 30 + 40 + 50 + 60) / 6.0, 1e-9);
	assert_string_equal(top->values[STATS_INJITTER].maxnode, "C");
	assert_float_equal(top->values[STATS_INJITTER].max, 900, 0);
	assert_float_equal(top->lost_sum, 621, 0);
	assert_float_equal(top->values[STATS_CUMPKTLOST].mean, 621 / 6.0, 1e-9);
	assert_int_equal(top->values[STATS_RATE].weight, 0);
	assert_int_equal(top->owd[0], 0);
	assert_int_equal(top->owd[3], 5);
	assert_int_equal(top->owd[16], 6);
	assert_true(stats_tree_scene_error(&scene) < 1e-14);
	stats_tree_scene_free(&scene);
}

static void
test_random_trees(void **state)
{
	static struct stats_tree_scene scene;
	uint64_t seed = unit_seed();

	(void)state;
	for (uint64_t i = 0; i < 60; i++) {
		double error;

		stats_tree_scene_random(
			&scene, seed + i, i < 30 ? 200 : 1 + (int)(i * 7 % 199), 12);
		stats_tree_scene_run(&scene);
		error = stats_tree_scene_error(&scene);
		if (!(error < 1e-12))
			fail_msg("seed %" PRIu64 ": %g", seed + i, error);
		stats_tree_scene_free(&scene);
	}
}

/* The direct computation sees it when the tree is wrong. */
static void
test_error_is_seen(void **state)
{
	static struct stats_tree_scene scene;

	(void)state;
	stats_tree_scene_random(&scene, 3, 50, 4);
	stats_tree_scene_run(&scene);
	scene.nodes[0].sent[0].values[STATS_RATE].mean *= 1.001;
	assert_true(stats_tree_scene_error(&scene) > 1e-6);
	scene.nodes[0].sent[0].weight++;
	assert_true(stats_tree_scene_error(&scene) >= 1);
	stats_tree_scene_free(&scene);
}

static void
test_reports(void **state)
{
	struct stats_tree *tree = stats_tree_new();
	struct stats_stream streams[3], *out;
	size_t count;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		stats_stream_begin(&streams[i], 30 - i);
		stats_stream_set(&streams[i], STATS_RATE, (double)i, "left");
	}
	/* In two pieces of one time; then another time. */
	assert_int_equal(stats_tree_report(tree, "left", 5, &streams[0], 1, 100), 0);
	assert_int_equal(stats_tree_report(tree, "left", 5, &streams[1], 2, 101), 0);
	assert_int_equal(stats_tree_children(tree), 1);
	for (uint64_t i = 0; i < 3; i++)
		assert_float_equal(
			stats_tree_find(tree, "left", 30 - i)->values[STATS_RATE].mean, i, 0);
	assert_null(stats_tree_find(tree, "left", 7));
	assert_null(stats_tree_find(tree, "right", 30));
	stats_stream_set(&streams[1], STATS_RATE, 50, "left");
	assert_int_equal(stats_tree_report(tree, "left", 5, &streams[1], 1, 102), 0);
	assert_float_equal(stats_tree_find(tree, "left", 29)->values[STATS_RATE].mean, 50, 0);
	assert_int_equal(stats_tree_report(tree, "left", 6, &streams[2], 1, 200), 0);
	assert_null(stats_tree_find(tree, "left", 30));
	assert_int_equal(stats_tree_report(tree, "right", 9, NULL, 0, 150), 0);
	assert_int_equal(stats_tree_children(tree), 2);
	stats_tree_expire(tree, 150);
	assert_int_equal(stats_tree_children(tree), 2);
	stats_tree_expire(tree, 151);
	assert_int_equal(stats_tree_children(tree), 1);
	assert_int_equal(stats_tree_sum(tree, NULL, 0, 1, &out, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(out[0].id, 28);
	free(out);
	stats_tree_forget(tree, "left");
	stats_tree_forget(tree, "left");
	assert_int_equal(stats_tree_sum(tree, NULL, 0, 0, &out, &count), 0);
	assert_int_equal(count, 0);
	free(out);
	stats_tree_free(tree);
}

static void
test_limit(void **state)
{
	struct stats_tree *tree = stats_tree_new();
	struct stats_stream *many = calloc(STATS_TREE_STREAMS_MAX / 4, sizeof(*many));

	(void)state;
	for (uint64_t i = 0; i < STATS_TREE_STREAMS_MAX / 4; i++)
		stats_stream_begin(&many[i], i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			stats_tree_report(tree, "left", 1, many, STATS_TREE_STREAMS_MAX / 4, 1), 0);
	assert_int_equal(
		stats_tree_report(tree, "left", 1, many, STATS_TREE_STREAMS_MAX + 1, 1), -ENOSPC);
	assert_non_null(stats_tree_find(tree, "left", 5));
	free(many);
	stats_tree_free(tree);
}

static void
test_words(void **state)
{
	enum stats_name name;

	(void)state;
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		assert_true(stats_name_find(stats_name_word(i), &name));
		assert_int_equal(name, i);
	}
	assert_false(stats_name_find("owd", &name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_carriers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_error_is_seen),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
