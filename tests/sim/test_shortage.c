/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes that run out of buffers: what is lost is counted by name, nothing leaks, the sums agree,
 * and all is well as soon as there are buffers again.
 */
#include "recode.h"
#include "shortage.h"

#define N   50
#define GAP (200 * SIM_US)

static struct shortage shortage;

static const enum drop_reason no_buffer[] = {DROP_no_buffer, DROP_none};

struct scene {
	struct sim *sim;
	struct node *relay; /* 2, with links to 1, 3 and 4 */
	uint32_t session;
};

/* From 1 by the relay 2, whose ports to 3 and 4 can send what is in pieces or not. */
static struct scene
start(const char *flow, const uint32_t *to, uint32_t offloads)
{
	struct sim_line line = small_line();
	struct sim *sim = small_new(4);
	struct scene scene = {.sim = sim};
	struct sim_session s;

	small_wire(sim, 1, 2);
	line.offloads = offloads;
	small_connect(sim, 2, 3, &line);
	small_connect(sim, 2, 4, &line);
	sim_build(sim);
	s = small_session(sim, 1, to);
	sim_session_flow(&s, 0, 1, flow);
	scene.session = small_start(sim, NULL, &s);
	scene.relay = sim->nodes[1].node;
	shortage_begin(&shortage, sim);
	return scene;
}

static uint64_t
delivered(const struct scene *scene, uint32_t id)
{
	return destination_delivered(small_destination(scene->sim, scene->session, id)).packets;
}

static void
send_some(const struct scene *scene)
{
	small_send(scene->sim, scene->session, N, 300, GAP);
	sim_run_until(scene->sim, scene->sim->now + 10 * SIM_MS);
}

/* A relay without a buffer for a copy in one piece, which its ports want. */
static void
test_no_copies(void **state)
{
	struct scene s = start("2 > (3, 4)", (uint32_t[]){3, 4, 0}, 0);

	(void)state;
	shortage_add(&shortage, s.relay->pool, 1); /* to receive into */
	send_some(&s);
	assert_int_equal(small_drops(s.sim, 2, DROP_no_buffer), 2 * N);
	assert_int_equal(delivered(&s, 3) + delivered(&s, 4), 0);
	shortage_end(&shortage, s.sim);
	send_some(&s);
	assert_int_equal(small_drops(s.sim, 2, DROP_no_buffer), 2 * N);
	assert_int_equal(delivered(&s, 3), N);
	assert_int_equal(delivered(&s, 4), N);
	small_finish(s.sim, NULL, no_buffer);
}

/* One header buffer is there, for who is next on the way; what is delivered here wants another. */
static void
test_no_headers_here(void **state)
{
	struct scene s = start("2* > 3", (uint32_t[]){2, 3, 0}, PORT_TX_CHAINS);

	(void)state;
	shortage_add(&shortage, s.relay->header_pool, 1);
	send_some(&s);
	assert_int_equal(small_drops(s.sim, 2, DROP_no_buffer), N);
	assert_int_equal(delivered(&s, 2), 0);
	assert_int_equal(delivered(&s, 3), N);
	shortage_end(&shortage, s.sim);

	/* None is there: what goes on is lost, what is delivered needs none then. */
	shortage_begin(&shortage, s.sim);
	shortage_add(&shortage, s.relay->header_pool, 0);
	send_some(&s);
	assert_int_equal(small_drops(s.sim, 2, DROP_no_buffer), 2 * N);
	assert_int_equal(delivered(&s, 2), N);
	assert_int_equal(delivered(&s, 3), N);
	shortage_end(&shortage, s.sim);
	send_some(&s);
	assert_int_equal(small_drops(s.sim, 2, DROP_no_buffer), 2 * N);
	assert_int_equal(delivered(&s, 2), 2 * N);
	assert_int_equal(delivered(&s, 3), 2 * N);
	small_finish(s.sim, NULL, no_buffer);
}

/* PROBEs that found no buffer were not sent: they are none that nobody answered. */
static void
test_no_probes(void **state)
{
	struct sim *sim = small_new(2);
	const struct link *link;
	uint64_t sent;

	(void)state;
	small_wire(sim, 1, 2);
	sim->probe = 50 * SIM_MS;
	sim_build(sim);
	link = node_find_link(sim->nodes[0].node, 2);
	sim_run_until(sim, sim->now + SIM_S);
	assert_int_equal(link->live.state, LINK_STATE_up);
	/* None is on its way. */
	while (link->live.judged != link->live.next)
		sim_run_until(sim, sim->now + SIM_MS);
	sent = link->live.sent;
	shortage_begin(&shortage, sim);
	shortage_add(&shortage, sim->nodes[0].node->pool, 0);
	sim_run_until(sim, sim->now + 2 * SIM_S);
	assert_int_equal(link->live.sent, sent);
	assert_int_equal(link->live.missed, 0);
	assert_int_equal(link->live.state, LINK_STATE_up);
	shortage_end(&shortage, sim);
	sim_run_until(sim, sim->now + SIM_S);
	assert_in_range(link->live.sent, sent + 15, sent + 25);
	assert_int_equal(link->live.answers, link->live.sent);
	assert_int_equal(link->live.state, LINK_STATE_up);
	small_finish(sim, NULL, small_none);
}

