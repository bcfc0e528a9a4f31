/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the benchmark `stats`. Each prints what it measured and gives its figures. */
#ifndef FERRY_BENCH_STATS_H
#define FERRY_BENCH_STATS_H

#include "bench.h"

/* A ring's file in shared memory; it is gone when the program ends (bench_at_end). */
const char *stats_path(void);

/* Readers of a ring that is written as fast as they can be lapped; before the EAL. */
void stats_torn(const struct bench_options *options);

/* Forwarding while the control thread writes statistics. */
void stats_rate_fall(const struct bench_options *options);

#endif
