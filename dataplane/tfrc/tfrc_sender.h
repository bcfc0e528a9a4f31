/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sender of TFRC (RFC 5348, 4), and of its variant for small packets, TFRC-SP (RFC 4828): from
 * what the receiver reports, and from its silence, the rate at which the link may send.
 *
 * It has no packets and no clock: its owner tells it of reports and of the nofeedback timer, and
 * calls the inline functions when it sends. Times are ns of the monotonic clock, rates and sizes as
 * in tfrc_math.h. Packet and byte totals are the link's own counters of DATA sent (UDP payload), so
 * that sending costs a comparison or two.
 *
 * One owner, the worker that sends on the link.
 */
#ifndef FERRY_TFRC_SENDER_H
#define FERRY_TFRC_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "tfrc_math.h"
#include "tfrc_receiver.h"

#define TFRC_BACKOFF_MAX_S    64		    /* t_mbi (4.3) */
#define TFRC_START_TIMER_NS   (2 * TFRC_SECOND_NS)  /* 4.2 */
#define TFRC_RTT_MAX_NS	      (60 * TFRC_SECOND_NS) /* a longer sample is none */
#define TFRC_RTT_GROWTH	      3			 /* times that a sample is the last one, at most, */
#define TFRC_RTT_JUMP_NS      UINT64_C(50000000) /* or so long (choice 20) */
#define TFRC_RECV_SET	      3			 /* N of 8.2.2 */
#define TFRC_SP_SEGMENT	      1460		 /* RFC 4828, 3 */
#define TFRC_SP_HEADERS	      40		 /* H there */
#define TFRC_SP_INTERVAL_NS   UINT64_C(10000000) /* Min Interval there */
#define TFRC_SIZE_HISTORY     4			 /* loss intervals that s is a mean of (4.1) */
#define TFRC_SIZE_HISTORY_MIN 256		 /* and packets at least */

struct tfrc_params {
	uint32_t mss;	       /* largest packet that the link sends, bytes of UDP payload */
	bool small_packets;    /* TFRC-SP */
	uint64_t min_interval; /* of TFRC-SP, ns; TFRC_SP_INTERVAL_NS */
	uint64_t timer_min;    /* the nofeedback timer never runs for less, ns; 0 = as the RFC */
};

struct tfrc_recv_rate {
	uint64_t rate; /* bytes/s, 2^-16 */
	uint64_t at;
};

struct tfrc_sender {
	/* What sending looks at. */
	uint64_t nofeedback_at; /* the nofeedback timer; TFRC_NEVER = it waits for a packet */
	uint64_t not_limited1, not_limited2, t_new, t_next; /* 8.2.1 */

	uint64_t rate; /* X_inst: what the link may send; for TFRC-SP with its deductions */
	uint64_t x;    /* X */
	uint64_t x_bps;
	uint64_t rtt; /* R, ns; 0 = none yet */
	uint64_t rtt_sample;
	uint64_t rtt_sqmean; /* R_sqmean (4.5): square root of ns, 2^-16 */
	uint64_t doubled_at; /* tld */
	uint64_t size;	     /* s, 2^-16 bytes */
	uint32_t p;
	bool reported; /* a report has come */

	uint32_t nb_recv;
	struct tfrc_recv_rate recv[TFRC_RECV_SET]; /* X_recv_set, the oldest first */

	uint64_t timer_packets;	     /* total when the nofeedback timer was set */
	uint64_t s_packets, s_bytes; /* totals when s was last renewed */
	bool sized;
	uint64_t seq_reported; /* the highest that a report named */

	uint64_t reports, expiries; /* counted for whoever looks */
	struct tfrc_params params;
};

/* What a report says, and how long ago the packet that it echoes was sent (ns). */
struct tfrc_feedback {
	uint64_t since_sent;
	uint64_t delay; /* ns, of that the receiver's own */
	uint64_t rate;	/* X_recv, bytes/s */
	uint64_t seq_highest;
	uint32_t p;
};

/* What the link has sent so far. */
struct tfrc_totals {
	uint64_t packets, bytes;
};

/* No packet has been sent; the rate is one packet a second (4.2). */
void tfrc_sender_init(struct tfrc_sender *s, const struct tfrc_params *params);

/*
 * A round-trip time measured by other means, ns: the first one sets the initial rate (4.2), once a
 * report has come none is used.
 */
void tfrc_sender_rtt(struct tfrc_sender *s, uint64_t rtt, uint64_t now);

/*
 * A report (4.3). False: it was overtaken by a later one, or its times cannot be true, and nothing
 * changed.
 */
bool tfrc_sender_feedback(struct tfrc_sender *s, const struct tfrc_feedback *feedback,
	struct tfrc_totals sent, uint64_t now);

/* nofeedback_at has come (4.4): sets it anew. */
void tfrc_sender_expire(struct tfrc_sender *s, struct tfrc_totals sent, uint64_t now);

/* A packet is about to be sent, and nofeedback_at was TFRC_NEVER: sets it. before: without it. */
void tfrc_sender_wake(struct tfrc_sender *s, struct tfrc_totals before, uint64_t now);

/*
 * The estimate of the round-trip time that packets carry (3.2.1), ns; 0 = none yet. R itself
 * follows a queue that fills only in ten reports, and a receiver that groups losses by it (5.2)
 * takes the one round-trip time of losses that ends a slow start for three loss events. So it is
 * the last sample, where that is longer.
 */
static inline uint64_t
tfrc_sender_told_rtt(const struct tfrc_sender *s)
{
	return s->rtt_sample > s->rtt ? s->rtt_sample : s->rtt;
}

/* All that may be sent at this time has been sent: the sender is not data-limited (8.2.1). */
static inline void
tfrc_sender_not_limited(struct tfrc_sender *s, uint64_t now)
{
	if (s->not_limited1 <= s->t_new)
		s->not_limited1 = now;
	else if (s->not_limited2 <= s->t_next)
		s->not_limited2 = now;
}

#endif
