/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TFRC's receiver and sender at single points, each named by its section of RFC 5348. What follows
 * from whole histories is tests/tfrc's.
 */
#include "unit.h"

#include "tfrc_equation.h"
#include "tfrc_receiver.h"
#include "tfrc_sender.h"

#define MS  UINT64_C(1000000)
#define RTT 20 /* ms */

static struct tfrc_receiver receiver;
static struct tfrc_totals received;
static uint64_t way;  /* ms that packets are under way */
static uint32_t told; /* ms: the round-trip time that they carry */

static bool
arrive_marked(uint64_t ms, uint64_t seq, bool marked)
{
	struct tfrc_arrival arrival = {.now = ms * MS,
		.seq = seq,
		.packets = ++received.packets,
		.bytes = received.bytes += 1000,
		.stamp = (uint32_t)((ms - way) * 1000),
		.rtt = told * 1000,
		.marked = marked};

	return tfrc_receiver_packet(&receiver, &arrival);
}

static bool
arrive(uint64_t ms, uint64_t seq)
{
	return arrive_marked(ms, seq, false);
}

static struct tfrc_report
report(uint64_t ms)
{
	struct tfrc_report r;

	tfrc_receiver_report(&receiver, ms * MS, received.packets, received.bytes, &r);
	return r;
}

/* A receiver that has had packets 100 to 109, a millisecond apart, and has just reported. */
static int
begin(void **state)
{
	(void)state;
	received = (struct tfrc_totals){0};
	way = 5;
	told = RTT;
	tfrc_receiver_init(&receiver, false);
	assert_true(arrive(1000, 100));
	assert_int_equal(report(1000).rate, 0);
	for (uint64_t i = 1; i < 10; i++)
		assert_false(arrive(1000 + i, 100 + i));
	return 0;
}

static void
loss_needs_three_packets(void **state) /* 5.1 */
{
	(void)state;
	assert_false(arrive(1011, 111));
	assert_false(arrive(1012, 112));
	assert_int_equal(receiver.history.events, 0);
	assert_true(arrive(1013, 113));
	assert_int_equal(receiver.history.events, 1);
	assert_int_equal(receiver.history.begin_seq, 110);
	assert_int_equal(receiver.history.begin_time, 1010 * MS); /* 5.2, interpolated */
}

static void
late_by_two_is_no_loss(void **state) /* 5.1 */
{
	(void)state;
	assert_false(arrive(1011, 111));
	assert_false(arrive(1012, 112));
	assert_false(arrive(1013, 110));
	for (uint64_t i = 13; i < 19; i++)
		assert_false(arrive(1001 + i, 100 + i));
	assert_int_equal(receiver.history.events, 0);
	assert_true(tfrc_receiver_is_quiet(&receiver));
	assert_int_equal(receiver.highest, 118);
}

static void
packets_in_order_may_be_told_later(void **state)
{
	(void)state;
	assert_true(tfrc_receiver_is_quiet(&receiver));
	/* 110 to 113 at 1010 to 1013, then 114 is missing. */
	received.packets += 4;
	received.bytes += 4000;
	tfrc_receiver_catch_up(&receiver, 1013 * MS, 113, 77, RTT * 1000);
	assert_int_equal(receiver.highest, 113);
	assert_false(arrive(1015, 115));
	assert_false(tfrc_receiver_is_quiet(&receiver));
	/* Not quiet: nobody may have left anything out. */
	tfrc_receiver_catch_up(&receiver, 1016 * MS, 116, 78, RTT * 1000);
	assert_int_equal(receiver.highest, 115);
	assert_false(arrive(1016, 116));
	assert_true(arrive(1017, 117));
	assert_int_equal(receiver.history.begin_seq, 114);
	assert_int_equal(receiver.history.begin_time, 1014 * MS); /* between 113 and 115 */
}

static void
mark_makes_missing_lost(void **state) /* 5.1: n-1, n+1, then n+2 marked */
{
	(void)state;
	assert_false(arrive(1011, 111));
	assert_true(arrive_marked(1012, 112, true));
	assert_int_equal(receiver.history.events, 1);
	assert_int_equal(receiver.history.begin_seq, 110);
	assert_int_equal(receiver.history.losses, 2);
}

static void
mark_alone_is_an_interval_of_one(void **state) /* 5.3 */
{
	(void)state;
	assert_true(arrive_marked(1010, 110, true));
	assert_int_equal(receiver.highest - receiver.history.begin_seq + 1, 1);
}

static void
losses_within_a_round_trip_are_one_event(void **state) /* 5.2 */
{
	(void)state;
	for (uint64_t i = 11; i < 60; i++)
		if (i != 30 && i != 31) /* 110 at 1010, 130 at 1030: R apart, the same event */
			(void)arrive(1000 + i, 100 + i);
	assert_int_equal(receiver.history.events, 2);
	assert_int_equal(receiver.history.begin_seq, 131);
	assert_int_equal(receiver.history.size[0], 21 << TFRC_SHIFT); /* 5.3: 131 - 110 */
}

