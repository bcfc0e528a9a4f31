/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receiver of TFRC (RFC 5348, 5 and 6): which packets of one sender were lost, how often that
 * happened, at what rate the others came, and when the sender must be told.
 *
 * It is told of each DATA packet that the link took (never of a duplicate). While it is quiet,
 * packets in order need not be told one by one: a link notes sequence, time and stamp of the last
 * packet anyway, and tells them once, before anything else (tfrc_receiver_catch_up). Times are
 * nanoseconds of the monotonic clock, stamps and round-trip times as in the link header. What a
 * packet's arrival has to do with bytes is only the total that the caller counts anyway.
 *
 * One owner, the worker on whose queue the packets arrive.
 */
#ifndef FERRY_TFRC_RECEIVER_H
#define FERRY_TFRC_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "tfrc_history.h"
#include "tfrc_math.h"
#include "tfrc_trip.h"

#define TFRC_NDUPACK 3		/* packets after a gap that make it a loss (5.1) */
#define TFRC_MARKS   8		/* expirations of the feedback timer that are remembered (6.2) */
#define TFRC_NEVER   UINT64_MAX /* as a time or sequence */

/* Shorter round-trip times count as this: below it a worker's own grain is what is measured. */
#define TFRC_RTT_MIN_NS UINT64_C(100000)
/*
 * Counts as the round-trip time while the sender knows none: a TFRC sender then sends so slowly
 * that each of its packets is still reported (6.3), any other is not reported once a packet.
 */
#define TFRC_UNTIMED_NS UINT64_C(10000000)

/* A packet that arrived, and the totals with it counted. */
struct tfrc_arrival {
	uint64_t now;
	uint64_t seq;
	uint64_t packets, bytes; /* DATA accepted since the last reset; bytes of UDP payload */
	uint32_t stamp;		 /* its time stamp */
	uint32_t rtt;		 /* the sender's estimate in it, us; 0 = none */
	bool marked;		 /* ECN: congestion experienced */
};

/* A packet near the top, and who arrived just before it. */
struct tfrc_top {
	uint64_t seq, at;
	uint64_t before_seq, before_at;
	uint64_t order; /* of arrival; 0 = nobody */
};

struct tfrc_receiver {
	uint64_t highest; /* sequence */
	uint64_t last_at; /* arrival of the last packet */
	uint32_t stamp;	  /* of the last packet */
	uint32_t rtt;	  /* of the packet with the highest sequence, us */

	uint64_t expires_at; /* feedback timer; TFRC_NEVER = the next packet is reported at once */
	bool started;
	bool quiet; /* nothing is in doubt: a packet in order changes no more than the above */

	/* While not quiet. */
	uint64_t last_seq;
	uint64_t judged; /* up to here what is missing is known to be lost */
	uint64_t order;
	struct tfrc_top top[TFRC_NDUPACK]; /* the highest sequences, descending */

	uint64_t event_rtt; /* R of 5.2 for the packet in hand, ns */

	struct tfrc_trip trip;
	struct tfrc_history history;
	uint32_t p;	 /* as last computed */
	uint64_t x_recv; /* as last reported; bytes/s, 2^-16 */
	uint64_t x_max;	 /* of all reports (6.3.1) */

	uint64_t timer_rtt;	   /* ns that the timer was last started for: R_(m-1) */
	uint64_t reported_packets; /* totals at the last report */
	uint64_t reported_bytes;
	uint64_t reports;
	uint32_t marks;
	struct {
		uint64_t at, bytes;
	} mark[TFRC_MARKS]; /* expirations, a ring */
};

/* What FEEDBACK says (RFC 5348, 3.2.2). */
struct tfrc_report {
	uint32_t stamp;	    /* of the last packet */
	uint32_t delay;	    /* us since it arrived */
	uint32_t loss_rate; /* units of 2^-32 */
	uint64_t seq_highest;
	uint64_t rate; /* bytes/s */
};

/* Forgets all; the next packet is the first. small_packets: the sender is tfrc-sp. */
void tfrc_receiver_init(struct tfrc_receiver *r, bool small_packets);

/* The general path. Returns true if a report is due now. */
bool tfrc_receiver_packet_slow(struct tfrc_receiver *r, const struct tfrc_arrival *arrival);

/* May packets in order, not marked, be told later? Then nothing of them is to be reported now. */
static inline bool
tfrc_receiver_is_quiet(const struct tfrc_receiver *r)
{
	return r->quiet;
}

/*
 * All up to seq came, in order, since a packet was told last, and seq at that time with this stamp
 * and round-trip time (us). Before any other call, if it was not told of some. Nothing happens if
 * seq was told, or if it is not quiet.
 */
static inline void
tfrc_receiver_catch_up(
	struct tfrc_receiver *r, uint64_t at, uint64_t seq, uint32_t stamp, uint32_t rtt)
{
	if (!r->quiet || seq == r->highest)
		return;
	r->highest = seq;
	r->last_at = at;
	r->stamp = stamp;
	r->rtt = rtt;
}

/* A packet arrived (6.1). Returns true if a report is due now. */
static inline bool
tfrc_receiver_packet(struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	if (unlikely(!r->quiet || arrival->marked || arrival->seq != r->highest + 1))
		return tfrc_receiver_packet_slow(r, arrival);
	tfrc_receiver_catch_up(r, arrival->now, arrival->seq, arrival->stamp, arrival->rtt);
	return false;
}

/*
 * The feedback timer's time has come (6.2): expires_at is not later than now. Returns true if a
 * report is due; else the timer stops until a packet comes. packets: the total.
 */
bool tfrc_receiver_expire(struct tfrc_receiver *r, uint64_t packets);

/* Makes the report that is due, and starts the timer anew (6.2). Totals as in an arrival. */
void tfrc_receiver_report(struct tfrc_receiver *r, uint64_t now, uint64_t packets, uint64_t bytes,
	struct tfrc_report *report);

#endif