static const char *const flows[] = {"2 > (3, 4)", "2* > 3 > 4", "(2 > 4, 3 > 4)", "2 > 3*> 4*"};
static const uint32_t ends[][4] = {{3, 4, 0}, {2, 4, 0}, {4, 0}, {3, 4, 0}};

/* Each way of coding, and none; all kinds of trees. */
static void
start_all(struct sim *sim)
{
	for (uint32_t i = 0; i < 12; i++) {
		struct sim_session s = small_session(sim, 1, ends[i % 4]);

		s.window = 4096;
		s.reorder_packets = i % 2 ? 64 : 0;
		s.reorder_ns = 20 * SIM_MS;
		if (i >= 4) {
			s.coding = (struct rlnc_params){.code = i < 10 ? RLNC_BLOCK : RLNC_WINDOW,
				.k = 16,
				.systematic = i != 9,
				.repair = i < 8 ? RLNC_REPAIR_RATELESS : RLNC_REPAIR_RATIO,
				.ratio = 250000,
				.residual = 1000,
				.bound = 2 * RLNC_SHARE_ONE,
				.close = 5 * SIM_MS,
				.deadline = 100 * SIM_MS};
			if (s.coding.code == RLNC_BLOCK)
				s.recode[1] = s.recode[2] = RECODE_ALWAYS;
		}
		sim_session_flow(&s, 0, 1, flows[i % 4]);
		small_start(sim, NULL, &s);
	}
}

static void
send_all(struct sim *sim, uint32_t rounds, uint64_t gap)
{
	for (uint32_t i = 0; i < rounds; i++) {
		for (uint32_t k = 0; k < sim->nb_sessions; k++)
			sim_host_send(sim, k, (uint16_t)(8 + rng_below(&sim->rng, 900)));
		sim_run_until(sim, sim->now + gap);
	}
}

static void
count_all(const struct sim *sim, uint64_t *all)
{
	for (uint32_t i = 0; i < sim->nb_sessions; i++)
		for (uint16_t d = 0; d < sim->sessions[i].nb_destinations; d++)
			*all++ = destination_delivered(
				sim_destination(sim, i, sim->sessions[i].destinations[d]))
					 .packets;
}

/* Everything at once, each turn with another number of buffers. */
static void
run_random(uint64_t seed)
{
	enum drop_reason allowed[] = {DROP_no_buffer, DROP_probe_unexpected, DROP_session_duplicate,
		DROP_session_too_old, DROP_coding_dependent, DROP_coding_late, DROP_coding_given_up,
		DROP_none, DROP_none};
	uint64_t before[24] = {0}, after[24] = {0};
	struct sim_line line = small_line();
	struct sim *sim = sim_new(seed);
	uint16_t workers = (uint16_t)(1 + seed % 2);

	for (uint32_t i = 1; i <= 4; i++)
		sim_add_node(sim, i, workers);
	line.queues = workers;
	for (uint32_t a = 1; a <= 3; a++)
		for (uint32_t b = a + 1; b <= 4; b++) {
			line.offloads = (a + b + seed) % 3 ? PORT_TX_CHAINS : 0;
			small_connect(sim, a, b, &line);
		}
	sim->pacing = seed % 3 ? LINK_PACING_NONE : LINK_PACING_TFRC;
	sim->feeder_packets = 4096;
	sim->feeder_queues = 1024;
	if (sim->pacing != LINK_PACING_NONE)
		allowed[RTE_DIM(allowed) - 2] = DROP_queue_full;
	sim->extra_buffers = 2048;
	sim->recode_packets = 1024;
	sim->probe = 20 * SIM_MS;
	sim_build(sim);
	start_all(sim);
	shortage_begin(&shortage, sim);
	for (uint32_t i = 0; i < 4; i++) {
		shortage_add(&shortage, sim->nodes[i].node->pool, 24);
		shortage_add(&shortage, sim->nodes[i].node->header_pool, 24);
	}
	shortage.random = true;
	send_all(sim, 200, SIM_MS);
	shortage_end(&shortage, sim);
	sim_run_until(sim, sim->now + 5 * SIM_S);
	count_all(sim, before);
	/* A rate that adapts itself starts low. */
	send_all(sim, 96, sim->pacing == LINK_PACING_NONE ? SIM_MS : 50 * SIM_MS);
	sim_run_until(sim, sim->now + SIM_S);
	count_all(sim, after);
	for (uint32_t i = 0; after[i] != 0; i++)
		assert_int_equal(after[i] - before[i], 96);
	small_finish(sim, NULL, allowed);
}

static void
test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		run_random(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_copies),
		cmocka_unit_test(test_no_headers_here),
		cmocka_unit_test(test_no_probes),
		cmocka_unit_test(test_random),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("shortage", tests, NULL, NULL);
}
