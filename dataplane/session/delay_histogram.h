/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-way delays of a session at a destination, in microseconds: signed differences of two clocks
 * that may not agree. Counts lie around the first delay seen (the anchor), 8 bins to each power of
 * two on either side, so that a bin's middle is within 1/16 of a delay's distance from the anchor,
 * and so is a percentile, however far the clocks are apart. Distances above 2^24 us (16.8 s) count
 * in the last bin.
 *
 * The minimum of the last minute is kept in slices of ten seconds. The interarrival jitter
 * (RFC 3550, 6.4.1) is that of packets in the order in which they came.
 *
 * Delays of one session are much alike, so that one bin takes most of its packets: at ten million a
 * second it has gone around in seven minutes. How often is counted apart, for years.
 *
 * One writer. A reader copies the structure while it may change: it then sees some packets and not
 * others. No number is torn, but that of a bin that begins anew just then, once in 2^32 packets.
 */
#ifndef FERRY_DELAY_HISTOGRAM_H
#define FERRY_DELAY_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define DELAY_SUB_BITS 3
#define DELAY_MAX_BITS 24
#define DELAY_BINS     ((DELAY_MAX_BITS - DELAY_SUB_BITS + 1) << DELAY_SUB_BITS)

#define DELAY_SLICES   6
#define DELAY_SLICE_NS UINT64_C(10000000000)

struct delay_histogram {
	uint64_t count;
	int32_t anchor;
	int32_t max;
	uint64_t slice; /* number of the current ten seconds */
	int32_t slice_min[DELAY_SLICES];
	int32_t last;	 /* delay */
	uint32_t jitter; /* sixteenths of a microsecond, as in RFC 3550, A.8 */
	bool has_last;
	uint32_t bins[2 * DELAY_BINS];	 /* earliest first; the second half begins at the anchor */
	uint16_t rounds[2 * DELAY_BINS]; /* how often each of them began at 0 again */
};

/* Packets of a bin. */
static inline uint64_t
delay_histogram_count(const struct delay_histogram *h, uint32_t index)
{
	return (uint64_t)h->rounds[index] << 32 | h->bins[index];
}

/* Bin of a distance of at least 0, and the distance in the middle of a bin. */
static inline uint32_t
delay_bin(uint32_t distance)
{
	uint32_t limit = (1u << DELAY_MAX_BITS) - 1;
	uint32_t d = distance < limit ? distance : limit;
	uint32_t octave = 31 - (uint32_t)__builtin_clz(d | 1u << DELAY_SUB_BITS) - DELAY_SUB_BITS;

	return (octave << DELAY_SUB_BITS) + (d >> octave);
}

uint32_t delay_bin_middle(uint32_t bin);

/* Where a delay counts. Which side of the anchor it is on is anybody's guess: no branch. */
static inline uint32_t
delay_histogram_index(const struct delay_histogram *h, int32_t delay)
{
	int64_t distance = (int64_t)delay - h->anchor;
	uint32_t earlier = (uint32_t)(distance >> 63); /* all ones, or 0 */

	return DELAY_BINS + (delay_bin(((uint32_t)distance ^ earlier) - earlier) ^ earlier);
}

/* Fetches what adding n delays will touch, n at least 1; the histogram's head should be there. */
void delay_histogram_prefetch(const struct delay_histogram *h, const int32_t *delays, uint32_t n);

/* Adds n delays; now in nanoseconds, for the minimum of the last minute. */
void delay_histogram_add_several(
	struct delay_histogram *h, const int32_t *delays, uint32_t n, uint64_t now);

static inline void
delay_histogram_add(struct delay_histogram *h, int32_t delay, uint64_t now)
{
	delay_histogram_add_several(h, &delay, 1, now);
}

/* The next delay is of another source: the step from the last one is no jitter. */
static inline void
delay_histogram_break(struct delay_histogram *h)
{
	h->has_last = false;
}

/* Microseconds. */
static inline double
delay_histogram_jitter(const struct delay_histogram *h)
{
	return (double)h->jitter / 16;
}

/* The delay in the middle of a place in bins. */
int32_t delay_histogram_middle(const struct delay_histogram *h, uint32_t index);

/* Delay below which the share q (0 to 1) of all packets lies. 0 when there are none. */
int32_t delay_histogram_quantile(const struct delay_histogram *h, double q);

/* Least delay of the last minute before now; false when no packet came in it. */
bool delay_histogram_minimum(const struct delay_histogram *h, uint64_t now, int32_t *minimum);

#endif
