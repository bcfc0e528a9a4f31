/* SPDX-License-Identifier: BSD-3-Clause */
/* So many events in a second and no more: who tells of what others cause has such a limit. */
#ifndef FERRY_EVENT_LIMIT_H
#define FERRY_EVENT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_LIMIT_NS UINT64_C(1000000000)

/* All 0 at first. */
struct event_limit {
	uint64_t since; /* ns; begins with the first event after the second before */
	uint32_t told;	/* since then */
};

/* May there be one more now? */
static inline bool
event_limit_open(const struct event_limit *limit, uint64_t now, uint32_t most)
{
	return limit->told < most || now - limit->since >= EVENT_LIMIT_NS;
}

static inline void
event_limit_count(struct event_limit *limit, uint64_t now)
{
	if (limit->told == 0 || now - limit->since >= EVENT_LIMIT_NS) {
		limit->since = now;
		limit->told = 0;
	}
	limit->told++;
}

#endif
