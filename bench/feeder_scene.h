/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark `feeder` measures on: a node of one worker with paced links, and packets that
 * go round: what the port takes is pushed again for the same link and conference, so that as many
 * wait all the time. One thread, the main lcore.
 */
#ifndef FERRY_BENCH_FEEDER_SCENE_H
#define FERRY_BENCH_FEEDER_SCENE_H

#include "bench.h"
#include "node.h"

#define FEEDER_HOP_ID 100 /* NodeIDs of next hops lie side by side */

struct feeder_scene_params {
	uint32_t links;
	uint32_t conferences; /* on each link */
	uint32_t packets;     /* waiting, in all */
	uint64_t rate;	      /* of each link, bytes/s */
};

struct feeder_scene {
	struct feeder_scene_params params;
	struct port port;
	struct node *node;
	struct worker *worker;
	struct link **links;
	struct tsc_clock clock;
	struct rte_mbuf **back; /* what the port took since the last push */
	uint32_t nb_back;
	uint64_t taken; /* by the port */

	/* Called for each packet that the port takes; may be NULL. */
	void (*look)(struct feeder_scene *s, uint32_t link, uint64_t now);
	void *look_arg;
};

#define FEEDER_PACKET 1000 /* bytes of UDP payload */

/* All packets are pushed, at time now. Ends the program when something cannot be had. */
void
feeder_scene_init(struct feeder_scene *s, const struct feeder_scene_params *params, uint64_t now);

/* Pushes again what the port took. */
void feeder_scene_push(struct feeder_scene *s);

/* Checks that nothing was dropped, then frees all. */
void feeder_scene_free(struct feeder_scene *s);

void feeder_growth(const struct bench_options *options);
void feeder_pacing(const struct bench_options *options);

#endif
