/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_counters.h"

const struct underlay_counter_info underlay_counter_info[UNDERLAY_N_COUNTERS] = {
#define UNDERLAY_INFO(k, n, t) {.kind = UNDERLAY_KIND_##k, .name = #n, .text = t},
	UNDERLAY_COUNTERS(UNDERLAY_INFO)
#undef UNDERLAY_INFO
};

const char *
underlay_kind_name(enum underlay_counter_kind kind)
{
	static const char *const names[] = {
		[UNDERLAY_KIND_ANSWERED] = "answered",
		[UNDERLAY_KIND_TAKEN] = "taken",
		[UNDERLAY_KIND_IGNORED] = "ignored",
		[UNDERLAY_KIND_MALFORMED] = "malformed",
		[UNDERLAY_KIND_SENT] = "sent",
	};

	return names[kind];
}
