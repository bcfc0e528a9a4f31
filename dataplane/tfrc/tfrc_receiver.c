/* SPDX-License-Identifier: BSD-3-Clause */
#include "tfrc_receiver.h"
#include "tfrc_equation.h"

/*
 * Loss events that one gap may make before those in its middle are skipped: of more than eight no
 * more than the last are remembered.
 */
#define EVENTS_PER_GAP 256
#define EVENTS_KEPT    16

/* The first interval when nothing else is known: half a packet a round-trip time (6.3.1). */
#define F_LEAST_RATE (UINT64_C(2) << 32)

void
tfrc_receiver_init(struct tfrc_receiver *r, bool small_packets)
{
	*r = (struct tfrc_receiver){.expires_at = TFRC_NEVER};
	tfrc_history_init(&r->history, small_packets);
}

/* In ns; 0 = none known. */
static uint64_t
known_rtt(const struct tfrc_receiver *r)
{
	uint64_t rtt = (uint64_t)r->rtt * 1000;

	return rtt == 0 || rtt > TFRC_RTT_MIN_NS ? rtt : TFRC_RTT_MIN_NS;
}

static uint64_t
used_rtt(const struct tfrc_receiver *r)
{
	return r->rtt == 0 ? TFRC_UNTIMED_NS : known_rtt(r);
}

/*
 * What the feedback timer runs for; 0 = not known. At most twice what it ran for before: a single
 * long sample (a machine that stood still) must not put the report off beyond the sender's
 * nofeedback timer, which follows samples by a tenth (4.3).
 */
static uint64_t
next_timer_rtt(const struct tfrc_receiver *r)
{
	uint64_t rtt = known_rtt(r);

	return r->timer_rtt != 0 && rtt > 2 * r->timer_rtt ? 2 * r->timer_rtt : rtt;
}

/* R of 5.2. */
static uint64_t
event_rtt(const struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	uint64_t rtt = used_rtt(r), trip;

	/* One that was overtaken was longer under way than others are. */
	if (arrival->seq < r->highest)
		return rtt;
	trip = tfrc_trip_rtt(&r->trip, tfrc_trip_way(arrival->now, arrival->stamp), r->rtt);
	return trip > rtt ? trip : rtt;
}

static void
push_mark(struct tfrc_receiver *r, uint64_t at, uint64_t bytes)
{
	uint32_t i = r->marks++ % TFRC_MARKS;

	r->mark[i].at = at;
	r->mark[i].bytes = bytes;
}

/* No longer quiet: what was left out meanwhile is put down. */
static void
wake(struct tfrc_receiver *r)
{
	if (!r->quiet)
		return;
	r->quiet = false;
	r->last_seq = r->highest;
	r->judged = r->highest;
	r->order = 1;
	r->top[0] = (struct tfrc_top){.seq = r->highest, .at = r->last_at, .order = 1};
	r->top[1].order = r->top[2].order = 0;
}

/* Is a packet missing of which it is not known yet whether it is lost? */
static bool
in_doubt(const struct tfrc_receiver *r)
{
	uint64_t seq = r->highest;

	for (int i = 1; i < TFRC_NDUPACK && r->top[i].order != 0 && r->top[i].seq > r->judged;
		i++) {
		if (seq != r->top[i].seq + 1)
			return true;
		seq--;
	}
	return seq > r->judged + 1;
}

/* Quiet, if there is nothing to think about. */
static void
settle(struct tfrc_receiver *r)
{
	if (r->quiet || r->expires_at == TFRC_NEVER || r->last_seq != r->highest || in_doubt(r))
		return;
	r->quiet = true;
}

/* The size of the interval before the first loss event (6.3.1), 2^-16 packets. */
static uint64_t
first_interval(const struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	uint64_t f = F_LEAST_RATE;

	if (r->x_max != 0 && r->rtt != 0) {
		uint64_t size = tfrc_muldiv(
			arrival->bytes, UINT64_C(1) << TFRC_SHIFT, arrival->packets);
		uint64_t per_rtt = tfrc_muldiv(r->x_max, known_rtt(r), TFRC_SECOND_NS);
		uint64_t needed = per_rtt == 0 ? f : tfrc_muldiv(size, UINT64_C(1) << 32, per_rtt);

		if (needed < f)
			f = needed;
	}
	return (UINT64_C(1) << (32 + TFRC_SHIFT)) / tfrc_equation_p(f);
}

