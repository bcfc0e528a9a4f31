/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links under TFRC in virtual time: that FEEDBACK is counted like any packet, what rate a link
 * finds on a line of known rate, how it answers to changes of it, to silence and to marks. Section
 * numbers are those of RFC 5348.
 */
#include "feeder.h"
#include "link_tfrc.h"
#include "small.h"
#include "tfrc_equation.h"

#define SIZE  946  /* of payload, so that a packet has 1000 bytes of UDP payload */
#define FRAME 1042 /* and so many on the wire */
#define MBIT  UINT64_C(1000000)
#define FULL  (10 * MBIT + MBIT / 100) /* 10 Mbit/s, and a frame more at an end of the time */

/* Source 1, destination 2, a line between them, and more to send than it carries. */
struct pair {
	struct sim *sim;
	struct sim_wire *wire;
	uint32_t session;
};

static struct wire_lane_params
lane(uint64_t mbit, uint64_t rtt_ms, uint32_t queue_bytes)
{
	return (struct wire_lane_params){
		.rate = mbit * MBIT, .delay = rtt_ms * SIM_MS / 2, .queue = queue_bytes};
}

static struct pair
pair_new(uint8_t pacing, const struct wire_lane_params *params, uint64_t offered)
{
	struct pair p = {.sim = small_new(2)};
	struct sim_line line = {.lane = *params, .offloads = PORT_TX_CHAINS};
	struct sim_session s;

	p.sim->pacing = pacing;
	p.wire = small_connect(p.sim, 1, 2, &line);
	sim_build(p.sim);
	s = small_session(p.sim, 1, (uint32_t[]){2, 0});
	s.kind = SOURCE_GENERATOR;
	s.egress = EGRESS_SINK;
	s.generator = (struct generator_params){
		.kind = GENERATOR_POISSON, .size = SIZE, .rate = offered * SIZE / 1000};
	sim_session_flow(&s, 1, 1, "2");
	p.session = small_start(p.sim, NULL, &s);
	return p;
}

static struct link *
pair_link(const struct pair *p, uint32_t from, uint32_t to)
{
	return node_find_link(p->sim->nodes[from - 1].node, to);
}

/* Bytes of DATA's UDP payload that arrived. */
static uint64_t
arrived(const struct pair *p)
{
	return pair_link(p, 2, 1)->rx.bytes;
}

/* The mean rate over a time, bit/s of frames on the wire. */
static uint64_t
wire_rate(struct pair *p, uint64_t ns)
{
	uint64_t before = arrived(p);

	sim_run_until(p->sim, p->sim->now + ns);
	return (arrived(p) - before) * FRAME / 1000 * 8 * SIM_S / ns;
}

static uint64_t
lost_feedback(const struct pair *p)
{
	uint8_t end = p->wire->node[1] == 0;

	return wire_count(p->wire->wire, end, WIRE_LOST) +
	       wire_count(p->wire->wire, end, WIRE_LOST_BURST) +
	       wire_count(p->wire->wire, end, WIRE_CUT);
}

/* More is offered than the link may send; and what waits for a slow one waits too long. */
static const enum drop_reason fast[] = {DROP_feeder_full, DROP_none};
static const enum drop_reason slow[] = {DROP_feeder_full, DROP_queue_expired, DROP_none};

/* Ends, and checks that FEEDBACK is in every sum: what one node originated the other consumed. */
static void
pair_end(struct pair *p, const enum drop_reason *allowed)
{
	struct worker_counters sender, receiver;
	uint64_t lost;

	sim_session_stop(p->sim, p->session);
	sim_drain(p->sim, 200 * SIM_S);
	sender = sim_node_counters(p->sim, 0);
	receiver = sim_node_counters(p->sim, 1);
	lost = lost_feedback(p);
	assert_true(receiver.originated > 0);
	assert_int_equal(receiver.originated, pair_link(p, 2, 1)->tx.control);
	assert_int_equal(receiver.sent, receiver.originated);
	assert_int_equal(sender.consumed + lost, receiver.originated);
	assert_int_equal(sender.consumed, pair_link(p, 1, 2)->rx.control);
	small_finish(p->sim, NULL, allowed);
}

