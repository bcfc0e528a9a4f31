/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the benchmark `stages`. Each prints its tables and gives its figures. */
#ifndef FERRY_BENCH_STAGES_H
#define FERRY_BENCH_STAGES_H

#include "bench.h"
#include "scene.h"

/* Everything in turn, A B C, A B C, ..., so that all see the same disturbances. */
void stages_run(const struct bench_options *options, struct scene *const *scenes, unsigned int n);

/* Cycles a packet without what the loop itself costs; both were measured in turn. */
struct bench_samples stages_net(const struct scene *scene, const struct scene *io);

/* Ends the program unless the node sends, byte for byte, what the floor sends. */
void stages_check(void);

/* Each kind of work, payload and family; sessions from 1 to 100,000. */
void stages_cases(const struct bench_options *options);
void stages_sessions(const struct bench_options *options);

/* Beside testpmd, which is run on the same core in turn. */
void stages_swap(const struct bench_options *options);

/* Relaying to one next hop: the node beside the floor. */
void stages_relay(const struct bench_options *options);

#endif