static void
begin_event(
	struct tfrc_receiver *r, const struct tfrc_arrival *arrival, uint64_t seq, uint64_t time)
{
	uint64_t first = r->history.count == 0 ? first_interval(r, arrival) : 0;

	tfrc_history_event(&r->history, seq, time, r->highest, used_rtt(r), first);
}

/* Packets that did not come, one after the other, and between whose arrivals they are missed. */
struct gap {
	uint64_t low, high;
	uint64_t before_seq, before_at, after_seq, after_at;
};

/* The first of the gap's packets that belongs to a new loss event (5.2); high + 1: none. */
static uint64_t
next_event(const struct tfrc_receiver *r, const struct gap *gap, uint64_t from)
{
	uint64_t limit = r->history.begin_time + r->event_rtt;
	uint64_t span = gap->after_at - gap->before_at, steps;

	if (r->history.count == 0 || limit < gap->before_at)
		return from;
	if (limit >= gap->after_at)
		return gap->high + 1;
	/* The first packet of which before_at + span * n / (after - before) is above the limit. */
	steps = tfrc_muldiv(limit - gap->before_at, gap->after_seq - gap->before_seq, span) + 1;
	if (gap->before_seq + steps <= from)
		return from;
	return gap->before_seq + steps <= gap->high ? gap->before_seq + steps : gap->high + 1;
}

static uint64_t
arrival_of(const struct gap *gap, uint64_t seq)
{
	return gap->before_at + tfrc_muldiv(gap->after_at - gap->before_at, seq - gap->before_seq,
					gap->after_seq - gap->before_seq);
}

static void
lose(struct tfrc_receiver *r, const struct tfrc_arrival *arrival, const struct gap *gap)
{
	uint64_t seq = gap->low, losses;
	int events = 0;

	while (seq <= gap->high) {
		uint64_t next = next_event(r, gap, seq);

		losses = next - seq + r->history.losses;
		r->history.losses = losses > UINT32_MAX ? UINT32_MAX : (uint32_t)losses;
		seq = next;
		if (seq > gap->high)
			return;
		begin_event(r, arrival, seq, arrival_of(gap, seq));
		r->history.losses = 1;
		seq++;
		if (++events == EVENTS_PER_GAP) {
			uint64_t stride = next_event(r, gap, seq) - seq + 1;

			if (seq < gap->high && (gap->high - seq) / EVENTS_KEPT > stride)
				seq = gap->high - EVENTS_KEPT * stride;
		}
	}
}

/* The packets between judged and the top entry of this rank are lost. */
static void
judge(struct tfrc_receiver *r, const struct tfrc_arrival *arrival, int rank)
{
	const struct tfrc_top *after = &r->top[0];
	uint64_t end = r->top[rank].seq;

	if (end <= r->judged)
		return;
	/* S_after of 5.2 is the first to arrive of those above. */
	for (int i = 1; i <= rank; i++)
		if (r->top[i].order < after->order)
			after = &r->top[i];
	if (end > r->judged + 1) {
		struct gap gap = {.low = r->judged + 1,
			.high = end - 1,
			.before_seq = after->before_seq,
			.before_at = after->before_at,
			.after_seq = after->seq,
			.after_at = after->at};

		lose(r, arrival, &gap);
	}
	r->judged = end;
}

/* Enters the packet among the highest; its rank there, or -1. */
static int
enter(struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	struct tfrc_top entry = {.seq = arrival->seq,
		.at = arrival->now,
		.before_seq = r->last_seq,
		.before_at = r->last_at,
		.order = ++r->order};
	int rank = 0;

	while (rank < TFRC_NDUPACK && r->top[rank].order != 0 && r->top[rank].seq > entry.seq)
		rank++;
	if (rank == TFRC_NDUPACK)
		return -1;
	for (int i = TFRC_NDUPACK - 1; i > rank; i--)
		r->top[i] = r->top[i - 1];
	r->top[rank] = entry;
	return rank;
}

/* A marked packet: congestion at once, and what is missing before it is taken as lost (5.1). */
static void
mark(struct tfrc_receiver *r, const struct tfrc_arrival *arrival, int rank)
{
	uint64_t seq = arrival->seq;

	for (int i = TFRC_NDUPACK - 1; rank >= 0 && i >= rank; i--)
		if (r->top[i].order != 0)
			judge(r, arrival, i);
	/* One that comes late counts where the sequences are now. */
	if (seq < r->highest)
		seq = r->highest;
	if (r->history.count != 0 && (r->history.begin_time + r->event_rtt >= arrival->now ||
					     seq <= r->history.begin_seq)) {
		r->history.losses++;
		return;
	}
	begin_event(r, arrival, seq, arrival->now);
	r->history.losses = 1;
}

