/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sequences far above all that came, of a link and of a session: one alone ends nothing; where the
 * sender really goes on from there it costs one packet, also if few of very many come.
 */
#include "narrow.h"

#define GAP    (100 * SIM_US)
#define BEFORE 300
#define AFTER  5000

struct scene {
	struct sim *sim;
	uint32_t index;
	struct link *link; /* the sender's */
	struct source *source;
	struct destination *dst;
};

static struct scene
begin(uint32_t reorder_packets)
{
	struct scene s = {.sim = small_new(2)};
	struct sim_session session;

	small_wire(s.sim, 1, 2);
	s.sim->extra_buffers = reorder_packets;
	sim_build(s.sim);
	session = small_session(s.sim, 1, (uint32_t[]){2, 0});
	session.reorder_packets = reorder_packets;
	session.reorder_ns = 20 * SIM_MS;
	sim_session_flow(&session, 1, 1, "2");
	s.index = small_start(s.sim, NULL, &session);
	s.link = node_find_link(s.sim->nodes[0].node, 2);
	s.source = sim_source(s.sim, s.index);
	s.dst = small_destination(s.sim, s.index, 2);
	return s;
}

static void
send_packets(struct scene *s, uint32_t n)
{
	small_send(s->sim, s->index, n, 100, GAP);
	sim_drain(s->sim, SIM_S);
}

/*
 * All of so many are there but for those that were dropped as far ahead, which say what is lost
 * too.
 */
static void
finish_of(
	struct scene *s, uint32_t sent, enum drop_reason reason, uint32_t dropped, uint64_t skipped)
{
	const struct link *from = node_find_link(s->sim->nodes[1].node, 1);
	static enum drop_reason allowed[2];
	uint64_t lost = reason == DROP_link_far_ahead ? link_lost(&from->rx)
						      : destination_lost(s->dst);

	allowed[0] = dropped != 0 ? reason : DROP_none;
	assert_int_equal(small_drops(s->sim, 2, reason), dropped);
	assert_int_equal(destination_delivered(s->dst).packets, sent - dropped);
	assert_int_equal(lost, dropped + skipped);
	small_finish(s->sim, NULL, allowed);
}

static void
finish(struct scene *s, enum drop_reason reason, uint32_t dropped, uint64_t skipped)
{
	finish_of(s, BEFORE + AFTER + 1, reason, dropped, skipped);
}

static void
test_link_once(void **state)
{
	(void)state;
	for (uint32_t bit = 10; bit < 64; bit++) {
		struct scene s = begin(0);

		send_packets(&s, BEFORE);
		s.link->tx.seq += UINT64_C(1) << bit;
		send_packets(&s, 1);
		s.link->tx.seq -= UINT64_C(1) << bit;
		send_packets(&s, AFTER);
		finish(&s, DROP_link_far_ahead, 1, 0);
	}
}

static void
test_session_once(void **state)
{
	(void)state;
	for (uint32_t bit = 10; bit < 31; bit++) {
		struct scene s = begin(bit % 2 * 64);

		send_packets(&s, BEFORE);
		s.source->line->others += UINT32_C(1) << bit;
		send_packets(&s, 1);
		s.source->line->others -= UINT32_C(1) << bit;
		send_packets(&s, AFTER);
		finish(&s, DROP_session_far_ahead, 1, 0);
	}
}

/* As after an outage of so many packets. */
static void
test_link_goes_on(void **state)
{
	static const uint64_t jumps[] = {
		960, 961, 1024, 1 << 21, UINT64_C(1) << 40, UINT64_C(1) << 60};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(jumps); i++) {
		struct scene s = begin(0);

		send_packets(&s, BEFORE);
		s.link->tx.seq += jumps[i];
		send_packets(&s, AFTER + 1);
		finish(&s, DROP_link_far_ahead, jumps[i] > 960, RTE_MIN(jumps[i], SEQ_MISSING - 1));
	}
}

static void
test_session_goes_on(void **state)
{
	(void)state;
	for (uint32_t order = 0; order <= 64; order += 64) {
		struct scene s = begin(order);

		send_packets(&s, BEFORE);
		s.source->line->others += 1 << 21;
		send_packets(&s, AFTER + 1);
		finish(&s, DROP_session_far_ahead, 1, 1 << 21);
	}
}

