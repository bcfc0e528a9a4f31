/* SPDX-License-Identifier: BSD-3-Clause */
#include "tfrc_sender.h"
#include "tfrc_equation.h"

#define W_INIT 4380 /* 4.2 */

static uint64_t
at_least(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
twice(uint64_t rate)
{
	return rate > TFRC_INFINITE / 2 ? TFRC_INFINITE : 2 * rate;
}

/* s of the equation: for TFRC-SP what a TCP would use, whatever is really sent (RFC 4828, 3). */
static uint64_t
nominal_size(const struct tfrc_sender *s)
{
	if (!s->params.small_packets)
		return s->size;
	return (uint64_t)at_most(s->params.mss, TFRC_SP_SEGMENT) << TFRC_SHIFT;
}

/* s/t_mbi (4.3). */
static uint64_t
least_rate(const struct tfrc_sender *s)
{
	return nominal_size(s) / TFRC_BACKOFF_MAX_S;
}

/* 4.2, and recover_rate of 4.4. */
static uint64_t
initial_rate(const struct tfrc_sender *s)
{
	uint64_t mss = s->params.mss, window = at_most(4 * mss, at_least(2 * mss, W_INIT));

	return tfrc_muldiv(window << TFRC_SHIFT, TFRC_SECOND_NS, s->rtt);
}

/* Square root of a time in ns, units of 2^-13. */
static uint64_t
root_of(uint64_t ns)
{
	return tfrc_isqrt(ns << 26);
}

/* The instantaneous rate (4.5), and what TFRC-SP takes off (RFC 4828, 3). */
static void
set_rate(struct tfrc_sender *s)
{
	uint64_t rate = s->x;

	if (s->rtt_sqmean != 0)
		rate = at_least(
			tfrc_muldiv(s->x, s->rtt_sqmean, root_of(s->rtt_sample)), least_rate(s));
	if (s->params.small_packets) {
		uint64_t headers = (uint64_t)TFRC_SP_HEADERS << TFRC_SHIFT;

		rate = tfrc_muldiv(rate, s->size, s->size + headers);
		rate = at_most(rate, tfrc_muldiv(s->size, TFRC_SECOND_NS, s->params.min_interval));
	}
	s->rate = rate;
}

/* RTO of 4.3. */
static uint64_t
timeout(const struct tfrc_sender *s)
{
	uint64_t two_packets = tfrc_muldiv(2 * nominal_size(s), TFRC_SECOND_NS, s->x);

	return at_least(at_least(4 * s->rtt, two_packets), s->params.timer_min);
}

/*
 * s: the mean over four loss intervals (4.1), which last 4/p packets, or over so many packets while
 * there was no loss.
 */
static void
renew_size(struct tfrc_sender *s, struct tfrc_totals sent)
{
	uint64_t packets = sent.packets - s->s_packets, bytes = sent.bytes - s->s_bytes;
	uint64_t mean, share; /* 1 = 2^32 */

	if (packets == 0)
		return;
	/* Totals fall when a port refuses what was counted as sent: from there anew. */
	if (unlikely((int64_t)packets < 0 || (int64_t)bytes < (int64_t)packets)) {
		s->s_packets = sent.packets;
		s->s_bytes = sent.bytes;
		return;
	}
	mean = at_most(tfrc_muldiv(bytes, UINT64_C(1) << TFRC_SHIFT, packets),
		(uint64_t)s->params.mss << TFRC_SHIFT);
	share = tfrc_muldiv(packets, UINT64_C(1) << 32, TFRC_SIZE_HISTORY_MIN);
	if (s->p != 0)
		share = at_most(share, tfrc_muldiv(packets, s->p, TFRC_SIZE_HISTORY));
	if (!s->sized || share >> 32 != 0)
		s->size = mean;
	else if (mean >= s->size)
		s->size += ((mean - s->size) * share) >> 32;
	else
		s->size -= ((s->size - mean) * share) >> 32;
	s->sized = true;
	s->s_packets = sent.packets;
	s->s_bytes = sent.bytes;
}

void
tfrc_sender_init(struct tfrc_sender *s, const struct tfrc_params *params)
{
	uint64_t size = (uint64_t)params->mss << TFRC_SHIFT;

	*s = (struct tfrc_sender){.nofeedback_at = TFRC_NEVER,
		.x = size,
		.size = size,
		.nb_recv = 1,
		.recv[0].rate = TFRC_INFINITE,
		.params = *params};
	set_rate(s);
}

/* The first measurement of the round-trip time (4.2). */
static void
begin(struct tfrc_sender *s, uint64_t now)
{
	s->x = initial_rate(s);
	s->doubled_at = now;
	s->recv[0].at = now;
}

void
tfrc_sender_rtt(struct tfrc_sender *s, uint64_t rtt, uint64_t now)
{
	bool first = s->rtt == 0;

	if (s->reported || rtt > TFRC_RTT_MAX_NS)
		return;
	s->rtt = at_least(rtt, TFRC_RTT_MIN_NS);
	if (!first)
		return;
	begin(s, now);
	set_rate(s);
}

/* What a sample counts as (choice 20). */
static uint64_t
believed(const struct tfrc_sender *s, uint64_t sample)
{
	uint64_t most = TFRC_RTT_GROWTH * tfrc_sender_told_rtt(s);

	return s->reported ? at_most(sample, at_least(most, TFRC_RTT_JUMP_NS)) : sample;
}

/* Steps 1 and 2 of 4.3, and R_sqmean of 4.5. */
static void
sample_rtt(struct tfrc_sender *s, uint64_t measured)
{
	uint64_t sample = believed(s, measured), root = root_of(sample);

	s->rtt_sample = sample;
	if (!s->reported) {
		s->rtt = sample;
		s->rtt_sqmean = root;
		return;
	}
	s->rtt = (9 * s->rtt + sample) / 10;
	s->rtt_sqmean = (9 * s->rtt_sqmean + root) / 10;
}

/* 8.2.1: was the sender data-limited all the time that the report covers? */
static bool
data_limited(struct tfrc_sender *s, const struct tfrc_feedback *feedback, uint64_t now)
{
	uint64_t t_new = now - at_most(now, feedback->since_sent);
	uint64_t t_old = t_new - at_most(t_new, s->rtt);
	bool limited = !(t_old < s->not_limited1 && s->not_limited1 <= t_new) &&
		       !(t_old < s->not_limited2 && s->not_limited2 <= t_new);

	s->t_new = t_new;
	s->t_next = now;
	if (s->not_limited1 <= t_new && s->not_limited2 > t_new)
		s->not_limited1 = s->not_limited2;
	return limited && feedback->rate != 0;
}

static uint64_t
recv_max(const struct tfrc_sender *s)
{
	uint64_t max = 0;

	for (uint32_t i = 0; i < s->nb_recv; i++)
		max = at_least(max, s->recv[i].rate);
	return max;
}

/* Maximize X_recv_set(): its only item is then its largest, infinity left out. */
static void
maximize(struct tfrc_sender *s, uint64_t rate, uint64_t now)
{
	for (uint32_t i = 0; i < s->nb_recv; i++)
		if (s->recv[i].rate != TFRC_INFINITE)
			rate = at_least(rate, s->recv[i].rate);
	s->nb_recv = 1;
	s->recv[0] = (struct tfrc_recv_rate){.rate = rate, .at = now};
}

/* Update X_recv_set(): what came within two round-trip times, three items at most (8.2.2). */
static void
update(struct tfrc_sender *s, uint64_t rate, uint64_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nb_recv; i++)
		if (now - s->recv[i].at <= 2 * s->rtt)
			s->recv[n++] = s->recv[i];
	if (n == TFRC_RECV_SET) {
		for (uint32_t i = 1; i < n; i++)
			s->recv[i - 1] = s->recv[i];
		n--;
	}
	s->recv[n] = (struct tfrc_recv_rate){.rate = rate, .at = now};
	s->nb_recv = n + 1;
}

