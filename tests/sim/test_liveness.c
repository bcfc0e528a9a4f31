/* SPDX-License-Identifier: BSD-3-Clause */
/* Links by their probes: states and the time that they take, round-trip times, clocks. */
#include "prober.h"
#include "small.h"

#define INTERVAL (200 * SIM_MS)
#define EVENTS	 64

/* What node 1 told of its link to node 2. */
struct told {
	uint32_t n;
	struct worker_event events[EVENTS];
};

static struct told told;

static void
on_event(void *arg, struct sim *sim, uint32_t node, const struct worker_event *event)
{
	struct told *t = arg;

	(void)sim;
	if (node != 0)
		return;
	assert_int_equal(event->peer, 2);
	assert_true(t->n < EVENTS);
	t->events[t->n++] = *event;
}

static struct link *
link_of(const struct sim *sim, uint32_t node, uint32_t peer)
{
	return node_find_link(sim->nodes[sim_node_index(sim, node)].node, peer);
}

static uint8_t
state_of(const struct sim *sim, uint32_t node, uint32_t peer)
{
	return link_of(sim, node, peer)->live.state;
}

/* Two nodes, a wire of this delay each way, probes. */
static struct sim *
pair(uint64_t delay, uint16_t workers)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(2);

	told.n = 0;
	sim->probe = INTERVAL;
	sim->hooks = (struct sim_hooks){.arg = &told, .event = on_event};
	sim->nodes[0].workers = sim->nodes[1].workers = workers;
	line.lane.delay = delay;
	line.queues = workers;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	return sim;
}

static struct sim_wire *
wire_of(struct sim *sim)
{
	return sim_wire_between(sim, 0, 1);
}

static void
run(struct sim *sim, uint64_t ns)
{
	sim_run_until(sim, sim->now + ns);
}

/* Nothing was dropped; then nobody asks any more, also for the answers that are on their way. */
static void
finish(struct sim *sim)
{
	sim_check_drops(sim, small_none);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_probe_unexpected, DROP_none});
}

static void
expect_event(uint32_t number, uint32_t kind, uint64_t from, uint64_t until)
{
	assert_true(told.n > number);
	assert_int_equal(told.events[number].kind, kind);
	assert_in_range(told.events[number].now, from, until);
}

/* The longest that liveness.h allows until a vanished neighbour is down. */
static uint64_t
bound(uint64_t rtt)
{
	uint64_t answer = RTE_MAX(INTERVAL, rtt * 5 / 4 + INTERVAL / 4);

	return INTERVAL * 55 / 10 + answer + SIM_MS;
}

static void
cut_and_return(uint64_t delay)
{
	struct sim *sim = pair(delay, 1);
	uint64_t rtt = 2 * delay, begin = sim->now, cut, back;

	run(sim, 20 * SIM_S);
	assert_int_equal(told.n, 1);
	expect_event(0, EVENT_link_up, begin, begin + INTERVAL + rtt + SIM_MS);
	assert_int_equal(told.events[0].link.was, LINK_STATE_unknown);

	cut = sim->now;
	wire_cut(wire_of(sim)->wire, true);
	run(sim, 5 * SIM_S);
	assert_int_equal(told.n, 3);
	expect_event(1, EVENT_link_degraded, cut, told.events[2].now);
	expect_event(2, EVENT_link_down, cut, cut + bound(rtt));
	assert_int_equal(told.events[2].link.was, LINK_STATE_degraded);
	assert_int_equal(state_of(sim, 2, 1), LINK_STATE_down);
	/* Down: asked once an interval, no quicker. */
	back = link_of(sim, 1, 2)->live.sent;
	run(sim, 10 * SIM_S);
	assert_in_range(link_of(sim, 1, 2)->live.sent - back, 45, 56);
	assert_int_equal(told.n, 3);

	back = sim->now;
	wire_cut(wire_of(sim)->wire, false);
	run(sim, 20 * SIM_S);
	assert_int_equal(told.n, 4);
	/* An interval until it asks, three answers, the verdict on those lost before. */
	expect_event(3, EVENT_link_up, back, back + 3 * INTERVAL + bound(rtt));
	assert_int_equal(told.events[3].link.was, LINK_STATE_down);
	assert_int_equal(state_of(sim, 2, 1), LINK_STATE_up);
	finish(sim);
}