/*
 * 4.2, 4.3: a line of 10 Mbit/s with a queue of one bandwidth-delay product is filled, and stays
 * so.
 */
static void
test_fills_line(void **state)
{
	struct wire_lane_params params = lane(10, 50, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);

	(void)state;
	(void)wire_rate(&p, 15 * SIM_S);
	assert_in_range(wire_rate(&p, 20 * SIM_S), 8 * MBIT, FULL);
	assert_true(pair_link(&p, 2, 1)->rx.tfrc.history.events > 0);
	pair_end(&p, fast);
}

/* 3.1: the rate is that of the equation at the loss event rate and round-trip time measured. */
static void
test_equation(void **state)
{
	struct wire_lane_params params = lane(0, 50, 0);
	double sum_p = 0, sum_rtt = 0, rate, wanted;
	const struct tfrc_sender *s;
	struct pair p;
	uint64_t from;
	int n = 0;

	(void)state;
	params.impair.loss = 0.01;
	p = pair_new(LINK_PACING_TFRC, &params, 100 * MBIT);
	(void)wire_rate(&p, 20 * SIM_S);
	s = &pair_link(&p, 1, 2)->tfrc.sender;
	from = arrived(&p);
	for (; n < 600; n++) {
		sim_run_until(p.sim, p.sim->now + 100 * SIM_MS);
		sum_p += (double)s->p / 4294967296.0;
		sum_rtt += (double)s->rtt;
	}
	rate = (double)(arrived(&p) - from) / 0.99 / 60;
	wanted = (double)tfrc_equation_rate((uint64_t)1000 << TFRC_SHIFT, (uint64_t)(sum_rtt / n),
			 (uint32_t)(sum_p / n * 4294967296.0)) /
		 65536.0;
	assert_true(rate > 0.75 * wanted && rate < 1.25 * wanted);
	pair_end(&p, fast);
}

/* 4.3, 5.5: the line's rate halves, then doubles: the link follows. */
static void
test_step(void **state)
{
	struct wire_lane_params full = lane(10, 50, 62500), half = lane(5, 50, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC, &full, 20 * MBIT);

	(void)state;
	(void)wire_rate(&p, 15 * SIM_S);
	assert_in_range(wire_rate(&p, 5 * SIM_S), 75 * MBIT / 10, FULL);
	small_set_lane(p.sim, p.wire, 2, &half);
	(void)wire_rate(&p, 5 * SIM_S);
	assert_in_range(wire_rate(&p, 10 * SIM_S), 35 * MBIT / 10, 5 * MBIT + MBIT / 10);
	small_set_lane(p.sim, p.wire, 2, &full);
	(void)wire_rate(&p, 15 * SIM_S);
	assert_in_range(wire_rate(&p, 10 * SIM_S), 75 * MBIT / 10, FULL);
	pair_end(&p, fast);
}

/* 4.2, 4.3: round-trip times from 1 to 600 ms: slow start gets there, what is measured is right. */
static void
test_round_trip_times(void **state)
{
	static const uint32_t rtts[] = {1, 10, 100, 600};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rtts); i++) {
		struct wire_lane_params params = lane(5, rtts[i], 62500);
		struct pair p = pair_new(LINK_PACING_TFRC, &params, 2 * MBIT);

		(void)wire_rate(&p, 20 * SIM_S);
		/* Less is offered than the line carries, so nothing is lost. */
		assert_in_range(wire_rate(&p, 10 * SIM_S), 18 * MBIT / 10, 22 * MBIT / 10);
		assert_int_equal(pair_link(&p, 2, 1)->rx.tfrc.p, 0);
		/* And the time that a packet takes to be sent. */
		assert_in_range(pair_link(&p, 1, 2)->tfrc.sender.rtt, rtts[i] * SIM_MS,
			rtts[i] * SIM_MS + 12 * SIM_MS);
		assert_int_equal(rte_be_to_cpu_32(pair_link(&p, 1, 2)->tx.rtt),
			pair_link(&p, 1, 2)->tfrc.sender.rtt / 1000);
		/* Before it is as fast as it has to be, something waits too long. */
		pair_end(&p, rtts[i] < 100 ? small_none : slow);
	}
}

