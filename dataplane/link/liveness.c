/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "liveness.h"

#define PROBES (sizeof(((struct liveness *)NULL)->probes) / sizeof(struct liveness_probe))

#define QUICK_OF_INTERVAL 4
#define ANSWER_UNKNOWN_NS UINT64_C(1000000000)
#define ANSWER_MAX_NS	  UINT64_C(3000000000)
#define OFFSET_SPAN_NS	  UINT64_C(10000000000)
#define DATA_SPAN_NS	  UINT64_C(1000000000)
#define DATA_LEAST	  32		      /* packets of a second that say something of loss */
#define DATA_LOST_MAX	  (UINT64_C(1) << 40) /* of a second: a sequence may jump by more */

#define DEGRADED_RUN	3
#define DEGRADED_WINDOW 5
#define DEGRADED_DATA	(65536 / 10)
#define UP_RUN		10
#define UP_WINDOW	3
#define UP_DATA		(65536 / 20)
#define DOWN_RUN	5
#define RETURN_RUN	3

static_assert(PROBES >= LIVENESS_UNDER_WAY, "probes under way have a place each");

#define LINK_STATE_NAME(state) #state,
static const char *const names[] = {LINK_STATES(LINK_STATE_NAME)};

const char *
link_state_name(uint8_t state)
{
	return names[state];
}

static struct liveness_probe *
probe_of(struct liveness *l, uint32_t number)
{
	return &l->probes[number % PROBES];
}

/* How long an answer may take. */
static uint64_t
answer_time(const struct liveness *l)
{
	uint64_t ns = l->rtt.smoothed + 4 * l->rtt.deviation + l->interval / QUICK_OF_INTERVAL;

	if (l->rtt.smoothed == 0)
		ns = ANSWER_UNKNOWN_NS;
	if (ns < l->interval)
		ns = l->interval;
	return ns < ANSWER_MAX_NS ? ns : ANSWER_MAX_NS;
}

/* Uniform, to the microsecond. */
static uint64_t
below(struct rng *rng, uint64_t ns)
{
	return (uint64_t)rng_below(rng, (uint32_t)(ns / 1000) + 1) * 1000;
}

static uint64_t
pause(const struct liveness *l, struct rng *rng)
{
	uint64_t ns = l->interval;

	if ((l->state == LINK_STATE_down && l->answered_run > 0) ||
		(l->state != LINK_STATE_down && l->missed_run > 0))
		ns /= QUICK_OF_INTERVAL;
	return ns - ns / 10 + below(rng, ns / 5);
}

void
liveness_begin(struct liveness *l, uint64_t interval, uint64_t now, struct rng *rng)
{
	*l = (struct liveness){.interval = interval, .began = now, .since = now, .data_at = now};
	l->offset[0].rtt = l->offset[1].rtt = UINT64_MAX;
	l->offset_span = now;
	rtt_init(&l->rtt);
	l->rtt.span = now;
	l->send_at = now;
	l->send_at += below(rng, interval);
	/* Places that were never used await no answer. */
	for (uint32_t i = 0; i < PROBES; i++)
		l->probes[i].answered = true;
}

uint64_t
liveness_next(const struct liveness *l)
{
	const struct liveness_probe *oldest = &l->probes[l->judged % PROBES];

	if (l->judged != l->next && oldest->missed_at < l->send_at)
		return oldest->missed_at;
	return l->send_at;
}

static uint32_t
window_missed(const struct liveness *l)
{
	uint64_t mask = (UINT64_C(1) << LIVENESS_WINDOW) - 1;

	return (uint32_t)__builtin_popcountll(l->missed & mask);
}

static uint32_t
trailing_ones(uint64_t bits)
{
	return ~bits == 0 ? 64 : (uint32_t)__builtin_ctzll(~bits);
}

static void
give_verdict(struct liveness *l, bool missed)
{
	l->missed = l->missed << 1 | missed;
	l->verdicts += l->verdicts < LIVENESS_WINDOW;
	l->answered_run = missed ? 0 : l->answered_run + 1;
}

