/* SPDX-License-Identifier: BSD-3-Clause */
/* How often somebody may do what others pay for: so many times in so long. All 0 at first. */
#ifndef FERRY_ROOT_LIMIT_H
#define FERRY_ROOT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct root_limit {
	int64_t since; /* ms */
	uint32_t count;
	uint32_t above; /* times that it was refused, for whoever tells of them and sets it to 0 */
};

/* May it be once more? Who then does it counts it. */
static inline bool
root_limit_allows(struct root_limit *limit, uint32_t most, int64_t ms, int64_t now)
{
	if (limit->count == 0 || now - limit->since >= ms)
		*limit = (struct root_limit){.since = now, .above = limit->above};
	return limit->count < most;
}

/* May it be once more? Counted, if so. */
static inline bool
root_limit_take(struct root_limit *limit, uint32_t most, int64_t ms, int64_t now)
{
	bool allowed = root_limit_allows(limit, most, ms, now);

	limit->count += allowed;
	limit->above += !allowed;
	return allowed;
}

#endif
