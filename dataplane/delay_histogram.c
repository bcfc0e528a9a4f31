/* SPDX-License-Identifier: BSD-3-Clause */
#include "delay_histogram.h"

uint32_t
delay_bin_middle(uint32_t bin)
{
	uint32_t octave = bin >> DELAY_SUB_BITS;
	uint32_t mantissa;

	if (octave == 0)
		return bin;
	/* delay_bin adds octave << SUB_BITS to a mantissa with its leading bit still set. */
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

void
delay_histogram_add_several(
	struct delay_histogram *h, const int32_t *delays, uint32_t n, uint64_t now)
{
	int32_t least = INT32_MAX;

	if (n == 0)
		return;
	if (h->count == 0)
		begin(h, delays[0], now);
	for (uint32_t i = 0; i < n; i++) {
		int64_t distance = (int64_t)delays[i] - h->anchor;

		if (distance >= 0)
			h->above[delay_bin((uint32_t)distance)]++;
		else
			h->below[delay_bin((uint32_t)-distance)]++;
		if (delays[i] > h->max)
			h->max = delays[i];
		if (delays[i] < least)
			least = delays[i];
	}
	minimum_add(h, least, now);
	h->count += n;
}

int32_t
delay_histogram_quantile(const struct delay_histogram *h, double q)
{
	uint64_t total = 0, before = 0;
	uint32_t bin;

	/* Counted anew: a reader's copy need not agree with count. */
	for (bin = 0; bin < DELAY_BINS; bin++)
		total += (uint64_t)h->above[bin] + h->below[bin];
	if (total == 0)
		return 0;
	for (bin = DELAY_BINS; bin-- > 0;) {
		before += h->below[bin];
		if ((double)before >= q * (double)total && before > 0)
			return h->anchor - (int32_t)delay_bin_middle(bin);
	}
	for (bin = 0; bin < DELAY_BINS; bin++) {
		before += h->above[bin];
		if ((double)before >= q * (double)total)
			break;
	}
	if (bin == DELAY_BINS)
		bin--;
	/* The middle of the last bin may lie above the greatest delay of all. */
	return (int32_t)delay_bin_middle(bin) < h->max - h->anchor
		       ? h->anchor + (int32_t)delay_bin_middle(bin)
		       : h->max;
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