static void
change(struct liveness *l, uint8_t state, uint64_t now)
{
	/* As it was while nobody answered says nothing of how it is now. */
	if (state == LINK_STATE_up && l->state != LINK_STATE_degraded) {
		l->missed = l->missed_run = 0;
		l->verdicts = l->answered_run;
		l->data_loss = 0;
	}
	l->state = state;
	l->since = now;
}

static bool
is_down(const struct liveness *l, uint64_t now, uint64_t heard_at)
{
	return l->missed_run >= DOWN_RUN && now - heard_at >= answer_time(l) + 2 * l->interval;
}

static bool
is_bad(const struct liveness *l)
{
	return l->missed_run >= DEGRADED_RUN || window_missed(l) >= DEGRADED_WINDOW ||
	       l->data_loss >= DEGRADED_DATA;
}

static bool
is_good(const struct liveness *l)
{
	return l->answered_run >= UP_RUN && window_missed(l) < UP_WINDOW && l->data_loss < UP_DATA;
}

/* The state that follows from what is known now. */
static uint8_t
next_state(const struct liveness *l, uint64_t now, uint64_t heard_at)
{
	switch (l->state) {
	case LINK_STATE_unknown:
		if (l->answered_run > 0)
			return LINK_STATE_up;
		break;
	case LINK_STATE_up:
		if (is_down(l, now, heard_at))
			break;
		return is_bad(l) ? LINK_STATE_degraded : LINK_STATE_up;
	case LINK_STATE_degraded:
		if (is_down(l, now, heard_at))
			break;
		return is_good(l) ? LINK_STATE_up : LINK_STATE_degraded;
	default:
		return l->answered_run >= RETURN_RUN ? LINK_STATE_up : LINK_STATE_down;
	}
	return is_down(l, now, heard_at) ? LINK_STATE_down : l->state;
}

/* missed: without an answer by then. */
static bool
judge(struct liveness *l, uint64_t now, uint64_t heard_at, uint64_t missed)
{
	uint8_t before = l->state, state;

	for (; l->judged != l->next; l->judged++) {
		const struct liveness_probe *p = probe_of(l, l->judged);

		if (!p->answered && missed < p->missed_at)
			break;
		give_verdict(l, !p->answered);
		l->missed_run = trailing_ones(l->missed);
		/* The first one missed: ask more often from now on. */
		if (l->missed_run == 1 && l->state != LINK_STATE_down &&
			l->send_at > now + l->interval / QUICK_OF_INTERVAL)
			l->send_at = now + l->interval / QUICK_OF_INTERVAL;
	}
	state = next_state(l, now, heard_at);
	if (state != before)
		change(l, state, now);
	return state != before;
}

bool
liveness_turn(struct liveness *l, uint64_t now, uint64_t heard_at)
{
	return judge(l, now, heard_at, now);
}

bool
liveness_answered(struct liveness *l, uint64_t now, uint64_t heard_at)
{
	return judge(l, now, heard_at, 0);
}

void
liveness_put_off(struct liveness *l, uint64_t late)
{
	for (uint32_t i = l->judged; i != l->next; i++) {
		struct liveness_probe *p = probe_of(l, i);

		p->missed_at += p->put_off ? 0 : late;
		p->put_off = true;
	}
}

bool
liveness_send(struct liveness *l, uint64_t now, uint32_t utc_us, bool can, struct rng *rng,
	struct probe_body *body)
{
	struct liveness_probe *p = probe_of(l, l->next);
	uint32_t words[4] = {l->next};

	if (now < l->send_at)
		return false;
	l->send_at = now + pause(l, rng);
	if (l->next - l->judged >= LIVENESS_UNDER_WAY)
		return false;
	*p = (struct liveness_probe){
		.sent_at = now,
		.missed_at = can ? now + answer_time(l) : now,
		.sent_utc = utc_us,
		.word = (uint32_t)(rng_next(rng) >> 32),
	};
	words[1] = p->word;
	memcpy(body->cookie, words, sizeof(words));
	l->next++;
	l->sent += can;
	return true;
}

