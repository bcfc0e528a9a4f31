/* SPDX-License-Identifier: BSD-3-Clause */
#include "utc_clock.h"

#include <string.h>

#define MS	  (1000 * 1000ll)
#define S	  (1000 * MS)
#define PPM(n)	  ((int64_t)(n) * (INT64_C(1) << 32) / 1000000)
#define SETTLE_NS (2 * S) /* an offset decays with this time constant */

#define WINDOW_SPACING (1 * S)

/*
 * The least time over which a frequency is measured: at the start this, to have one soon; then no
 * less than before, up to the other, so that a window begun anew does not make it worse.
 */
#define SPAN_FIRST (500 * MS)
#define SPAN_GOOD  (8 * S)

/* What two clocks and their reading do not explain is a step: 5 ms, and 2000 ppm of the time. */
#define STEP_LEAST (5 * MS)
#define STEP_PPM   2000

#define TELL_ABOVE (1 * S)
#define TELL_REARM (500 * MS)

static int64_t
clamp(__int128 value, int64_t most)
{
	if (value > most)
		return most;
	return value < -most ? -most : (int64_t)value;
}

static int64_t
magnitude(int64_t value)
{
	return value < 0 ? -value : value;
}

void
utc_clock_init(struct utc_clock *clock, void (*far_off)(void *ctx, int64_t offset_ns), void *ctx)
{
	memset(clock, 0, sizeof(*clock));
	clock->span_least = SPAN_FIRST;
	clock->far_off = far_off;
	clock->ctx = ctx;
}

/* By how much the two clocks went apart between two samples. */
static int64_t
drift(const struct utc_sample *from, const struct utc_sample *to)
{
	return (int64_t)((to->utc - from->utc) - (to->now - from->now));
}

static bool
is_step(const struct utc_clock *clock, const struct utc_sample *sample)
{
	const int64_t elapsed = (int64_t)(sample->now - clock->last.now);
	int64_t expected = 0;

	/* Nothing is expected of the frequency before it was measured. */
	if (clock->frequency_q32 == 0)
		return magnitude(drift(&clock->last, sample)) >
		       STEP_LEAST + elapsed / (1000000 / UTC_CLOCK_FREQ_MAX_PPM);
	expected = (int64_t)(((__int128)elapsed * clock->frequency_q32) >> 32);
	return magnitude(drift(&clock->last, sample) - expected) >
	       STEP_LEAST + elapsed / (1000000 / STEP_PPM);
}

static void
window_add(struct utc_clock *clock, const struct utc_sample *sample)
{
	if (clock->n_window > 0 &&
		sample->now - clock->window[clock->n_window - 1].now < WINDOW_SPACING)
		return;
	if (clock->n_window == UTC_CLOCK_SAMPLES) {
		memmove(clock->window, clock->window + 1,
			(UTC_CLOCK_SAMPLES - 1) * sizeof(clock->window[0]));
		clock->n_window--;
	}
	clock->window[clock->n_window++] = *sample;
}

/* The slope from the oldest sample of the window to this one. */
static void
measure(struct utc_clock *clock, const struct utc_sample *sample)
{
	const struct utc_sample *oldest = &clock->window[0];
	const uint64_t span = sample->now - oldest->now;
	__int128 frequency;

	if (clock->n_window == 0 || span < clock->span_least)
		return;
	clock->span_least = span < SPAN_GOOD ? span : SPAN_GOOD;
	frequency = (__int128)drift(oldest, sample) * (INT64_C(1) << 32) / (__int128)span;
	clock->frequency_q32 = clamp(frequency, PPM(UTC_CLOCK_FREQ_MAX_PPM));
}

static void
tell(struct utc_clock *clock)
{
	const int64_t offset = magnitude(clock->offset_ns);

	if (offset < TELL_REARM)
		clock->told = false;
	if (offset <= TELL_ABOVE || clock->told)
		return;
	clock->told = true;
	if (clock->far_off != NULL)
		clock->far_off(clock->ctx, clock->offset_ns);
}

bool
utc_clock_sample(struct utc_clock *clock, uint64_t now, uint64_t utc)
{
	const struct utc_sample sample = {.now = now, .utc = utc};
	struct utc_map next = {.now0 = now, .utc0_ns = utc};
	int64_t slew;

	if (clock->started && now <= clock->last.now)
		return false;
	if (clock->started) {
		if (is_step(clock, &sample)) {
			clock->steps++;
			clock->n_window = 0;
		}
		measure(clock, &sample);
		next.utc0_ns = utc_ns(&clock->map, now);
		clock->offset_ns = (int64_t)(utc - next.utc0_ns);
		slew = clamp((__int128)clock->offset_ns * (INT64_C(1) << 32) / SETTLE_NS,
			PPM(UTC_CLOCK_SLEW_PPM));
		next.rate_q32 = clock->frequency_q32 + slew;
		tell(clock);
	}
	window_add(clock, &sample);
	clock->map = next;
	clock->last = sample;
	clock->started = true;
	return true;
}