static void
absurd_gap_is_bounded(void **state)
{
	(void)state;
	/* An hour without a packet, and 2^60 sequences gone: 180,000 round-trip times of loss. */
	assert_true(receiver.expires_at != TFRC_NEVER);
	assert_true(tfrc_receiver_expire(&receiver, received.packets));
	(void)report(1020);
	assert_false(tfrc_receiver_expire(&receiver, received.packets));
	for (uint64_t i = 0; i < 3; i++)
		if (arrive(3600000 + i, (UINT64_C(1) << 60) + i))
			(void)report(3600000 + i);
	assert_in_range(receiver.history.events, 8, 1000);
	assert_int_equal(receiver.history.count, TFRC_INTERVALS);
	assert_int_equal(report(3600003).loss_rate, 1); /* the least there is */
}

static void
silence_then_one_packet(void **state) /* 6.1, 6.2: reported at once, a packet a round-trip time */
{
	(void)state;
	assert_true(tfrc_receiver_expire(&receiver, received.packets));
	(void)report(1020);
	assert_false(tfrc_receiver_expire(&receiver, received.packets));
	assert_false(tfrc_receiver_is_quiet(&receiver));
	assert_true(arrive(9000, 110));
	assert_int_equal(report(9000).rate, 1000 * 1000 / RTT);
	assert_true(tfrc_receiver_is_quiet(&receiver));
}

static void
last_sequence_of_all(void **state) /* 0 was marked: the open interval has 2^64 packets, not none */
{
	(void)state;
	received = (struct tfrc_totals){0};
	tfrc_receiver_init(&receiver, false);
	assert_true(arrive_marked(1, 0, true));
	(void)arrive_marked(1, UINT64_MAX, true);
	assert_in_range(report(1).loss_rate, 1, 2);
}

static void
first_packet_marked(void **state) /* 6.3.1 */
{
	(void)state;
	received = (struct tfrc_totals){0};
	tfrc_receiver_init(&receiver, false);
	assert_true(arrive_marked(1, 7, true));
	/* f(p) = 2: half a packet a round-trip time. */
	assert_in_range(
		tfrc_equation_f(report(1).loss_rate), UINT64_C(0x1ffff0000), UINT64_C(0x200010000));
}

static void
equation_grows(void **state) /* 3.1: more loss, less rate */
{
	uint64_t last = 0;

	(void)state;
	for (uint64_t p = 1; p <= TFRC_P_ONE; p += p / 64 + 1) {
		uint64_t f = tfrc_equation_f((uint32_t)p);

		assert_true(f >= last);
		last = f;
	}
}

static void
impossible_reports_change_nothing(void **state)
{
	struct tfrc_params params = {.mss = 1400};
	struct tfrc_feedback good = {.since_sent = 30 * MS, .delay = 10 * MS, .seq_highest = 5};
	struct tfrc_feedback bad[] = {
		{.since_sent = 30 * MS, .delay = 40 * MS, .seq_highest = 6},
		{.since_sent = 70000 * MS, .delay = 1 * MS, .seq_highest = 6},
		{.since_sent = 30 * MS, .delay = 10 * MS, .seq_highest = 4},
		{.since_sent = 30 * MS, .delay = 10 * MS, .seq_highest = 6, .rate = UINT64_MAX},
	};
	struct tfrc_sender sender, before;

	(void)state;
	tfrc_sender_init(&sender, &params);
	assert_true(tfrc_sender_feedback(&sender, &good, (struct tfrc_totals){6, 6000}, 1000 * MS));
	assert_int_equal(sender.rtt, 20 * MS);
	before = sender;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(tfrc_sender_feedback(
			&sender, &bad[i], (struct tfrc_totals){7, 7000}, 1020 * MS));
		assert_memory_equal(&sender, &before, sizeof(sender));
	}
}

/*
 * A port refused what was counted as sent, so that the totals are lower than they were: whatever
 * they are, the packet size stays one that packets can have, and the rate one above 0 (4.3).
 */
