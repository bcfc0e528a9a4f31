/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two routers of the underlay with one line between them, which links of many nodes share. Each
 * node has a line of its own, without a limit, to the router on its side. The routers forward by
 * the IPv4 address at once, in the turn in which a frame comes; what the shared line's queue has no
 * room for is lost there.
 */
#ifndef FERRY_SIM_BOTTLENECK_H
#define FERRY_SIM_BOTTLENECK_H

#include "sim.h"

struct bottleneck {
	struct sim *sim;
	uint32_t shared;	     /* the wire; end 0 is the left router */
	uint8_t side[SIM_WIRES_MAX]; /* of the node at a wire; 1 and 2, 0 = none */
};

/* Before sim_build. to_right: the shared line's lane to the right; the other has its delay only. */
void
bottleneck_init(struct bottleneck *b, struct sim *sim, const struct wire_lane_params *to_right);

/*
 * A node (index) on the left (0) or right (1), so many ns of propagation from its router, and of
 * jitter at most.
 */
void bottleneck_attach(
	struct bottleneck *b, uint32_t node, uint8_t side, uint64_t delay, uint64_t jitter);

/* After sim_build: links between two nodes, both ways. */
void bottleneck_link(struct bottleneck *b, uint32_t left, uint32_t right);

/* The shared line is another from now on. */
void bottleneck_set(struct bottleneck *b, const struct wire_lane_params *to_right);

#endif