#define SPARSE 100

/* How far apart those are that come. */
static const uint32_t steps[] = {962, 1025, 2000, 65537, (1 << 20) - 1};

static void
test_link_sparse(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(steps); i++) {
		const uint64_t between = steps[i] - 1;
		struct scene s = begin(0);

		send_packets(&s, BEFORE);
		for (uint32_t n = 0; n < SPARSE; n++) {
			s.link->tx.seq += between;
			send_packets(&s, 1);
		}
		finish_of(&s, BEFORE + SPARSE, DROP_link_far_ahead, 1, SPARSE * between);
	}
}

static void
test_session_sparse(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(steps); i++) {
		const uint32_t between = steps[i] - 1;
		struct scene s = begin(i % 2 * 64);

		send_packets(&s, BEFORE);
		for (uint32_t n = 0; n < SPARSE; n++) {
			s.source->line->others += between;
			send_packets(&s, 1);
		}
		finish_of(
			&s, BEFORE + SPARSE, DROP_session_far_ahead, 1, (uint64_t)SPARSE * between);
	}
}

/* Then all come again: one far ahead is as doubtful as ever. */
static void
test_sparse_ends(void **state)
{
	const uint32_t between = 2000;
	struct scene s = begin(0);

	(void)state;
	send_packets(&s, BEFORE);
	for (uint32_t n = 0; n < SPARSE; n++) {
		s.source->line->others += between;
		send_packets(&s, 1);
	}
	send_packets(&s, 2);
	s.source->line->others += between;
	send_packets(&s, 1);
	s.source->line->others -= between;
	send_packets(&s, AFTER);
	finish_of(&s, BEFORE + SPARSE + 3 + AFTER, DROP_session_far_ahead, 2, SPARSE * between);
}

/* Each a little above the one before, and what is real between them, so many each time. */
static void
forge_in_turn(uint32_t real)
{
	struct scene s = begin(0);

	send_packets(&s, BEFORE);
	for (uint32_t n = 1; n <= SPARSE; n++) {
		const uint32_t ahead = n * 1500;

		s.source->line->others += ahead;
		send_packets(&s, 1);
		s.source->line->others -= ahead;
		send_packets(&s, real);
	}
	finish_of(&s, BEFORE + SPARSE * (1 + real), DROP_session_far_ahead, SPARSE, 0);
}

static void
test_forged_in_turn(void **state)
{
	(void)state;
	forge_in_turn(1);
	forge_in_turn(2);
	forge_in_turn(10);
}

/* A source of 2000 times what a link may carry, without room to wait but for one packet. */
static void
test_overload(void **state)
{
	static const enum drop_reason allowed[] = {
		DROP_queue_full, DROP_session_far_ahead, DROP_none};
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = narrow(50 * (SIZE + HEADERS));
	uint64_t sent;
	uint32_t index;

	(void)state;
	terms.packets = 1;
	terms.age = 10 * SIM_S;
	set_terms(sim, 9, &terms);
	index = start(sim, 9, false);
	small_send(sim, index, 100000, SIZE, 10 * SIM_US);
	sim_drain(sim, 10 * SIM_S);
	sent = narrow_link(sim)->tx.packets;
	assert_in_range(sent, 49, 53);
	assert_in_range(small_drops(sim, 2, DROP_session_far_ahead), 1, 2);
	assert_int_equal(delivered(sim, index), sent - small_drops(sim, 2, DROP_session_far_ahead));
	small_finish(sim, NULL, allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_once),
		cmocka_unit_test(test_session_once),
		cmocka_unit_test(test_link_goes_on),
		cmocka_unit_test(test_session_goes_on),
		cmocka_unit_test(test_link_sparse),
		cmocka_unit_test(test_session_sparse),
		cmocka_unit_test(test_sparse_ends),
		cmocka_unit_test(test_forged_in_turn),
		cmocka_unit_test(test_overload),
	};

	sim_eal(64);
	return cmocka_run_group_tests_name("far_ahead", tests, NULL, NULL);
}
