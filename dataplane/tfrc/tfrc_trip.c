/* SPDX-License-Identifier: BSD-3-Clause */
#include "tfrc_trip.h"
#include "tfrc_math.h"

/*
 * How many times its estimate the round-trip time is at most: a queue that a slow start fills grows
 * by one in each.
 */
#define GROWTH_MAX 3

/*
 * The part that is added: the sender cannot react before the receiver knows of a loss (5.1), and
 * what is measured has a jitter.
 */
#define MARGIN 16

#define US (INT64_C(1) << 16)

/* Twelve days between two clocks: only forged time stamps lead there. */
#define WAY_MAX (INT64_C(1) << 56)

static uint32_t
oldest(const struct tfrc_trip *trip)
{
	return trip->reports > TFRC_TRIP_REPORTS ? trip->reports - TFRC_TRIP_REPORTS : 0;
}

/* A way counted on from the last report's, and not modulo 2^32. */
static int64_t
counted(const struct tfrc_trip *trip, uint32_t way)
{
	return trip->last + (int32_t)(way - trip->last_way) * US;
}

/* The rest of the trip, if the packets' estimate is of the last report that is a trip old. */
static bool
find_rest(const struct tfrc_trip *trip, uint64_t now, uint32_t rtt, int64_t *rest)
{
	for (uint32_t i = trip->reports; i != oldest(trip); i--) {
		uint32_t n = (i - 1) % TFRC_TRIP_REPORTS;

		if (now - trip->report[n].at < (uint64_t)rtt * 1000)
			continue;
		*rest = rtt * US - trip->report[n].way;
		return rtt != 0;
	}
	return false;
}

void
tfrc_trip_report(struct tfrc_trip *trip, uint64_t now, uint32_t way, uint32_t rtt)
{
	int64_t is = counted(trip, way), rest = 0;
	uint32_t n;
	bool known;

	if (is > WAY_MAX || is < -WAY_MAX) {
		*trip = (struct tfrc_trip){.last_way = way};
		is = 0;
	}
	n = trip->reports % TFRC_TRIP_REPORTS;
	known = find_rest(trip, now, rtt, &rest);
	trip->mean = trip->reports == 0 ? is : trip->mean + (is - trip->mean) / 10;
	trip->last = is;
	trip->last_way = way;
	trip->report[n].at = now;
	trip->report[n].way = is > trip->mean ? is : trip->mean;
	trip->report[n].rest = rest;
	trip->report[n].known = known;
	trip->reports++;
}

uint64_t
tfrc_trip_rtt(const struct tfrc_trip *trip, uint32_t way, uint32_t rtt)
{
	uint64_t told = (uint64_t)rtt * 1000, most = GROWTH_MAX * told, now;
	int64_t rest = INT64_MIN, is;

	/* While a queue fills, the report was an earlier one, and the rest found is too short. */
	for (uint32_t i = oldest(trip); i != trip->reports; i++) {
		uint32_t n = i % TFRC_TRIP_REPORTS;

		if (trip->report[n].known && trip->report[n].rest > rest)
			rest = trip->report[n].rest;
	}
	if (rtt == 0 || rest == INT64_MIN)
		return told;
	is = rest + counted(trip, way);
	if (is <= 0)
		return told;
	now = tfrc_muldiv((uint64_t)is, 1000, US);
	now += now / MARGIN;
	if (now < told)
		return told;
	return now < most ? now : most;
}