void
liveness_unsent(struct liveness *l)
{
	l->next--;
	l->sent--;
}

/*
 * As if both ways took equally long (RFC 5905, section 8): the answerer stamped in the middle of
 * the round trip. Its answer leaves in the turn in which the probe came, or a little later where
 * another worker owns its link to us.
 */
static void
take_offset(struct liveness *l, const struct liveness_probe *p, uint64_t arrived, uint32_t utc_us,
	uint32_t stamp)
{
	uint64_t rtt = arrived - p->sent_at;
	int32_t there = (int32_t)(stamp - p->sent_utc), back = (int32_t)(stamp - utc_us);

	if (arrived - l->offset_span >= OFFSET_SPAN_NS) {
		l->offset[1] = l->offset[0];
		if (arrived - l->offset_span >= 2 * OFFSET_SPAN_NS)
			l->offset[1].rtt = UINT64_MAX;
		l->offset[0].rtt = UINT64_MAX;
		l->offset_span = arrived;
	}
	if (rtt <= l->offset[0].rtt)
		l->offset[0] = (struct liveness_offset){((int64_t)there + back) / 2, rtt};
}

bool
liveness_answer(struct liveness *l, uint64_t arrived, uint32_t utc_us, uint32_t stamp,
	const struct probe_body *body)
{
	struct liveness_probe *p;
	uint32_t words[4], age;

	memcpy(words, body->cookie, sizeof(words));
	p = probe_of(l, words[0]);
	age = l->next - words[0];
	if (age == 0 || age > PROBES || p->answered || p->word != words[1] || words[2] != 0 ||
		words[3] != 0)
		return false;
	p->answered = true;
	l->answers++;
	/*
	 * Else another worker received it, in a turn that began before the one that sent the
	 * probe: how long it took nobody knows.
	 */
	if (arrived > p->sent_at) {
		rtt_sample(&l->rtt, arrived, arrived - p->sent_at);
		take_offset(l, p, arrived, utc_us, stamp);
	}
	/* Judged already: then it was late, not missed. */
	age = l->judged - words[0];
	if (age != 0 && age <= PROBES) {
		l->late++;
		l->missed &= ~(UINT64_C(1) << (age - 1));
		l->missed_run = trailing_ones(l->missed);
	}
	return true;
}

void
liveness_data(struct liveness *l, uint64_t now, uint64_t lost, uint64_t packets)
{
	uint64_t came, gone;

	if (now - l->data_at < DATA_SPAN_NS)
		return;
	came = packets - l->data_packets;
	/* What came late is no longer lost. */
	gone = lost > l->data_lost ? lost - l->data_lost : 0;
	gone = gone < DATA_LOST_MAX ? gone : DATA_LOST_MAX;
	l->data_at = now;
	l->data_lost = lost;
	l->data_packets = packets;
	if (came + gone < DATA_LEAST)
		gone = came = 0;
	l->data_loss = (3 * l->data_loss +
			       (uint32_t)(came + gone > 0 ? gone * 65536 / (came + gone) : 0)) /
		       4;
}

uint32_t
liveness_loss_ppm(const struct liveness *l)
{
	return l->verdicts == 0 ? 0 : window_missed(l) * 1000000 / l->verdicts;
}

uint32_t
liveness_data_loss_ppm(const struct liveness *l)
{
	return (uint32_t)(l->data_loss * UINT64_C(1000000) / 65536);
}

bool
liveness_clock_offset(const struct liveness *l, int64_t *us, uint64_t *rtt)
{
	const struct liveness_offset *best = &l->offset[l->offset[1].rtt < l->offset[0].rtt];

	*us = best->us;
	*rtt = best->rtt;
	return l->interval != 0 && best->rtt != UINT64_MAX;
}