static void
totals_may_fall(void **state)
{
	struct tfrc_params params = {.mss = 1400, .timer_min = 20 * MS};
	struct tfrc_feedback feedback = {.since_sent = 30 * MS,
		.delay = 10 * MS,
		.rate = 100000,
		.p = UINT32_C(1) << 26,
		.seq_highest = 50};
	static const struct tfrc_totals totals[] = {{101, 100100}, {100, 100000}, {99, 100000},
		{110, 99000}, {111, 99001}, {90, 200000}, {0, 0}, {5, 700000}};
	struct tfrc_sender sender;
	uint64_t now = 1000 * MS;

	(void)state;
	tfrc_sender_init(&sender, &params);
	for (size_t i = 0; i < 4 * sizeof(totals) / sizeof(totals[0]); i++) {
		struct tfrc_totals sent = totals[i * 3 % (sizeof(totals) / sizeof(totals[0]))];

		feedback.seq_highest++;
		if (i % 3 == 0)
			assert_true(tfrc_sender_feedback(&sender, &feedback, sent, now += MS));
		else
			tfrc_sender_expire(&sender, sent, now = sender.nofeedback_at);
		assert_in_range(
			sender.size, UINT64_C(1) << TFRC_SHIFT, UINT64_C(1400) << TFRC_SHIFT);
		assert_true(sender.x > 0 && sender.rate > 0);
		if (sender.nofeedback_at == TFRC_NEVER)
			tfrc_sender_wake(&sender, sent, now);
	}
}

/*
 * Packets 110 to 149, a millisecond apart, and three reports, all with the same way; then two
 * packets are lost, 25 ms apart, while the way is longer by so many ms. How many loss events?
 */
static uint64_t
events_of_two_losses(uint64_t longer)
{
	uint64_t ms = 1010, seq = 110;

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < RTT; j++)
			(void)arrive(ms++, seq++);
		(void)report(ms - 1);
	}
	way += longer;
	ms += longer;
	for (int i = 0; i < 40; i++, ms++, seq++)
		if (i != 5 && i != 30)
			(void)arrive(ms, seq);
	return receiver.history.events;
}

/* 5.2: R of the packets is 20 ms, and so is the round-trip time. */
static void
losses_a_round_trip_apart_are_two_events(void **state)
{
	(void)state;
	assert_int_equal(events_of_two_losses(0), 2);
}

/* 5.2, 3.2.1, choice 17: the packets still say 20 ms, but a queue has made it 30. */
static void
losses_while_a_queue_fills_are_one_event(void **state)
{
	(void)state;
	assert_int_equal(events_of_two_losses(10), 1);
}

/* Choice 17: what two clocks say is not believed beyond three times what the packets say. */
static void
trip_has_bounds(void **state)
{
	struct tfrc_trip trip = {0};

	(void)state;
	assert_int_equal(tfrc_trip_rtt(&trip, 4000000000, 20000), 20 * MS);
	tfrc_trip_report(&trip, 0, UINT32_MAX - 100, 20000);
	tfrc_trip_report(&trip, 20 * MS, UINT32_MAX - 100, 20000);
	/* The clocks' difference passes 2^32 on the way. */
	assert_int_equal(tfrc_trip_rtt(&trip, 9899, 20000), 30 * MS + 30 * MS / 16);
	assert_int_equal(tfrc_trip_rtt(&trip, UINT32_MAX - 100, 20000), 20 * MS + 20 * MS / 16);
	assert_int_equal(tfrc_trip_rtt(&trip, UINT32_MAX - 9000, 20000), 20 * MS);
	assert_int_equal(tfrc_trip_rtt(&trip, 200000, 20000), 60 * MS);
	assert_int_equal(tfrc_trip_rtt(&trip, UINT32_MAX / 2 + 1, 20000), 20 * MS);
	assert_int_equal(tfrc_trip_rtt(&trip, 9899, 0), 0);
	assert_int_equal(tfrc_trip_rtt(&trip, 2000000000, UINT32_MAX), UINT32_MAX * UINT64_C(1000));
}

/* Time stamps of a neighbour that forges them lead nowhere, however long it goes on. */
static void
trip_of_forged_stamps_is_bounded(void **state)
{
	struct tfrc_trip trip = {0};
	uint32_t stamp = 0;

	(void)state;
	for (uint64_t i = 1; i < 200000; i++) {
		uint64_t rtt;

		stamp += INT32_MAX;
		tfrc_trip_report(&trip, i * 20 * MS, stamp, RTT * 1000);
		rtt = tfrc_trip_rtt(&trip, stamp + INT32_MAX, RTT * 1000);
		assert_true(rtt >= RTT * MS && rtt <= 3 * RTT * MS);
	}
}