static void
test_cut_and_return(void **state)
{
	(void)state;
	cut_and_return(SIM_MS);
	cut_and_return(50 * SIM_MS);
	cut_and_return(300 * SIM_MS);
}

/* A neighbour that begins later than we: what it did not answer before is no fault of the link. */
static void
test_neighbour_begins_later(void **state)
{
	struct sim *sim = pair(SIM_MS, 1);
	uint64_t there;

	(void)state;
	wire_cut(wire_of(sim)->wire, true);
	run(sim, 1500 * SIM_MS);
	assert_int_equal(state_of(sim, 1, 2), LINK_STATE_unknown);
	assert_int_equal(liveness_loss_ppm(&link_of(sim, 1, 2)->live), 1000000);
	wire_cut(wire_of(sim)->wire, false);
	there = sim->now;
	run(sim, 20 * SIM_S);
	assert_int_equal(told.n, 1);
	expect_event(0, EVENT_link_up, there, there + 1500 * SIM_MS);
	assert_int_equal(told.events[0].link.was, LINK_STATE_unknown);
	assert_true(link_of(sim, 1, 2)->live.sent > link_of(sim, 1, 2)->live.answers + 5);
	assert_int_equal(liveness_loss_ppm(&link_of(sim, 1, 2)->live), 0);
	finish(sim);
}

/* One that is never there: down, and what was missed still counts. */
static void
test_neighbour_never_there(void **state)
{
	struct sim *sim = pair(SIM_MS, 1);

	(void)state;
	wire_cut(wire_of(sim)->wire, true);
	for (uint32_t i = 0; i < 500 && told.n == 0; i++)
		run(sim, 10 * SIM_MS);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.events[0].kind, EVENT_link_down);
	assert_int_equal(liveness_loss_ppm(&link_of(sim, 1, 2)->live), 1000000);
	finish(sim);
}

static void
set_loss(struct sim *sim, double loss, uint64_t delay)
{
	struct wire_lane_params lane = {.delay = delay, .impair = {.loss = loss}};

	small_set_lane(sim, wire_of(sim), 1, &lane);
	small_set_lane(sim, wire_of(sim), 2, &lane);
}

static void
test_lossy(void **state)
{
	struct sim *sim = pair(10 * SIM_MS, 1);
	uint64_t begin, missed = 0;
	uint32_t n;

	(void)state;
	/* One in a thousand is no reason. */
	set_loss(sim, 0.001, 10 * SIM_MS);
	run(sim, 60 * SIM_S);
	assert_int_equal(told.n, 1);
	set_loss(sim, 0.12, 10 * SIM_MS);
	begin = sim->now;
	run(sim, 20 * SIM_S);
	assert_true(told.n >= 2);
	expect_event(1, EVENT_link_degraded, begin, begin + 12 * SIM_S);
	/* The window's loss is near 1 - 0.88^2 over many windows. */
	for (n = 0; n < 40; n++) {
		run(sim, 5 * SIM_S);
		missed += liveness_loss_ppm(&link_of(sim, 1, 2)->live);
		assert_int_equal(state_of(sim, 1, 2), LINK_STATE_degraded);
	}
	assert_in_range(missed / n, 180000, 270000);
	assert_int_equal(told.n, 2);
	set_loss(sim, 0, 10 * SIM_MS);
	begin = sim->now;
	run(sim, 20 * SIM_S);
	assert_int_equal(told.n, 3);
	expect_event(2, EVENT_link_up, begin, begin + 12 * SIM_S);
	finish(sim);
}

