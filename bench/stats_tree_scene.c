/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats_tree_scene.h"

/* xorshift64*: the scene needs no more. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static double
draw_share(uint64_t *state)
{
	return (double)(draw(state) >> 11) / 9007199254740992.0;
}

static void
fill_stream(struct stats_stream *stream, const char *node, uint64_t *state)
{
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		/* One of eight cannot measure it. */
		if (draw(state) % 8 == 0)
			continue;
		if (i == STATS_CUMPKTLOST)
			stats_stream_set(stream, i, (double)(draw(state) % 1000000), node);
		else
			stats_stream_set(stream, i, pow(10, 12 * draw_share(state) - 3), node);
	}
	stream->start = 1000 + draw(state) % 30;
	stream->end = stream->start + 30;
	stream->has_owd = draw(state) % 2 == 0;
	for (int i = 0; stream->has_owd && i < FERRY_STATS_DELAYS; i++)
		stream->owd[i] = draw(state) % 100000;
}

void
stats_tree_scene_random(struct stats_tree_scene *scene, uint64_t seed, int nodes, int streams)
{
	uint64_t state = seed * 2 + 1;

	memset(scene, 0, sizeof(*scene));
	scene->nb_nodes = nodes;
	for (int n = 0; n < nodes; n++) {
		struct stats_tree_scene_node *node = &scene->nodes[n];
		/* Some trees are deep, some are wide. */
		int reach = seed % 3 == 0 ? n : seed % 3 == 1 ? 3 : 20;
		int least = n > reach ? n - reach : 0;

		snprintf(node->name, sizeof(node->name), "node_%d", n);
		node->parent = n == 0 ? -1 : least + (int)(draw(&state) % (uint64_t)(n - least));
		for (int s = 0; s < streams; s++) {
			struct stats_stream *stream = &node->own[node->nb_own];

			if (s != 0 && draw(&state) % 3 != 0)
				continue;
			stats_stream_begin(stream, (uint64_t)s << 32 | (uint64_t)s);
			fill_stream(stream, node->name, &state);
			node->nb_own++;
		}
	}
}

static uint32_t
count_children(const struct stats_tree_scene *scene, int n)
{
	uint32_t children = 0;

	for (int i = n + 1; i < scene->nb_nodes; i++)
		children += scene->nodes[i].parent == n;
	return children;
}

void
stats_tree_scene_run(struct stats_tree_scene *scene)
{
	for (int n = 0; n < scene->nb_nodes; n++)
		scene->nodes[n].tree = stats_tree_new();
	for (int n = scene->nb_nodes - 1; n >= 0; n--) {
		struct stats_tree_scene_node *node = &scene->nodes[n];

		if (stats_tree_sum(node->tree, node->own, node->nb_own, count_children(scene, n),
			    &node->sent, &node->nb_sent) != 0)
			abort();
		if (node->parent >= 0 && stats_tree_report(scene->nodes[node->parent].tree,
						 node->name, 1, node->sent, node->nb_sent, 1) != 0)
			abort();
	}
}

void
stats_tree_scene_free(struct stats_tree_scene *scene)
{
	for (int n = 0; n < scene->nb_nodes; n++) {
		stats_tree_free(scene->nodes[n].tree);
		free(scene->nodes[n].sent);
	}
}

static bool
is_below(const struct stats_tree_scene *scene, int n, int top)
{
	while (n > top)
		n = scene->nodes[n].parent;
	return n == top;
}

/* All of one stream in a subtree, at once: sums, not means of means. */
struct direct {
	long double sum[STATS_NAME_COUNT], max[STATS_NAME_COUNT], lost;
	uint64_t n[STATS_NAME_COUNT], carry, owd[FERRY_STATS_DELAYS];
	const char *whose[STATS_NAME_COUNT];
};

static void
direct_add(struct direct *d, const struct stats_stream *own, const char *node)
{
	d->carry++;
	d->lost += own->lost_sum;
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		d->owd[i] += own->owd[i];
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		if (own->values[i].weight == 0)
			continue;
		d->sum[i] += own->values[i].mean;
		if (d->n[i]++ == 0 || own->values[i].mean > (double)d->max[i]) {
			d->max[i] = own->values[i].mean;
			d->whose[i] = node;
		}
	}
}

static double
compare(const struct direct *d, const struct stats_stream *got)
{
	double worst = got->weight == d->carry && got->lost_sum == (double)d->lost ? 0 : 1;

	if (memcmp(got->owd, d->owd, sizeof(d->owd)) != 0)
		worst = 1;
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		const struct stats_value *v = &got->values[i];
		long double mean;

		if (v->weight != d->n[i])
			return 1;
		if (v->weight == 0)
			continue;
		/* Two may have the same greatest value: the value counts then. */
		if (v->max != (double)d->max[i])
			return 1;
		mean = d->sum[i] / d->n[i];
		if (d->max[i] > 0)
			worst = fmax(worst, (double)(fabsl(mean - v->mean) / d->max[i]));
	}
	return worst;
}

static double
node_error(const struct stats_tree_scene *scene, int top)
{
	const struct stats_tree_scene_node *node = &scene->nodes[top];
	double worst = 0;

	for (int s = 0; s < STATS_TREE_SCENE_STREAMS_MAX; s++) {
		uint64_t id = (uint64_t)s << 32 | (uint64_t)s;
		const struct stats_stream *got = NULL;
		struct direct d = {0};

		for (int n = top; n < scene->nb_nodes; n++)
			for (size_t i = 0; is_below(scene, n, top) && i < scene->nodes[n].nb_own;
				i++)
				if (scene->nodes[n].own[i].id == id)
					direct_add(
						&d, &scene->nodes[n].own[i], scene->nodes[n].name);
		for (size_t i = 0; i < node->nb_sent; i++)
			if (node->sent[i].id == id)
				got = &node->sent[i];
		if ((got == NULL) != (d.carry == 0))
			return 1;
		if (got != NULL)
			worst = fmax(worst, compare(&d, got));
	}
	return worst;
}

double
stats_tree_scene_error(const struct stats_tree_scene *scene)
{
	double worst = 0;

	for (int n = 0; n < scene->nb_nodes; n++)
		worst = fmax(worst, node_error(scene, n));
	return worst;
}
