/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loss intervals that a receiver remembers, and the loss event rate that follows from them (RFC
 * 5348, 5.3 to 5.5; RFC 4828, 3 for tfrc-sp). Sizes of intervals are packets in units of 2^-16,
 * for the first is what the equation says (6.3.1), and those of tfrc-sp are quotients.
 *
 * One owner. Used when a loss event begins and when a report is due, not once a packet.
 */
#ifndef FERRY_TFRC_HISTORY_H
#define FERRY_TFRC_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define TFRC_INTERVALS 8 /* n of 5.4 */

struct tfrc_history {
	uint8_t count;	     /* closed intervals remembered; 0 = no loss event yet */
	bool small_packets;  /* tfrc-sp */
	bool fresh;	     /* an event began with the packet fresh_seq: DF is still 1 */
	uint32_t losses;     /* lost or marked in the open interval (RFC 4828, 4.4) */
	uint64_t fresh_seq;  /* highest sequence when the last event was found */
	uint64_t begin_seq;  /* first packet of the open interval */
	uint64_t begin_time; /* its (nominal) arrival, ns */
	uint64_t events;     /* loss events in all */

	/* Closed intervals, the latest first, and their discount factors (5.5), 1 = 2^32. */
	uint64_t size[TFRC_INTERVALS];
	uint64_t discount[TFRC_INTERVALS];
};

void tfrc_history_init(struct tfrc_history *history, bool small_packets);

/*
 * A loss event begins with packet seq at time (ns). highest: the highest sequence received, the
 * packet in hand included. rtt: ns. first: the size that the interval before the first event gets,
 * 2^-16 packets; used once.
 */
void tfrc_history_event(struct tfrc_history *history, uint64_t seq, uint64_t time, uint64_t highest,
	uint64_t rtt, uint64_t first);

/* The loss event rate, units of 2^-32; 0 before the first event. now and rtt in ns. */
uint32_t
tfrc_history_rate(const struct tfrc_history *history, uint64_t highest, uint64_t now, uint64_t rtt);

#endif