static void
start(struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	r->started = true;
	r->highest = r->judged = arrival->seq;
	r->rtt = arrival->rtt;
	r->event_rtt = used_rtt(r);
	r->order = 1;
	r->top[0] = (struct tfrc_top){.seq = arrival->seq, .at = arrival->now, .order = 1};
}

/* 6.1, after the packet is in the history. */
static bool
report_due(struct tfrc_receiver *r, const struct tfrc_arrival *arrival, bool new_event)
{
	uint32_t before = r->p;

	if (r->expires_at == TFRC_NEVER)
		return true;
	if (!new_event)
		return false;
	r->p = tfrc_history_rate(&r->history, r->highest, arrival->now, used_rtt(r));
	return r->p > before;
}

bool
tfrc_receiver_packet_slow(struct tfrc_receiver *r, const struct tfrc_arrival *arrival)
{
	uint64_t events = r->history.events;
	int rank = 0;

	wake(r);
	if (!r->started) {
		start(r, arrival);
	} else {
		r->history.fresh = false;
		if (arrival->seq > r->highest) {
			r->highest = arrival->seq;
			r->rtt = arrival->rtt;
		}
		r->event_rtt = event_rtt(r, arrival);
		rank = arrival->seq > r->judged ? enter(r, arrival) : -1;
		if (rank >= 0 && r->top[TFRC_NDUPACK - 1].order != 0)
			judge(r, arrival, TFRC_NDUPACK - 1);
	}
	if (arrival->marked)
		mark(r, arrival, rank);
	r->last_seq = arrival->seq;
	r->last_at = arrival->now;
	r->stamp = arrival->stamp;
	if (report_due(r, arrival, r->history.events != events))
		return true;
	settle(r);
	return false;
}

bool
tfrc_receiver_expire(struct tfrc_receiver *r, uint64_t packets)
{
	if (packets != r->reported_packets)
		return true;
	wake(r);
	r->expires_at = TFRC_NEVER;
	return false;
}

/* X_recv over the time back to an expiration that is at least R_(m-1) ago (6.2, step 2). */
static uint64_t
receive_rate(struct tfrc_receiver *r, uint64_t now, uint64_t bytes)
{
	uint64_t rtt = r->timer_rtt != 0 ? r->timer_rtt : known_rtt(r), age;
	uint32_t i, oldest;

	if (r->reports == 0 || rtt == 0)
		return 0;
	/* Nothing had come for so long: the timer would have expired just then, too. */
	if (r->expires_at == TFRC_NEVER && r->timer_rtt != 0)
		push_mark(r, now - rtt, r->reported_bytes);
	oldest = r->marks > TFRC_MARKS ? r->marks - TFRC_MARKS : 0;
	for (i = r->marks - 1; i > oldest && now - r->mark[i % TFRC_MARKS].at < rtt; i--)
		;
	age = now - r->mark[i % TFRC_MARKS].at;
	return tfrc_muldiv((bytes - r->mark[i % TFRC_MARKS].bytes) << TFRC_SHIFT, TFRC_SECOND_NS,
		age > rtt ? age : rtt);
}

void
tfrc_receiver_report(struct tfrc_receiver *r, uint64_t now, uint64_t packets, uint64_t bytes,
	struct tfrc_report *report)
{
	r->p = tfrc_history_rate(&r->history, r->highest, now, used_rtt(r));
	r->x_recv = receive_rate(r, now, bytes);
	if (r->x_recv > r->x_max)
		r->x_max = r->x_recv;
	*report = (struct tfrc_report){.stamp = r->stamp,
		.delay = (uint32_t)((now - r->last_at) / 1000),
		.loss_rate = r->p,
		.seq_highest = r->highest,
		.rate = r->x_recv >> TFRC_SHIFT};

	push_mark(r, now, bytes);
	tfrc_trip_report(&r->trip, now, tfrc_trip_way(r->last_at, r->stamp), r->rtt);
	r->reported_packets = packets;
	r->reported_bytes = bytes;
	r->reports++;
	r->timer_rtt = next_timer_rtt(r);
	r->expires_at = now + (r->timer_rtt != 0 ? r->timer_rtt : TFRC_UNTIMED_NS);
	settle(r);
}
