/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When may a link's next packet go: its nominal send times, RFC 5348, 4.6. Packet i + 1 may leave
 * bytes_i / rate after packet i's nominal time; the part of a nanosecond that this leaves over is
 * carried, so that the long-run rate is exact. No packet leaves before its time (t_delta of the RFC
 * is 0).
 *
 * A worker that comes late makes up for it by a burst, but for no more than the grain of its clock,
 * and never more than one round-trip time (MUST of 4.6). Time in which nothing waited earns no more
 * than a busy worker's turn: what came in it comes as one burst, and need not wait.
 *
 * Integer arithmetic; one division when the rate is set. Belongs to the link's owner. Rates are
 * bytes of UDP payload a second; times ns.
 */
#ifndef FERRY_PACER_H
#define FERRY_PACER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How late a worker may come to a packet without losing rate: an idle one's longest sleep, and
 * what the kernel adds to it.
 */
#define PACER_GRAIN_NS UINT64_C(1000000)

/* A turn of a busy worker, which sees all that came in it at once. */
#define PACER_TURN_NS UINT64_C(20000)

/*
 * A nominal send time is whole nanoseconds and a part of one. next is that time rounded up, so that
 * one comparison tells whether it has come; part keeps what rounding hides.
 */
struct pacer {
	uint64_t next;	    /* the next packet may go from this time on, ns */
	uint32_t part;	    /* its nominal time is next - 1 ns and part + 1 of 2^-32 ns */
	uint32_t byte_part; /* of a byte's time, 2^-32 ns, rounded up */
	uint32_t byte_ns;   /* ... and whole ns; both 0 = not paced */
	uint32_t credit;    /* ns of idleness that are made up for */
	uint32_t burst;	    /* ns of lateness that are */
	uint64_t rate;	    /* bytes/s; 0 = not paced */
};

#define PACER_PART_WHOLE UINT32_MAX /* the nominal time is next itself */

/* rate 0 = not paced. The first packet may go at once. */
void pacer_init(struct pacer *pacer, uint64_t rate);

/*
 * Another rate from now on: what is left of the wait for the next packet grows or shrinks with it.
 */
void pacer_set_rate(struct pacer *pacer, uint64_t rate, uint64_t now);

/* The link's round-trip time, which bounds bursts; 0 = not known. */
void pacer_set_rtt(struct pacer *pacer, uint64_t rtt_ns);

/* The time from which the next packet may go. */
static inline uint64_t
pacer_ready_at(const struct pacer *pacer)
{
	return pacer->next;
}

static inline bool
pacer_is_ready(const struct pacer *pacer, uint64_t now)
{
	return pacer->next <= now;
}

/* A packet of so many bytes leaves now; waited: it lay there when its time came. */
static inline void
pacer_spend(struct pacer *pacer, uint32_t bytes, uint64_t now, bool waited)
{
	uint64_t next = pacer->next, earliest = now - (waited ? pacer->burst : pacer->credit);
	uint64_t parts = (uint64_t)pacer->byte_part * bytes + pacer->part;

	/* Signed: a clock begins at 0. The part of a nanosecond stays, whatever time is lost. */
	if ((int64_t)next < (int64_t)earliest)
		next = earliest;
	/* As part is one less than it stands for, what is carried rounds next up. */
	pacer->next = next + (uint64_t)pacer->byte_ns * bytes + (parts >> 32);
	pacer->part = (uint32_t)parts;
}

#endif
