/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The round-trip time of now, as a receiver of TFRC can know it (choice 17 of TFRC.md).
 *
 * The estimate in a packet was measured by a packet that went a round-trip time before. While a
 * queue fills, that is a good deal less than the round-trip time of now, and the losses that end a
 * slow start, which last for one, would be two or three loss events (RFC 5348, 5.2). The receiver
 * sees by the time stamps how long packets are under way, but for the difference of two clocks: the
 * estimate less the way that it rests on is the rest of the trip, and the same difference is in it.
 *
 * One owner, the receiver's. Used once a report and where a packet is missing, not once a packet.
 */
#ifndef FERRY_TFRC_TRIP_H
#define FERRY_TFRC_TRIP_H

#include <stdbool.h>
#include <stdint.h>

#define TFRC_TRIP_REPORTS 8 /* that are remembered */

/* Ways and rests are units of 2^-16 us. */
struct tfrc_trip {
	uint32_t reports;  /* in all */
	uint32_t last_way; /* of the last report's packet, us modulo 2^32 */
	int64_t last;	   /* the same, counted on */
	int64_t mean;	   /* of the ways, smoothed as the sender smooths R (4.3) */
	struct {
		uint64_t at;
		int64_t way;	     /* that the estimate rests on which this report leads to */
		int64_t rest;	     /* of the trip, as packets said when it left */
		bool known;	     /* the rest is */
	} report[TFRC_TRIP_REPORTS]; /* a ring */
};

/* How long a packet was under way, us modulo 2^32, by two clocks that need not agree. */
static inline uint32_t
tfrc_trip_way(uint64_t arrived, uint32_t stamp)
{
	return (uint32_t)(arrived / 1000) - stamp;
}

/*
 * A report leaves at now (ns). way: of the packet that it echoes; rtt: the packets' estimate, us.
 */
void tfrc_trip_report(struct tfrc_trip *trip, uint64_t now, uint32_t way, uint32_t rtt);

/*
 * The round-trip time that a packet with this way meets, ns, never less than the packets' estimate
 * (us); 0 if there is none.
 */
uint64_t tfrc_trip_rtt(const struct tfrc_trip *trip, uint32_t way, uint32_t rtt);

#endif
