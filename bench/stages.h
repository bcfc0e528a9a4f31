/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the benchmark `stages`. Each prints its tables and gives its figures. */
#ifndef FERRY_BENCH_STAGES_H
#define FERRY_BENCH_STAGES_H

#include "bench.h"
#include "scene.h"

/* Kinds of work that a node does. */
struct stages_case {
	const char *name;
	enum frames_kind kind;
	uint16_t ways;	   /* copies that leave */
	bool many_senders; /* frames of several neighbours in turn, else of one */
	bool egress;	   /* a destination's, as datagrams */
	bool tfrc;	   /* links under TFRC, which does not hold them back */
	bool installed;	   /* only sessions that the node was told of are forwarded */
};

#define STAGES_CASES 11
#define STAGES_HOPS  256 /* next hops, where they are not what is varied */

extern const struct stages_case stages_all_cases[STAGES_CASES];

/* Everything in turn, A B C, A B C, ..., so that all see the same disturbances. */
void stages_run(const struct bench_options *options, struct scene *const *scenes, unsigned int n);

/* Cycles a packet without what the loop itself costs; both were measured in turn. */
struct bench_samples stages_net(const struct scene *scene, const struct scene *io);

/* Ends the program unless the node sends, byte for byte, what the floor sends. */
void stages_check(void);

/* Each kind of work, payload and family; sessions from 1 to 100,000. */
void stages_cases(const struct bench_options *options);
void stages_sessions(const struct bench_options *options);

/* A relay that forwards known sessions only beside one that forwards all. */
void stages_installed(const struct bench_options *options);

/* Beside testpmd, which is run on the same core in turn. */
void stages_swap(const struct bench_options *options);

/* Where in the pipeline the cycles go, as the worker itself samples it. */
void stages_split(const struct bench_options *options);

/* Relaying to one next hop: the node beside the floor. */
void stages_relay(const struct bench_options *options);

#endif