/* Choice 20: both machines are paused for a while; what was under way has taken that long. */
static void
test_stood_still(void **state)
{
	static const uint64_t pauses[] = {SIM_S, 10 * SIM_S, 55 * SIM_S};
	/* The source makes up for the time: more is dropped at once than a session's window. */
	static const enum drop_reason allowed[] = {
		DROP_feeder_full, DROP_queue_expired, DROP_session_far_ahead, DROP_none};
	struct wire_lane_params params = lane(10, 20, 25000);
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);

	(void)state;
	(void)wire_rate(&p, 20 * SIM_S);
	for (unsigned int i = 0; i < RTE_DIM(pauses); i++) {
		p.sim->now += pauses[i];
		sim_run_until(p.sim, p.sim->now + SIM_S);
		assert_in_range(wire_rate(&p, 5 * SIM_S), 8 * MBIT, FULL);
		sim_run_until(p.sim, p.sim->now + 60 * SIM_S);
	}
	pair_end(&p, allowed);
}

/* 4.4: the line is cut; the rate falls to next to nothing, and rises when it is back. */
static void
test_dies_and_returns(void **state)
{
	struct wire_lane_params params = lane(10, 50, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);
	uint64_t before;

	(void)state;
	(void)wire_rate(&p, 10 * SIM_S);
	wire_cut(p.wire->wire, true);
	sim_run_until(p.sim, p.sim->now + 10 * SIM_S);
	assert_true(pair_link(&p, 1, 2)->tfrc.sender.rate >> TFRC_SHIFT < 5000);
	before = pair_link(&p, 1, 2)->tx.packets;
	sim_run_until(p.sim, p.sim->now + 2 * SIM_S);
	assert_in_range(pair_link(&p, 1, 2)->tx.packets - before, 0, 10);
	wire_cut(p.wire->wire, false);
	(void)wire_rate(&p, 30 * SIM_S);
	assert_in_range(wire_rate(&p, 10 * SIM_S), 7 * MBIT, FULL);
	/* The session went on meanwhile: of what comes then the first is not believed. */
	assert_true(small_drops(p.sim, 2, DROP_session_far_ahead) <= 3);
	pair_end(&p, (enum drop_reason[]){DROP_feeder_full, DROP_queue_expired,
			     DROP_session_far_ahead, DROP_none});
}

/* FEEDBACK lost in bursts: the link goes on (4.3 does not need every report). */
static void
test_feedback_lost(void **state)
{
	struct wire_lane_params params = lane(10, 50, 62500), back = params;
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);

	(void)state;
	back.impair = (struct impair_params){.burst_begin = 0.1, .burst_end = 0.3, .burst_loss = 1};
	small_set_lane(p.sim, p.wire, 1, &back);
	(void)wire_rate(&p, 15 * SIM_S);
	assert_in_range(wire_rate(&p, 20 * SIM_S), 6 * MBIT, FULL);
	assert_true(lost_feedback(&p) > 50);
	pair_end(&p, fast);
}

/* 5.1: marks (ECN) in place of losses; the link answers to them, no table has a lost packet. */
static void
test_marks(void **state)
{
	struct wire_lane_params params = lane(10, 50, 250000);
	uint8_t end;
	struct pair p;

	(void)state;
	params.mark = 30000;
	p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);
	end = p.wire->node[1] == 1;
	(void)wire_rate(&p, 15 * SIM_S);
	assert_in_range(wire_rate(&p, 20 * SIM_S), 75 * MBIT / 10, FULL);
	assert_true(wire_count(p.wire->wire, end, WIRE_MARKED) > 0);
	assert_true(pair_link(&p, 2, 1)->rx.tfrc.history.events > 0);
	assert_int_equal(link_lost(&pair_link(&p, 2, 1)->rx), 0);
	/* Only DATA can be marked: nobody would answer to a marked report. */
	assert_int_equal(wire_count(p.wire->wire, !end, WIRE_MARKED), 0);
	pair_end(&p, fast);
}