/* The second half of step 4 where p > 0: X from the equation. */
static void
limit(struct tfrc_sender *s, uint64_t recv_limit)
{
	s->x_bps = tfrc_equation_rate(nominal_size(s), s->rtt, s->p);
	s->x = at_least(at_most(s->x_bps, recv_limit), least_rate(s));
}

/* Step 4. */
static void
renew_rate(struct tfrc_sender *s, const struct tfrc_feedback *feedback, bool limited, uint64_t now)
{
	uint64_t rate = feedback->rate << TFRC_SHIFT, recv_limit;

	if (!limited) {
		update(s, rate, now);
		recv_limit = twice(recv_max(s));
	} else if (feedback->p > s->p) {
		for (uint32_t i = 0; i < s->nb_recv; i++)
			if (s->recv[i].rate != TFRC_INFINITE)
				s->recv[i].rate /= 2;
		maximize(s, tfrc_muldiv(rate, 85, 100), now);
		recv_limit = recv_max(s);
	} else {
		maximize(s, rate, now);
		recv_limit = twice(recv_max(s));
	}
	s->p = feedback->p;
	if (s->p > 0) {
		limit(s, recv_limit);
	} else if (now - s->doubled_at >= s->rtt) {
		s->x = at_least(at_most(twice(s->x), recv_limit), initial_rate(s));
		s->doubled_at = now;
	}
}