/* Only what the node sends is lost: it hears the neighbour, which hears nothing. */
static void
test_one_way(void **state)
{
	struct sim *sim = pair(10 * SIM_MS, 1);
	struct wire_lane_params lane = {.delay = 10 * SIM_MS, .impair = {.loss = 1}};
	uint64_t begin;

	(void)state;
	run(sim, 5 * SIM_S);
	begin = sim->now;
	small_set_lane(sim, wire_of(sim), 2, &lane);
	run(sim, 10 * SIM_S);
	assert_int_equal(told.n, 2);
	expect_event(1, EVENT_link_degraded, begin, begin + bound(20 * SIM_MS));
	assert_int_equal(liveness_loss_ppm(&link_of(sim, 1, 2)->live), 1000000);
	assert_int_equal(state_of(sim, 1, 2), LINK_STATE_degraded);
	assert_int_equal(state_of(sim, 2, 1), LINK_STATE_down);
	finish(sim);
}

/* DATA is lost, probes hardly: the receiver of the data says that its link is degraded. */
static void
test_data_loss(void **state)
{
	struct sim *sim = small_new(2);
	struct sim_session s;
	uint32_t index;
	struct link *link;

	(void)state;
	told.n = 0;
	sim->hooks = (struct sim_hooks){.arg = &told, .event = on_event};
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 2, (uint32_t[]){1, 0});
	sim_session_flow(&s, 1, 1, "1");
	index = small_start(sim, NULL, &s);
	sim_probe(sim, 2 * SIM_S);
	small_send(sim, index, 1000, 200, 2 * SIM_MS);
	link = link_of(sim, 1, 2);
	assert_int_equal(link->live.data_loss, 0);
	set_loss(sim, 0.3, SIM_MS);
	small_send(sim, index, 5000, 200, 2 * SIM_MS);
	assert_in_range(link->live.data_loss, 65536 * 20 / 100, 65536 * 40 / 100);
	assert_int_equal(link->live.state, LINK_STATE_degraded);
	/* Its event says why: of probes there were too few to tell. */
	assert_int_equal(told.n, 2);
	assert_int_equal(told.events[1].kind, EVENT_link_degraded);
	assert_in_range(told.events[1].link.data_loss_ppm, 100000, 400000);
	set_loss(sim, 0, SIM_MS);
	finish(sim);
}

/* Round-trip times of 1 to 600 ms, known on both sides, and told to the neighbour. */
static void
test_rtt(void **state)
{
	static const uint64_t rtts[] = {1, 7, 40, 150, 333, 600};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rtts); i++) {
		struct sim *sim = pair(rtts[i] * SIM_MS / 2, 1);
		uint32_t us = (uint32_t)rtts[i] * 1000, most = us + us / 40 + 60;
		const struct link *link;

		run(sim, 5 * SIM_S);
		link = link_of(sim, 1, 2);
		assert_in_range(rte_be_to_cpu_32(link->tx.rtt), us, most);
		assert_in_range(rte_be_to_cpu_32(link->rx.rtt), us, most);
		assert_in_range(rtt_least(&link->live.rtt), us * 1000, most * 1000);
		assert_true(link->live.rtt.deviation < us * 1000 / 20 + 60000);
		assert_int_equal(link->live.late, 0);
		assert_int_equal(told.n, 1);
		finish(sim);
	}
}

/* From near to far: answers come late for a while, and the link does not go down. */
static void
test_rtt_grows(void **state)
{
	struct sim *sim = pair(SIM_MS, 1);

	(void)state;
	run(sim, 10 * SIM_S);
	set_loss(sim, 0, 300 * SIM_MS);
	run(sim, 30 * SIM_S);
	assert_in_range(rte_be_to_cpu_32(link_of(sim, 1, 2)->tx.rtt), 600000, 620000);
	assert_int_equal(state_of(sim, 1, 2), LINK_STATE_up);
	for (uint32_t i = 0; i < told.n; i++)
		assert_int_not_equal(told.events[i].kind, EVENT_link_down);
	assert_int_equal(liveness_loss_ppm(&link_of(sim, 1, 2)->live), 0);
	finish(sim);
}