/* 3.2.1, 4.3, choice 18: packets carry R, or the last sample where that is longer. */
static void
packets_carry_the_longer_estimate(void **state)
{
	struct tfrc_params params = {.mss = 1000};
	struct tfrc_feedback feedback = {.since_sent = 100 * MS, .rate = 1000};
	struct tfrc_sender sender;

	(void)state;
	tfrc_sender_init(&sender, &params);
	assert_int_equal(tfrc_sender_told_rtt(&sender), 0);
	for (uint64_t i = 1; i < 4; i++) {
		feedback.seq_highest = i;
		assert_true(tfrc_sender_feedback(
			&sender, &feedback, (struct tfrc_totals){i, i * 1000}, i * 1000 * MS));
	}
	assert_int_equal(tfrc_sender_told_rtt(&sender), 100 * MS);
	feedback.since_sent = 200 * MS;
	assert_true(
		tfrc_sender_feedback(&sender, &feedback, (struct tfrc_totals){4, 4000}, 4000 * MS));
	assert_int_equal(sender.rtt, 110 * MS);
	assert_int_equal(tfrc_sender_told_rtt(&sender), 200 * MS);
	feedback.since_sent = 50 * MS;
	assert_true(
		tfrc_sender_feedback(&sender, &feedback, (struct tfrc_totals){5, 5000}, 5000 * MS));
	assert_int_equal(tfrc_sender_told_rtt(&sender), 104 * MS);
}

/*
 * 6.2, choice 19: a sample fifty times as long as all others puts no report off for so long; the
 * sender's nofeedback timer (4R, 4.3) would expire twice before.
 */
static void
one_long_sample_puts_no_report_off(void **state)
{
	(void)state;
	told = 50 * RTT;
	assert_false(arrive(1010, 110));
	(void)report(1020);
	assert_int_equal(receiver.expires_at, (1020 + 2 * RTT) * MS);
	assert_false(arrive(1050, 111));
	(void)report(1060);
	assert_int_equal(receiver.expires_at, (1060 + 4 * RTT) * MS);
	told = RTT;
	assert_false(arrive(1100, 112));
	(void)report(1140);
	assert_int_equal(receiver.expires_at, (1140 + RTT) * MS);
}

/* A report of 100 ms after another that lets the sender send twice the receive rate that counts. */
static uint64_t
rate_after(struct tfrc_sender *sender, uint64_t ms, uint64_t rate, bool limited)
{
	struct tfrc_feedback feedback = {
		.since_sent = 100 * MS, .rate = rate, .p = UINT32_C(1) << 12, .seq_highest = ms};

	sender->not_limited1 = limited ? 0 : (ms - 100) * MS;
	assert_true(tfrc_sender_feedback(
		sender, &feedback, (struct tfrc_totals){ms, ms * 1000}, ms * MS));
	return (sender->x >> TFRC_SHIFT) / 2;
}

/*
 * 4.3: after a data-limited interval X_recv_set has one item, which three others do not push out.
 */
static void
data_limited_keeps_the_largest(void **state)
{
	struct tfrc_params params = {.mss = 1000};
	struct tfrc_sender sender;

	(void)state;
	tfrc_sender_init(&sender, &params);
	(void)rate_after(&sender, 1000, 100000, false);
	assert_int_equal(rate_after(&sender, 1300, 100000, false), 100000);
	assert_int_equal(rate_after(&sender, 1330, 90000, false), 100000);
	assert_int_equal(rate_after(&sender, 1360, 80000, false), 100000);
	assert_int_equal(rate_after(&sender, 1390, 50000, true), 100000);
	assert_int_equal(rate_after(&sender, 1420, 60000, false), 100000);
	assert_int_equal(rate_after(&sender, 1450, 60000, false), 100000);
	assert_int_equal(rate_after(&sender, 1480, 60000, false), 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loss_needs_three_packets, begin),
		cmocka_unit_test_setup(late_by_two_is_no_loss, begin),
		cmocka_unit_test_setup(packets_in_order_may_be_told_later, begin),
		cmocka_unit_test_setup(mark_makes_missing_lost, begin),
		cmocka_unit_test_setup(mark_alone_is_an_interval_of_one, begin),
		cmocka_unit_test_setup(losses_within_a_round_trip_are_one_event, begin),
		cmocka_unit_test_setup(losses_a_round_trip_apart_are_two_events, begin),
		cmocka_unit_test_setup(losses_while_a_queue_fills_are_one_event, begin),
		cmocka_unit_test(trip_has_bounds),
		cmocka_unit_test(trip_of_forged_stamps_is_bounded),
		cmocka_unit_test(packets_carry_the_longer_estimate),
		cmocka_unit_test_setup(one_long_sample_puts_no_report_off, begin),
		cmocka_unit_test(data_limited_keeps_the_largest),
		cmocka_unit_test_setup(absurd_gap_is_bounded, begin),
		cmocka_unit_test_setup(silence_then_one_packet, begin),
		cmocka_unit_test(last_sequence_of_all),
		cmocka_unit_test(first_packet_marked),
		cmocka_unit_test(equation_grows),
		cmocka_unit_test(impossible_reports_change_nothing),
		cmocka_unit_test(totals_may_fall),
	};

	return cmocka_run_group_tests_name("tfrc", tests, NULL, NULL);
}
