/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Windows that are wrong: a sender that counts anew within its epoch, sequences that never were and
 * were taken. A link is heard again after 100 ms, a session after two seconds; what a slow way
 * still brings while the source pauses is not taken for that.
 */
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "seq_behind.h"
#include "small.h"

#define GAP  (100 * SIM_US)
#define LONG (SIM_MS)
#define N    3000 /* packets of each kind, more than a window and 2 s */
#define OLD  6000 /* before that, so many that all the others are too old */

#define LINK_LOST (LINK_BEHIND_NS / LONG) /* until a link's window begins anew */

struct scene {
	struct sim *sim;
	uint32_t index;
	struct link *link; /* the sender's */
	const struct link *from;
	struct source *source;
	struct destination *dst;
};

static struct scene
begin(enum link_pacing pacing, uint32_t reorder_packets, const struct rlnc_params *coding)
{
	struct scene s = {.sim = small_new(2)};
	struct sim_line line = small_line();
	struct sim_session session;

	s.sim->pacing = pacing;
	small_connect(s.sim, 1, 2, &line);
	s.sim->extra_buffers = reorder_packets + 512;
	if (coding != NULL)
		s.sim->extra_buffers += rlnc_receiver_holds(coding);
	sim_build(s.sim);
	session = small_session(s.sim, 1, (uint32_t[]){2, 0});
	session.reorder_packets = reorder_packets;
	session.reorder_ns = 20 * SIM_MS;
	if (coding != NULL)
		session.coding = *coding;
	sim_session_flow(&session, 0, 1, "2");
	s.index = small_start(s.sim, NULL, &session);
	s.link = node_find_link(s.sim->nodes[0].node, 2);
	s.from = node_find_link(s.sim->nodes[1].node, 1);
	s.source = sim_source(s.sim, s.index);
	s.dst = small_destination(s.sim, s.index, 2);
	return s;
}

/* Returns how many of them were delivered. */
static uint64_t
send_packets(struct scene *s, uint32_t n, uint64_t gap)
{
	uint64_t before = destination_delivered(s->dst).packets;

	small_send(s->sim, s->index, n, 100, gap);
	sim_run_until(s->sim, s->sim->now + 50 * SIM_MS);
	return destination_delivered(s->dst).packets - before;
}

static const enum drop_reason link_allowed[] = {DROP_link_too_old, DROP_link_far_ahead, DROP_none};
static const enum drop_reason session_allowed[] = {
	DROP_session_too_old, DROP_session_far_ahead, DROP_none};

static void
check_session(struct scene *s, uint32_t lost)
{
	uint64_t came = send_packets(s, N, LONG), silence = LINK_SILENCE_NS / LONG;

	assert_in_range(came, N - silence - lost - 2, N - silence - lost);
	assert_int_equal(s->dst->counters.epochs, 2);
	/* And it goes on. */
	assert_int_equal(send_packets(s, N, GAP), N);
	assert_int_equal(s->dst->counters.epochs, 2);
}

/* Node 1 begins anew, its epoch does not; so does that of its session. */
static void
restart(struct scene *s)
{
	assert_int_equal(send_packets(s, OLD, GAP), OLD);
	sim_node_stop(s->sim, 0);
	s->sim->nodes[0].epoch--;
	sim_node_start(s->sim, 0);
	sim_session_start(s->sim, s->index);
}

static void
test_node_restarts(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_link_too_old, DROP_session_too_old, DROP_none};
	struct scene s = begin(LINK_PACING_NONE, 0, NULL);

	(void)state;
	restart(&s);
	check_session(&s, LINK_LOST);
	assert_int_equal(small_drops(s.sim, 2, DROP_link_too_old), LINK_LOST);
	assert_int_equal(s.from->rx.packets, OLD + 2 * N - LINK_LOST);
	assert_int_equal(s.from->rx.window.highest, 2 * N - 1);
	assert_int_equal(s.from->rx.epochs, 2);
	assert_int_equal(link_lost(&s.from->rx), 0);
	small_finish(s.sim, NULL, allowed);
}

/* Nothing is reported until the window is right again, and then all is. */
static void
test_tfrc_restarts(void **state)
{
	static const enum drop_reason allowed[] = {DROP_link_too_old, DROP_session_too_old,
		DROP_feeder_full, DROP_queue_expired, DROP_none};
	struct scene s = begin(LINK_PACING_TFRC, 0, NULL);

	(void)state;
	restart(&s);
	(void)send_packets(&s, 2 * N, LONG);
	assert_int_equal(small_drops(s.sim, 2, DROP_link_too_old), SEQ_BEHIND_RUN - 1);
	assert_int_equal(send_packets(&s, N, LONG), N);
	assert_int_equal(s.dst->counters.epochs, 2);
	small_finish(s.sim, NULL, allowed);
}