/* RFC 4828, 3: at most a packet in 10 ms, whatever the line carries. */
static void
test_small_packets(void **state)
{
	struct wire_lane_params params = lane(10, 20, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC_SP, &params, 5 * MBIT);
	uint64_t before;

	(void)state;
	(void)wire_rate(&p, 10 * SIM_S);
	before = pair_link(&p, 1, 2)->tx.packets;
	(void)wire_rate(&p, 10 * SIM_S);
	assert_in_range(pair_link(&p, 1, 2)->tx.packets - before, 950, 1001);
	pair_end(&p, slow);
}

/* A link that is not under TFRC is not reported to, and nothing of it is ECN-capable. */
static void
test_none(void **state)
{
	struct wire_lane_params params = lane(10, 50, 250000);
	struct pair p;

	(void)state;
	params.mark = 1;
	p = pair_new(LINK_PACING_NONE, &params, 5 * MBIT);
	(void)wire_rate(&p, 2 * SIM_S);
	sim_session_stop(p.sim, p.session);
	sim_drain(p.sim, SIM_S);
	assert_int_equal(sim_node_counters(p.sim, 1).originated, 0);
	assert_int_equal(wire_count(p.wire->wire, 0, WIRE_MARKED), 0);
	assert_int_equal(wire_count(p.wire->wire, 1, WIRE_MARKED), 0);
	small_finish(p.sim, NULL, small_none);
}

/*
 * 4.4: idle, a link has no timer, on either side; and it is where it was when packets come again.
 */
static void
test_idle_costs_nothing(void **state)
{
	struct wire_lane_params params = lane(10, 50, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 4 * MBIT);

	(void)state;
	(void)wire_rate(&p, 10 * SIM_S);
	sim_session_stop(p.sim, p.session);
	sim_run_until(p.sim, p.sim->now + 20 * SIM_S);
	assert_int_equal(p.sim->nodes[0].node->workers[0]->wheel.armed, 0);
	assert_int_equal(p.sim->nodes[1].node->workers[0]->wheel.armed, 0);
	sim_session_start(p.sim, p.session);
	(void)wire_rate(&p, 2 * SIM_S);
	assert_in_range(wire_rate(&p, 10 * SIM_S), 36 * MBIT / 10, 44 * MBIT / 10);
	pair_end(&p, fast);
}

/* Two runs of one seed agree in every datagram. */
static void
test_same_again(void **state)
{
	uint64_t hash[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct wire_lane_params params = lane(10, 20, 30000);
		struct pair p = pair_new(LINK_PACING_TFRC, &params, 20 * MBIT);

		(void)wire_rate(&p, 5 * SIM_S);
		hash[i] = p.sim->hash;
		sim_hash_counters(p.sim, &hash[i]);
		pair_end(&p, fast);
	}
	assert_int_equal(hash[0], hash[1]);
}

/* Node 1 hears of its last packet, as if that had been sent so many microseconds from now. */
static void
report_from_ahead(const struct pair *p, uint32_t ahead)
{
	struct worker *w = p->sim->nodes[0].node->workers[0];
	struct link *link = pair_link(p, 1, 2);
	struct feedback_body body = {
		.stamp_echo = rte_cpu_to_be_32((uint32_t)(utc_ns(&w->utc, w->now) / 1000) + ahead),
		.epoch = rte_cpu_to_be_16(link->epoch),
		.seq_highest = rte_cpu_to_be_64(link->tx.seq - 1),
		.rate = rte_cpu_to_be_64(100000),
	};

	link_tfrc_feedback(w, link, &body, w->now);
}