/* The neighbour's clock is 12.345 ms ahead; the way is jittery. */
static void
test_clock_offset(void **state)
{
	struct sim *sim = pair(5 * SIM_MS, 1);
	struct utc_map map = {.now0 = 0, .utc0_ns = UINT64_C(1790000000) * SIM_S + 12345000};
	struct wire_lane_params lane = {.delay = 5 * SIM_MS, .impair = {.jitter_ns = 2 * SIM_MS}};
	int64_t offset;
	uint64_t rtt;

	(void)state;
	assert_false(liveness_clock_offset(&link_of(sim, 1, 2)->live, &offset, &rtt));
	node_set_clock(sim->nodes[1].node, &map);
	run(sim, 3 * SIM_S);
	assert_true(liveness_clock_offset(&link_of(sim, 1, 2)->live, &offset, &rtt));
	assert_in_range(offset, 12345 - 25, 12345 + 25);
	assert_true(liveness_clock_offset(&link_of(sim, 2, 1)->live, &offset, &rtt));
	assert_in_range(-offset, 12345 - 25, 12345 + 25);
	small_set_lane(sim, wire_of(sim), 1, &lane);
	small_set_lane(sim, wire_of(sim), 2, &lane);
	run(sim, 60 * SIM_S);
	assert_true(liveness_clock_offset(&link_of(sim, 1, 2)->live, &offset, &rtt));
	/* Within the error that it tells: half of the quickest answer's excess. */
	assert_in_range(offset, 12345 - 1000, 12345 + 1000);
	assert_in_range(rtt, 10 * SIM_MS, 12 * SIM_MS);
	finish(sim);
}

/* Answers arrive at a worker that does not own the link: handed over, with their time. */
static void
test_two_workers(void **state)
{
	struct sim *sim = small_new(9);
	struct sim_line line = small_line();
	uint64_t handed = 0;

	(void)state;
	told.n = 0;
	sim->nodes[0].workers = 2;
	sim->probe = INTERVAL;
	line.lane.delay = 10 * SIM_MS;
	line.queues = 2;
	for (uint32_t id = 2; id <= 9; id++)
		small_connect(sim, 1, id, &line);
	sim_build(sim);
	run(sim, 5 * SIM_S);
	for (uint32_t id = 2; id <= 9; id++) {
		const struct link *link = link_of(sim, 1, id);

		assert_int_equal(link->live.state, LINK_STATE_up);
		assert_in_range(rte_be_to_cpu_32(link->tx.rtt), 20000, 20060);
		handed += link->owner != link->rx_owner;
	}
	assert_true(handed > 0);
	assert_true(sim_node_counters(sim, 0).handed_in > 20);
	finish(sim);
}

/* The answer to a link's first probe, as a worker that began its turn too early hands it over. */
static void
answer_before(struct worker *w, struct link *link, uint64_t ns)
{
	const struct liveness_probe *probe = &link->live.probes[0];
	uint32_t cookie[4] = {0, probe->word};
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	assert_non_null(m);
	memset(rte_pktmbuf_append(m, sizeof(struct link_hdr)), 0, sizeof(struct link_hdr));
	memcpy(rte_pktmbuf_append(m, sizeof(cookie)), cookie, sizeof(cookie));
	(void)rte_pktmbuf_adj(m, sizeof(struct link_hdr));
	w->counters.received++;
	prober_answer(w, link, m, probe->sent_at - ns);
}

