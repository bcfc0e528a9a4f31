/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a benchmark on one core measures: the frames, and who takes them through: a node of one
 * worker, the floor, or nobody (the loop alone). Scenes share a loop; the one to be turned is set
 * on it first.
 */
#ifndef FERRY_BENCH_SCENE_H
#define FERRY_BENCH_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench.h"
#include "frames.h"
#include "loop.h"
#include "node.h"

struct floor;

enum scene_kind {
	SCENE_IO, /* source to sink: what the loop itself costs */
	SCENE_FLOOR,
	SCENE_NODE,
};

struct scene_params {
	enum scene_kind kind;
	struct frames_params frames;
	uint32_t hash;	/* floor: next hops found by an rte_hash of so many */
	bool egress;	/* node, destination: to a UDP egress, else to the counting sink */
	bool tfrc;	/* node: links under TFRC, allowed more than they are given */
	bool installed; /* node: forwards only sessions that it was told of, which all are */
};

struct scene {
	struct scene_params params;
	struct loop *loop;
	struct loop_traffic *traffic;
	struct node *node;
	struct floor *floor;
	struct tsc_clock clock;
	struct utc_map utc;
	struct bench_samples cycles;  /* a packet, one value a run */
	uint64_t preempted, measured; /* cycles of all runs */
};

/* Ends the program when something cannot be had. */
void scene_init(struct scene *scene, struct loop *loop, const struct scene_params *params);
void scene_free(struct scene *scene);

/*
 * One run: sets the scene on its loop, warms up, then measures at least so many packets and adds
 * the cycles a packet to scene->cycles. Ends the program if a packet was lost on the way.
 */
void scene_run(struct scene *scene, uint64_t packets);

/* A turn: a burst from the source to the sink. Returns how many packets came. */
uint32_t scene_turn(struct scene *scene);

/*
 * The worker samples its stages in this turn: adds the cycles of each to cycles[]. Returns how many
 * packets came; 0, and nothing added, if the turn took longer than so many cycles. A node's only.
 */
uint32_t scene_turn_sampled(struct scene *scene, uint64_t gap, uint64_t cycles[STAGE_COUNT]);

/* Sets the scene on its loop; scene_run does so itself. */
void scene_set(struct scene *scene);

/* Packets that have left, without links' own. */
uint64_t scene_sent(const struct scene *scene);

/*
 * Ends the program if a packet was dropped, or other than these left for those that came: a figure
 * of packets that did not arrive would be worth nothing. scene_run does so itself.
 */
void scene_check(const struct scene *scene, uint64_t received, uint64_t sent);

#endif
