/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links under TFRC that share one line in virtual time: one node sends on a link to each of many,
 * more than its share, each second is recorded.
 */
#ifndef FERRY_SIM_TFRC_SCENE_H
#define FERRY_SIM_TFRC_SCENE_H

#include "bottleneck.h"

#define TFRC_SCENE_LINKS 32

struct tfrc_scene_params {
	uint64_t seed;
	uint32_t links;
	uint64_t rate;	/* of the line, bit/s of frames */
	uint64_t rtt;	/* ns without queueing */
	uint32_t queue; /* bytes; 0 = one bandwidth-delay product */
	uint32_t mark;	/* bytes; 0 = no ECN marks */
	double loss;	/* on the line, each frame for itself */
	uint64_t step;	/* ns between starts; 0 = at random within 10 s */
	double jitter;	/* share by which round-trip times differ at most */
};

/* A link over one time. */
struct tfrc_scene_link {
	uint64_t bytes;	  /* of UDP payload that arrived */
	double rtt, p;	  /* means over the time, of what the receiver knows: s, share */
	double allowed;	  /* X_inst in the end, bytes/s */
	uint64_t packets; /* that arrived */
};

struct tfrc_scene {
	struct tfrc_scene_params params;
	struct sim *sim;
	struct bottleneck line;
	uint32_t sessions[TFRC_SCENE_LINKS];
	uint64_t starts[TFRC_SCENE_LINKS];
	bool started[TFRC_SCENE_LINKS];
};

void tfrc_scene_new(struct tfrc_scene *s, const struct tfrc_scene_params *params);

/* Runs for so long; fills one entry a link. */
void tfrc_scene_run(struct tfrc_scene *s, uint64_t ns, struct tfrc_scene_link *links);

/* The line's rate from now on; its queue stays. */
void tfrc_scene_set_rate(struct tfrc_scene *s, uint64_t rate);

/* Drains and frees: what holds at the end of every simulation is checked. */
void tfrc_scene_end(struct tfrc_scene *s);

/* R. Jain, D. Chiu and W. Hawe, DEC-TR-301, 1984. */
double tfrc_scene_jain(const struct tfrc_scene_link *links, uint32_t n);

/* What the equation says a link should have had, bytes/s. */
double tfrc_scene_equation(const struct tfrc_scene_link *link);

#endif
