/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tree of simulated nodes, each with figures of its own of some streams. What the root gets by
 * reports from node to node, and the same computed from all nodes at once.
 */
#ifndef FERRY_BENCH_STATS_TREE_SCENE_H
#define FERRY_BENCH_STATS_TREE_SCENE_H

#include "stats_tree.h"

#define STATS_TREE_SCENE_NODES_MAX   256
#define STATS_TREE_SCENE_STREAMS_MAX 16

struct stats_tree_scene_node {
	char name[STATS_NODE_MAX + 1];
	int parent; /* index, a lower one; -1 of node 0 */
	size_t nb_own;
	struct stats_stream own[STATS_TREE_SCENE_STREAMS_MAX];

	/* Of a run. */
	struct stats_tree *tree;
	struct stats_stream *sent;
	size_t nb_sent;
};

struct stats_tree_scene {
	int nb_nodes;
	struct stats_tree_scene_node nodes[STATS_TREE_SCENE_NODES_MAX];
};

/* Random: any shape, streams 0 (all carry it) to streams - 1, values of very different sizes. */
void stats_tree_scene_random(struct stats_tree_scene *scene, uint64_t seed, int nodes, int streams);

/* Each node reports to its parent, the farthest first. What node 0 would send is its `sent`. */
void stats_tree_scene_run(struct stats_tree_scene *scene);
void stats_tree_scene_free(struct stats_tree_scene *scene);

/*
 * The greatest difference of any mean at any node from that computed at once over its whole
 * subtree, relative to the largest value in it; of weights, sums, counts, greatest values and whose
 * they are every difference counts as 1.
 */
double stats_tree_scene_error(const struct stats_tree_scene *scene);

#endif