/* The first answer is seen before its question: the link is up, how far it is the next one says. */
static void
test_answered_before(void **state)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(2);
	struct link *link;

	(void)state;
	sim->probe = INTERVAL;
	sim->pacing = LINK_PACING_TFRC;
	line.lane.delay = 10 * SIM_MS;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	link = link_of(sim, 1, 2);
	while (link->live.sent == 0)
		run(sim, SIM_MS);
	answer_before(sim->nodes[0].node->workers[0], link, 10 * SIM_US);
	assert_int_equal(link->live.state, LINK_STATE_up);
	assert_int_equal(link->live.answers, 1);
	assert_int_equal(link->tx.rtt, 0);
	assert_int_equal(link->tfrc.sender.rtt, 0);
	/* What really came to the first one comes in vain. */
	run(sim, 2 * INTERVAL);
	assert_int_equal(small_drops(sim, 1, DROP_probe_unexpected), 1);
	assert_in_range(rtt_least(&link->live.rtt), 20 * SIM_MS, 20 * SIM_MS + 60 * SIM_US);
	assert_in_range(link->tfrc.sender.rtt, 20 * SIM_MS, 20 * SIM_MS + 60 * SIM_US);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_probe_unexpected, DROP_none});
}

/* What leaves no node is held against the link, and against nobody else. */
static void
test_unresolved(void **state)
{
	struct sim *sim = pair(SIM_MS, 1);
	struct link *link = link_of(sim, 1, 2);
	uint64_t begin;

	(void)state;
	run(sim, 5 * SIM_S);
	begin = sim->now;
	assert_int_equal(node_set_link_mac(sim->nodes[0].node, link, NULL), 0);
	wire_cut(wire_of(sim)->wire, true);
	run(sim, 5 * SIM_S);
	assert_int_equal(link->live.state, LINK_STATE_down);
	expect_event(told.n - 1, EVENT_link_down, begin, begin + bound(0));
	assert_int_equal(small_drops(sim, 1, DROP_hop_unresolved), 0);
	wire_cut(wire_of(sim)->wire, false);
	assert_int_equal(node_set_link_mac(sim->nodes[0].node, link, &wire_of(sim)->mac[1]), 0);
	run(sim, 5 * SIM_S);
	assert_int_equal(link->live.state, LINK_STATE_up);
	/* The neighbour's own clean end, and its return with another epoch. */
	sim_node_stop(sim, 1);
	run(sim, 5 * SIM_S);
	assert_int_equal(link->live.state, LINK_STATE_down);
	sim_node_start(sim, 1);
	run(sim, 5 * SIM_S);
	assert_int_equal(link->live.state, LINK_STATE_up);
	assert_int_equal(state_of(sim, 2, 1), LINK_STATE_up);
	finish(sim);
}

/* Removed while it probes: nothing of it is left to fire. */
static void
test_removed(void **state)
{
	struct sim *sim = small_new(2);
	struct node *node;

	(void)state;
	told.n = 0;
	sim->probe = INTERVAL;
	small_wire(sim, 1, 2);
	sim_build(sim);
	run(sim, 2 * SIM_S);
	node = sim->nodes[0].node;
	node_remove_link(node, link_of(sim, 1, 2));
	run(sim, 2 * SIM_S);
	assert_null(node_find_link(node, 2));
	assert_int_equal(node->workers[0]->wheel.armed, 0);
	assert_true(small_drops(sim, 1, DROP_link_unknown_peer) > 0);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_link_unknown_peer, DROP_none});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_and_return),
		cmocka_unit_test(test_neighbour_begins_later),
		cmocka_unit_test(test_neighbour_never_there),
		cmocka_unit_test(test_lossy),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_data_loss),
		cmocka_unit_test(test_rtt),
		cmocka_unit_test(test_rtt_grows),
		cmocka_unit_test(test_clock_offset),
		cmocka_unit_test(test_two_workers),
		cmocka_unit_test(test_answered_before),
		cmocka_unit_test(test_unresolved),
		cmocka_unit_test(test_removed),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
