/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include "delay_histogram.h"

uint32_t
delay_bin_middle(uint32_t bin)
{
	uint32_t octave = bin >> DELAY_SUB_BITS;
	uint32_t mantissa;

	if (octave == 0)
		return bin;
	/* delay_bin adds octave << DELAY_SUB_BITS to a mantissa with its leading bit still set. */
	octave--;
	mantissa = bin - (octave << DELAY_SUB_BITS);
	return (mantissa << octave) + ((1u << octave) >> 1);
}

static void
minimum_add(struct delay_histogram *h, int32_t delay, uint64_t now)
{
	uint64_t slice = now / DELAY_SLICE_NS;

	if (slice - h->slice >= DELAY_SLICES)
		h->slice = slice - DELAY_SLICES;
	while (h->slice < slice)
		h->slice_min[++h->slice % DELAY_SLICES] = INT32_MAX;
	if (delay < h->slice_min[slice % DELAY_SLICES])
		h->slice_min[slice % DELAY_SLICES] = delay;
}

static void
begin(struct delay_histogram *h, int32_t delay, uint64_t now)
{
	h->anchor = delay;
	h->max = delay;
	h->slice = now / DELAY_SLICE_NS;
	for (uint32_t i = 0; i < DELAY_SLICES; i++)
		h->slice_min[i] = INT32_MAX;
}

#define JITTER_STEP_MAX (1u << 27) /* 134 s: more is a clock that was set, and would overflow */

/* J += (|D| - J) / 16, in sixteenths and rounded: RFC 3550, A.8. */
static inline uint32_t
jitter_after(uint32_t jitter, int32_t last, int32_t delay)
{
	uint32_t step = (uint32_t)delay - (uint32_t)last;

	step = RTE_MIN(step, -step);
	step = RTE_MIN(step, JITTER_STEP_MAX);
	return jitter + step - ((jitter + 8) >> 4);
}

/* Bins of a line. */
#define LINE_BINS (RTE_CACHE_LINE_SIZE / sizeof(uint32_t))

/* So many lines of bins are fetched at most. */
#define PREFETCH_MAX 16

void
delay_histogram_prefetch(const struct delay_histogram *h, const int32_t *delays, uint32_t n)
{
	int32_t least = delays[0], most = delays[0];
	uint32_t first, last;

	for (uint32_t i = 0; i < n; i++) {
		least = RTE_MIN(least, delays[i]);
		most = RTE_MAX(most, delays[i]);
	}
	/* Bins are in the order of delays. */
	first = delay_histogram_index(h, least);
	last = delay_histogram_index(h, most);
	for (uint32_t i = 0; i < PREFETCH_MAX && first + i * LINE_BINS <= last; i++)
		rte_prefetch0(&h->bins[first + i * LINE_BINS]);
	rte_prefetch0(&h->bins[last]);
}

void
delay_histogram_add_several(
	struct delay_histogram *h, const int32_t *delays, uint32_t n, uint64_t now)
{
	int32_t least = INT32_MAX, max, last;
	uint32_t jitter = h->jitter;

	if (n == 0)
		return;
	if (h->count == 0)
		begin(h, delays[0], now);
	max = h->max;
	last = h->has_last ? h->last : delays[0];
	/* In one loop: what waits for a bin, and for the jitter so far, waits at the same time. */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t index = delay_histogram_index(h, delays[i]);

		if (unlikely(++h->bins[index] == 0))
			h->rounds[index]++;
		jitter = jitter_after(jitter, last, delays[i]);
		max = RTE_MAX(max, delays[i]);
		least = RTE_MIN(least, delays[i]);
		last = delays[i];
	}
	h->max = max;
	h->jitter = jitter;
	h->last = last;
	h->has_last = true;
	minimum_add(h, least, now);
	h->count += n;
}

int32_t
delay_histogram_middle(const struct delay_histogram *h, uint32_t index)
{
	int64_t middle = h->anchor;

	if (index < DELAY_BINS)
		middle -= delay_bin_middle(DELAY_BINS - 1 - index);
	else
		middle += delay_bin_middle(index - DELAY_BINS);
	/* Of clocks that are so far apart, a bin may reach beyond what a delay can be. */
	middle = RTE_MAX(middle, (int64_t)INT32_MIN);
	return (int32_t)RTE_MIN(middle, (int64_t)INT32_MAX);
}

int32_t
delay_histogram_quantile(const struct delay_histogram *h, double q)
{
	uint64_t total = 0, before = 0;
	uint32_t i, last = 0;

	/* Counted anew: a reader's copy need not agree with count. */
	for (i = 0; i < 2 * DELAY_BINS; i++) {
		uint64_t n = delay_histogram_count(h, i);

		total += n;
		if (n != 0)
			last = i;
	}
	if (total == 0)
		return 0;
	for (i = 0; i < last; i++) {
		before += delay_histogram_count(h, i);
		if (before > 0 && (double)before >= q * (double)total)
			break;
	}
	/* The middle of the last bin may lie above the greatest delay of all. */
	return RTE_MIN(delay_histogram_middle(h, i), h->max);
}

bool
delay_histogram_minimum(const struct delay_histogram *h, uint64_t now, int32_t *minimum)
{
	uint64_t slice = now / DELAY_SLICE_NS;

	*minimum = INT32_MAX;
	if (h->count == 0)
		return false;
	for (uint64_t i = h->slice + 1 > DELAY_SLICES ? h->slice + 1 - DELAY_SLICES : 0;
		i <= h->slice; i++)
		if (i + DELAY_SLICES > slice && h->slice_min[i % DELAY_SLICES] < *minimum)
			*minimum = h->slice_min[i % DELAY_SLICES];
	return *minimum != INT32_MAX;
}
