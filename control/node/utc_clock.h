/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes UTC from the monotonic clock: follows pairs of readings of both, given each 100 ms or so,
 * and yields one linear map (dataplane/base/utc.h) after another. UTC as mapped is slewed, never
 * stepped: each map begins where the last one is at that moment, and its rate is at most 500 ppm
 * beyond the frequency measured between the clocks. Reads no clock. Control thread.
 *
 * A step of the host's UTC (or a suspended machine) is not taken for a change of frequency: it is
 * slewed away, 2000 s for each second.
 */
#ifndef FERRY_UTC_CLOCK_H
#define FERRY_UTC_CLOCK_H

#include <stdbool.h>

#include "utc.h"

#define UTC_CLOCK_SLEW_PPM     500
#define UTC_CLOCK_FREQ_MAX_PPM 50000 /* a measured frequency beyond this is not believed */

struct utc_sample {
	uint64_t now, utc;
};

#define UTC_CLOCK_SAMPLES 32

struct utc_clock {
	struct utc_map map; /* the one in force */
	bool started;
	int64_t frequency_q32; /* measured: UTC against the monotonic clock, as utc_map.rate_q32 */
	int64_t offset_ns;     /* UTC as sampled last - as mapped */
	struct utc_sample last;
	/*
	 * What the frequency is measured over: samples at least a second apart, the oldest first.
	 */
	struct utc_sample window[UTC_CLOCK_SAMPLES];
	unsigned int n_window;
	uint64_t span_least; /* ns; shorter ones measure nothing */
	uint64_t steps;	     /* of UTC, as seen */
	bool told;
	/*
	 * Called once as the offset exceeds a second, and anew only after it was below half of one.
	 */
	void (*far_off)(void *ctx, int64_t offset_ns);
	void *ctx;
};

/* far_off may be NULL. */
void
utc_clock_init(struct utc_clock *clock, void (*far_off)(void *ctx, int64_t offset_ns), void *ctx);

/*
 * A pair of readings, as near to each other in time as can be had (the caller may take the best of
 * three); utc in ns since 1970. The first sets UTC; later ones give the next map, in clock->map, to
 * be published at once. False if now is not later than at the last one: nothing changes then.
 */
bool utc_clock_sample(struct utc_clock *clock, uint64_t now, uint64_t utc);

#endif