/* Choice 9 of TFRC.md: a stamp that a worker's turn explains is one of now, others are ignored. */
static void
test_stamps_ahead(void **state)
{
	static const uint32_t ahead[] = {10001, 1000000, 60000000, INT32_MAX};
	struct wire_lane_params params = lane(10, 50, 62500);
	struct pair p = pair_new(LINK_PACING_TFRC, &params, 2 * MBIT);
	struct link *link = pair_link(&p, 1, 2);
	const struct tfrc_sender *s = &link->tfrc.sender;
	uint64_t rtt, reports;

	(void)state;
	(void)wire_rate(&p, 2 * SIM_S);
	rtt = s->rtt;
	reports = s->reports;
	assert_true(rtt > 50 * SIM_MS && reports > 0);
	for (size_t i = 0; i < RTE_DIM(ahead); i++) {
		report_from_ahead(&p, ahead[i]);
		assert_int_equal(link->tfrc.ignored, i + 1);
		assert_int_equal(s->reports, reports);
		assert_int_equal(s->rtt, rtt);
	}
	report_from_ahead(&p, 10000);
	assert_int_equal(link->tfrc.ignored, RTE_DIM(ahead));
	assert_int_equal(s->reports, reports + 1);
	assert_int_equal(s->rtt, (9 * rtt + TFRC_RTT_MIN_NS) / 10);
	pair_end(&p, small_none);
}

/* A link to node 1 as sim_node_start makes it. */
static void
link_again(struct pair *p)
{
	struct node *node = p->sim->nodes[1].node;
	uint8_t far = p->wire->node[0] != 0;
	struct link_params params = {
		.port = sim_port(p->sim, 1, p->wire->port[far ^ 1]),
		.remote = p->wire->address[far],
		.udp_port = FERRY_UDP_PORT,
		.ring = 64,
		.node_id = 1,
		.pacing = LINK_PACING_TFRC,
	};
	struct link *link = node_add_link(node, &params);

	assert_non_null(link);
	assert_int_equal(node_set_link_mac(node, link, &p->wire->mac[far]), 0);
}

/*
 * A link is taken away at any time of its round trips, where another worker sends than the one that
 * receives: the last FEEDBACK of the one finds the other's ring.
 */
static void
test_link_removed(void **state)
{
	struct sim_line line = {.lane = {.delay = 50 * SIM_MS}, .offloads = PORT_TX_CHAINS};
	struct pair p = {.sim = small_new(3)};
	struct sim_session s;
	uint32_t apart = 0;

	(void)state;
	p.sim->pacing = LINK_PACING_TFRC;
	p.sim->nodes[1].workers = 2;
	line.queues = 2;
	/* The link to 3 has one worker send, that to 1 the other, on whose queue nothing comes. */
	small_wire(p.sim, 2, 3);
	p.wire = small_connect(p.sim, 1, 2, &line);
	sim_build(p.sim);
	s = small_session(p.sim, 1, (uint32_t[]){2, 0});
	s.kind = SOURCE_GENERATOR;
	s.egress = EGRESS_SINK;
	s.generator = (struct generator_params){
		.kind = GENERATOR_CONSTANT, .size = SIZE, .rate = 400000};
	sim_session_flow(&s, 1, 1, "2");
	p.session = small_start(p.sim, NULL, &s);
	for (uint32_t round = 0; round < 60; round++) {
		sim_run_until(p.sim, p.sim->now + SIM_S + round * 5 * SIM_MS / 3);
		apart += pair_link(&p, 2, 1)->rx_owner != pair_link(&p, 2, 1)->owner;
		node_remove_link(p.sim->nodes[1].node, pair_link(&p, 2, 1));
		sim_run_until(p.sim, p.sim->now + 300 * SIM_MS);
		link_again(&p);
	}
	assert_int_equal(apart, 60);
	sim_session_stop(p.sim, p.session);
	sim_drain(p.sim, 200 * SIM_S);
	small_finish(p.sim, NULL, (enum drop_reason[]){DROP_link_unknown_peer, DROP_none});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_line),
		cmocka_unit_test(test_equation),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_round_trip_times),
		cmocka_unit_test(test_stood_still),
		cmocka_unit_test(test_dies_and_returns),
		cmocka_unit_test(test_feedback_lost),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_small_packets),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_idle_costs_nothing),
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_stamps_ahead),
		cmocka_unit_test(test_link_removed),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("tfrc", tests, NULL, NULL);
}