bool
tfrc_sender_feedback(struct tfrc_sender *s, const struct tfrc_feedback *feedback,
	struct tfrc_totals sent, uint64_t now)
{
	uint64_t sample = feedback->since_sent - at_most(feedback->since_sent, feedback->delay);
	bool first = s->rtt == 0, limited;
	uint64_t rto;

	if (feedback->seq_highest < s->seq_reported || sample > TFRC_RTT_MAX_NS ||
		feedback->since_sent + TFRC_RTT_MIN_NS < feedback->delay ||
		feedback->rate > TFRC_INFINITE >> (TFRC_SHIFT + 1))
		return false;
	s->seq_reported = feedback->seq_highest;
	s->reports++;
	renew_size(s, sent);
	sample_rtt(s, at_least(sample, TFRC_RTT_MIN_NS));
	s->reported = true;
	rto = timeout(s);
	limited = data_limited(s, feedback, now);
	if (first)
		begin(s, now);
	if (!first || feedback->p > 0)
		renew_rate(s, feedback, limited, now);
	set_rate(s);
	s->nofeedback_at = now + rto;
	s->timer_packets = sent.packets;
	return true;
}

/* Update_Limits() of 4.4. */
static void
update_limits(struct tfrc_sender *s, uint64_t timer_limit, uint64_t now)
{
	timer_limit = at_least(timer_limit, least_rate(s));
	s->nb_recv = 1;
	s->recv[0] = (struct tfrc_recv_rate){.rate = timer_limit / 2, .at = now};
	limit(s, twice(recv_max(s)));
}

/* Idle since the timer was set, and slow already: nothing is halved (4.4). */
static bool
rests(const struct tfrc_sender *s, struct tfrc_totals sent)
{
	if (sent.packets != s->timer_packets)
		return false;
	if (s->rtt == 0)
		return true;
	return s->p > 0 ? recv_max(s) < initial_rate(s) : s->x < twice(initial_rate(s));
}

void
tfrc_sender_expire(struct tfrc_sender *s, struct tfrc_totals sent, uint64_t now)
{
	uint64_t recv = recv_max(s);

	renew_size(s, sent);
	s->expiries++;
	if (rests(s, sent)) {
		s->nofeedback_at = TFRC_NEVER;
		return;
	}
	if (s->p == 0)
		s->x = at_least(s->x / 2, least_rate(s));
	else if (s->x_bps > twice(recv))
		update_limits(s, recv, now);
	else
		update_limits(s, s->x_bps / 2, now);
	set_rate(s);
	s->nofeedback_at = now + timeout(s);
	s->timer_packets = sent.packets;
}

void
tfrc_sender_wake(struct tfrc_sender *s, struct tfrc_totals before, uint64_t now)
{
	s->nofeedback_at = now +
			   (s->rtt == 0 && s->x >= s->size ? TFRC_START_TIMER_NS : timeout(s));
	s->timer_packets = before.packets;
}
