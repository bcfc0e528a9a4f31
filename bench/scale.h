/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the benchmark `scale`. Each prints its tables and gives its figures. */
#ifndef FERRY_BENCH_SCALE_H
#define FERRY_BENCH_SCALE_H

#include "bench.h"
#include "scale_node.h"

/* The EAL's lcores: the main one, and one on another CPU. */
#define SCALE_OTHER_LCORE 1

/* True if there is another CPU; if not, what needs two says that it is left out. */
bool scale_has_two(const char *what);

/* To next hops of another worker, beside one's own. */
void scale_rings(const struct bench_options *options);

/* Cycles a packet as next hops, sessions and conferences grow; memory of each. */
void scale_growth(const struct bench_options *options);

/* CPU, memory and delay against the packet rate. */
void scale_rates(const struct bench_options *options);

/* How long the node takes to judge, route and dispatch a packet, packet by packet. */
void scale_times(const struct bench_options *options);

/* Forwarding while the control thread changes routes. */
void scale_changes(const struct bench_options *options);

#endif
