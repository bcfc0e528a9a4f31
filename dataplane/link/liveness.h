/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the neighbour at the far end of a link live, how far is it, how much is lost, and what does
 * its clock say? Found by probes: each has a number and a random word in its cookie, and a time by
 * which its answer should be there. Pure: no packets, no clock; the prober (prober.h) sends and
 * receives. Everything belongs to the link's owner. Times in nanoseconds.
 *
 * A probe goes out each interval, give or take a tenth at random; four times as often while the
 * last one was missed or, after the link was down, until it is up. It is missed when no answer came
 * within the smoothed round-trip time, four deviations and a quarter of an interval, at least an
 * interval and at most 3 s (1 s while no round-trip time is known). An answer that comes later
 * still gives a round-trip time, and the probe is no longer missed.
 *
 *   unknown -> up         the first answer; what was missed before is forgotten
 *   up -> degraded        3 probes in a row missed, or 5 of the last 50, or a tenth of the
 *                         neighbour's DATA lost
 *   degraded -> up        10 answers in a row, fewer than 3 of the last 50 missed, and less than a
 *                         twentieth of DATA lost
 *   any -> down           5 in a row missed, and nothing at all came for as long as an answer may
 *                         take and two intervals
 *   down -> up            3 answers in a row; what was lost before is forgotten
 *
 * So a link whose neighbour vanishes is down after 5.5 intervals and the time of an answer at the
 * latest. A port that is down, or a neighbour without a known link-layer address, counts as probes
 * missed.
 */
#ifndef FERRY_LIVENESS_H
#define FERRY_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"
#include "rtt.h"
#include "wire.h"

#define LINK_STATES(X)                                                                             \
	X(unknown)  /* nothing was asked or heard yet */                                           \
	X(up)	    /* answers come */                                                             \
	X(degraded) /* answers come, but not to every probe, or too much of DATA is lost */        \
	X(down)	    /* nothing comes */

#define LINK_STATE_VALUE(state) LINK_STATE_##state,
enum link_state {
	LINK_STATES(LINK_STATE_VALUE) LINK_STATE_COUNT
};
#undef LINK_STATE_VALUE

#define LIVENESS_WINDOW	   50 /* probes that the loss is of */
#define LIVENESS_UNDER_WAY 48 /* probes without an answer or a verdict, at most */

struct liveness_probe {
	uint64_t sent_at;
	uint64_t missed_at; /* when it is missed without an answer */
	uint32_t sent_utc;  /* microseconds modulo 2^32 */
	uint32_t word;	    /* random */
	bool answered;
	bool put_off; /* missed_at was */
};

/* The offset of the neighbour's clock, from the quickest answer of a span. */
struct liveness_offset {
	int64_t us;
	uint64_t rtt; /* UINT64_MAX: there was no answer */
};

struct liveness {
	uint64_t interval; /* 0: no probes */
	uint64_t began;
	uint64_t send_at;  /* the next one */
	uint32_t next;	   /* its number */
	uint32_t judged;   /* all before it have a verdict */
	uint64_t missed;   /* verdicts, the last one's bit 0: 1 = missed */
	uint32_t verdicts; /* in it, at most LIVENESS_WINDOW */
	uint32_t missed_run, answered_run;
	uint8_t state; /* enum link_state */
	uint64_t since;

	struct rtt rtt;
	struct liveness_offset offset[2]; /* of this span and of the one before */
	uint64_t offset_span;

	/* Loss of the neighbour's DATA, of each second smoothed; units of 2^-16. */
	uint64_t data_at, data_lost, data_packets;
	uint32_t data_loss;

	uint64_t sent, answers, late; /* probes */

	struct liveness_probe probes[64];
};

/* "up"; the state must be one. */
const char *link_state_name(uint8_t state);

/* Begins anew, with the first probe within one interval (so that many links' are spread). */
void liveness_begin(struct liveness *l, uint64_t interval, uint64_t now, struct rng *rng);

/* When there is something to do next: a probe to send, or to give up. */
uint64_t liveness_next(const struct liveness *l);

/*
 * Gives verdicts that are due. heard_at: when anything came last from the neighbour, 0 = never.
 * True: the state changed.
 */
bool liveness_turn(struct liveness *l, uint64_t now, uint64_t heard_at);

/*
 * The same after an answer, which may be one of several that came together: nothing is missed yet.
 */
bool liveness_answered(struct liveness *l, uint64_t now, uint64_t heard_at);

/*
 * The owner is so much later than liveness_next said, as it stood still: so long it could take no
 * answer. Once a probe, so that one that is always late still finds who is gone.
 */
void liveness_put_off(struct liveness *l, uint64_t late);

/*
 * If a probe is due: fills its body and returns true; the caller sends it, or cannot (can: false),
 * then it is missed at once. utc_us: our own, modulo 2^32.
 */
bool liveness_send(struct liveness *l, uint64_t now, uint32_t utc_us, bool can, struct rng *rng,
	struct probe_body *body);

/*
 * The probe that was due could not be made for want of a buffer: nothing is held against the link.
 */
void liveness_unsent(struct liveness *l);

/*
 * An answer: its body, when it came (also as our UTC, microseconds modulo 2^32), and the stamp of
 * its link header. False: nobody asked for it. One that came no later than it was asked for, by the
 * clocks of two workers' turns, says that the neighbour lives, and nothing of times.
 */
bool liveness_answer(struct liveness *l, uint64_t arrived, uint32_t utc_us, uint32_t stamp,
	const struct probe_body *body);

/* The link's receipt of DATA so far: lost, and arrived. Counts once a second. */
void liveness_data(struct liveness *l, uint64_t now, uint64_t lost, uint64_t packets);

/* Loss of probes in the window, units of 1e-6. */
uint32_t liveness_loss_ppm(const struct liveness *l);

/* Loss of the neighbour's DATA, units of 1e-6. */
uint32_t liveness_data_loss_ppm(const struct liveness *l);

/* The neighbour's UTC less ours, microseconds, exact to half of *rtt (ns). False: not known. */
bool liveness_clock_offset(const struct liveness *l, int64_t *us, uint64_t *rtt);

#endif
