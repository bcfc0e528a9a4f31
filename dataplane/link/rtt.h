/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The round-trip time of a link, estimated from samples: smoothed and its deviation as in RFC 6298,
 * section 2 (gains 1/8 and 1/4), and the least of the last half minute to minute. Nanoseconds.
 * Written by the link's owner only, whatever the samples come from.
 */
#ifndef FERRY_RTT_H
#define FERRY_RTT_H

#include <stdint.h>

#define RTT_LEAST_NS UINT64_C(30000000000) /* each of the two spans of the least */

struct rtt {
	uint64_t smoothed; /* 0 = no sample yet */
	uint64_t deviation;
	uint64_t latest;
	uint64_t least[2]; /* of this span and of the one before; UINT64_MAX = no sample in it */
	uint64_t span;	   /* begin of this span */
};

static inline void
rtt_init(struct rtt *rtt)
{
	*rtt = (struct rtt){.least = {UINT64_MAX, UINT64_MAX}};
}

/* A sample, above 0, taken at now. */
static inline void
rtt_sample(struct rtt *rtt, uint64_t now, uint64_t sample)
{
	if (now - rtt->span >= RTT_LEAST_NS) {
		/* A span without a sample leaves nothing behind. */
		rtt->least[1] = now - rtt->span < 2 * RTT_LEAST_NS ? rtt->least[0] : UINT64_MAX;
		rtt->least[0] = UINT64_MAX;
		rtt->span = now;
	}
	if (sample < rtt->least[0])
		rtt->least[0] = sample;
	rtt->latest = sample;
	if (rtt->smoothed == 0) {
		rtt->smoothed = sample;
		rtt->deviation = sample / 2;
		return;
	}
	if (sample > rtt->smoothed) {
		rtt->deviation += (sample - rtt->smoothed) / 4;
		rtt->deviation -= rtt->deviation / 4;
		rtt->smoothed += (sample - rtt->smoothed) / 8;
	} else {
		rtt->deviation += (rtt->smoothed - sample) / 4;
		rtt->deviation -= rtt->deviation / 4;
		rtt->smoothed -= (rtt->smoothed - sample) / 8;
	}
}

/* 0: no sample. */
static inline uint64_t
rtt_least(const struct rtt *rtt)
{
	uint64_t least = rtt->least[0] < rtt->least[1] ? rtt->least[0] : rtt->least[1];

	return least == UINT64_MAX ? 0 : least;
}

/* As the link header has it: microseconds, at least 1 once there was a sample, 0 before. */
static inline uint32_t
rtt_us(const struct rtt *rtt)
{
	uint64_t us = (rtt->smoothed + 500) / 1000;

	if (rtt->smoothed == 0)
		return 0;
	return us == 0 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

#endif