/* Two packets near each other and far from all: believed, and what is real is too old. */
static void
test_link_forged(void **state)
{
	struct scene s = begin(LINK_PACING_NONE, 0, NULL);

	(void)state;
	assert_int_equal(send_packets(&s, OLD, GAP), OLD);
	s.link->tx.seq += UINT64_C(1) << 63;
	assert_int_equal(send_packets(&s, 2, GAP), 1);
	s.link->tx.seq -= UINT64_C(1) << 63;
	assert_int_equal(send_packets(&s, N, LONG), N - LINK_LOST);
	assert_in_range(link_lost(&s.from->rx), SEQ_MISSING, SEQ_MISSING + 2);
	small_finish(s.sim, NULL, link_allowed);
}

/*
 * The underlay takes a faster way: bursts of what it brings come between bursts of what the old one
 * still does. What lies between them is lost once.
 */
static void
test_faster_way(void **state)
{
	struct scene s = begin(LINK_PACING_NONE, 0, NULL);
	const uint32_t ahead = 5000, burst = 32, bursts = 20;

	(void)state;
	assert_int_equal(send_packets(&s, OLD, GAP), OLD);
	for (uint32_t i = 0; i < bursts; i++) {
		s.link->tx.seq += ahead;
		(void)send_packets(&s, burst, GAP);
		s.link->tx.seq -= ahead;
		assert_int_equal(send_packets(&s, burst, GAP), 0);
	}
	assert_int_equal(s.from->rx.epochs, 1);
	assert_in_range(link_lost(&s.from->rx), ahead, ahead + bursts * burst);
	small_finish(s.sim, NULL, link_allowed);
}

static void
test_session_restarts(void **state)
{
	(void)state;
	for (uint32_t order = 0; order <= 64; order += 64) {
		struct scene s = begin(LINK_PACING_NONE, order, NULL);

		assert_int_equal(send_packets(&s, OLD, GAP), OLD);
		s.source->line->others -= OLD;
		check_session(&s, 0);
		small_finish(s.sim, NULL, session_allowed);
	}
}

static void
test_session_forged(void **state)
{
	struct scene s = begin(LINK_PACING_NONE, 0, NULL);

	(void)state;
	assert_int_equal(send_packets(&s, N, GAP), N);
	s.source->line->others += 1 << 21;
	assert_int_equal(send_packets(&s, 2, GAP), 1);
	s.source->line->others -= 1 << 21;
	check_session(&s, 0);
	small_finish(s.sim, NULL, session_allowed);
}

/* With source packets in it, and of combinations alone. */
static void
test_coded_restarts(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct rlnc_params coding = {.code = i / 2 == 0 ? RLNC_BLOCK : RLNC_WINDOW,
			.k = 16,
			.systematic = i % 2 == 0 || i / 2 == 1,
			.ratio = 500000,
			.close = 5 * SIM_MS,
			.deadline = 50 * SIM_MS};
		const uint32_t whole = N / 16 * 16, old = OLD / 16 * 16,
			       silence = LINK_SILENCE_NS / LONG;
		struct scene s = begin(LINK_PACING_NONE, 0, &coding);

		assert_int_equal(send_packets(&s, old, GAP), old);
		s.source->encoder->seq -= old;
		assert_in_range(send_packets(&s, whole, LONG), whole - silence - 2 * SEQ_BEHIND_RUN,
			whole - silence + 16);
		assert_int_equal(s.dst->counters.epochs, 2);
		assert_in_range(send_packets(&s, whole, GAP), whole - 1, whole);
		sim_session_stop(s.sim, s.index);
		sim_drain(s.sim, 2 * SIM_S);
		sim_free(s.sim);
	}
}

/*
 * Two ways, the second of them late by more than a window and by less than two seconds. The source
 * pauses again and again: nothing is delivered twice.
 */
static void
test_slow_way(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_session_duplicate, DROP_session_too_old, DROP_none};
	struct sim_line line = small_line();
	struct sim *sim = small_new(3);
	struct sim_session s;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 3, 2);
	line.lane.delay = SIM_S;
	small_connect(sim, 1, 3, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 0, 1, "(2, 3 > 2)");
	index = small_start(sim, NULL, &s);
	for (uint32_t i = 0; i < 4; i++) {
		small_send(sim, index, N, 100, GAP);
		sim_run_until(sim, sim->now + 2 * SIM_S);
	}
	assert_true(small_drops(sim, 2, DROP_session_too_old) > 4 * SEQ_BEHIND_RUN);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 4 * N);
	assert_int_equal(small_destination(sim, index, 2)->counters.epochs, 1);
	small_finish(sim, NULL, allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_node_restarts),
		cmocka_unit_test(test_tfrc_restarts),
		cmocka_unit_test(test_link_forged),
		cmocka_unit_test(test_faster_way),
		cmocka_unit_test(test_session_restarts),
		cmocka_unit_test(test_session_forged),
		cmocka_unit_test(test_coded_restarts),
		cmocka_unit_test(test_slow_way),
	};

	sim_eal(64);
	return cmocka_run_group_tests_name("behind", tests, NULL, NULL);
}
