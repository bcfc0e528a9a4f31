/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_counters.h"

const struct underlay_counter_info underlay_counter_info[UNDERLAY_N_COUNTERS] = {
#define UNDERLAY_INFO(k, n, t) {.kind = UNDERLAY_KIND_##k, .name = #n, .text = t},
	UNDERLAY_COUNTERS(UNDERLAY_INFO)
#undef UNDERLAY_INFO
};
