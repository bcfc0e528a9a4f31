/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DECODED on its way from destinations over relays to the source, and what the source makes of it.
 */
#include "recode.h"
#include "rlnc_encoder.h"
#include "small.h"

struct scene {
	struct sim *sim;
	uint32_t session;
};

static struct sim *
network(uint32_t nodes)
{
	struct sim *sim = small_new(nodes);

	sim->extra_buffers = 2048;
	sim->recode_packets = 1024;
	return sim;
}

static struct scene
start_coded(struct sim *sim, const char *flow, const uint32_t *to, const struct rlnc_params *coding)
{
	struct sim_session s = small_session(sim, 1, to);

	s.coding = *coding;
	s.window = 4096;
	sim_session_flow(&s, 0, 1, flow);
	return (struct scene){.sim = sim, .session = small_start(sim, NULL, &s)};
}

static struct rlnc_params
params_of(enum rlnc_repair repair)
{
	return (struct rlnc_params){.code = RLNC_BLOCK,
		.k = 16,
		.systematic = true,
		.repair = (uint8_t)repair,
		.residual = 1000,
		.bound = 4 * RLNC_SHARE_ONE,
		.close = 5 * SIM_MS,
		.deadline = 400 * SIM_MS};
}

static struct scene
start(struct sim *sim, const char *flow, const uint32_t *to, enum rlnc_repair repair)
{
	struct rlnc_params coding = params_of(repair);

	sim_build(sim);
	return start_coded(sim, flow, to, &coding);
}

static const struct rlnc_encoder *
encoder_of(const struct scene *s)
{
	return sim_source(s->sim, s->session)->encoder;
}

static void
lose(struct sim *sim, uint32_t a, uint32_t b, double share)
{
	struct sim_wire *sw = sim_wire_between(sim, sim_node_index(sim, a), sim_node_index(sim, b));
	struct wire_lane_params lane = sw->line.lane;

	lane.impair.loss = share;
	small_set_lane(sim, sw, b, &lane);
}

static uint64_t
delivered(const struct scene *s, uint32_t node)
{
	return source_sent(sim_source(s->sim, s->session)).packets -
	       destination_lost(small_destination(s->sim, s->session, node));
}

static void
end(const struct scene *s)
{
	sim_session_stop(s->sim, s->session);
	sim_drain(s->sim, 5 * SIM_S);
	sim_free(s->sim);
}

/* Nothing is lost: repair becomes ever less, and no packet is repaired twice. */
static void
test_no_loss(void **state)
{
	static const uint32_t to[] = {3, 0};
	struct sim *sim = network(3);
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	s = start(sim, "2 > 3", to, RLNC_REPAIR_RATELESS);
	small_send(sim, s.session, 640, 300, 500 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.generations, 40);
	assert_int_equal(encoder_of(&s)->counters.decoded, 40);
	assert_int_equal(encoder_of(&s)->counters.given_up, 0);
	assert_true(encoder_of(&s)->counters.repairs <= 10);
	assert_int_equal(encoder_of(&s)->rateless.first, 0);
	end(&s);
}

/* A third is lost, on the way back too: all comes. */
static void
test_loss(void **state)
{
	static const uint32_t to[] = {3, 0};
	struct sim *sim = network(3);
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	s = start(sim, "2 > 3", to, RLNC_REPAIR_RATELESS);
	lose(sim, 2, 3, 0.33);
	lose(sim, 3, 2, 0.33);
	small_send(sim, s.session, 960, 300, 500 * SIM_US);
	sim_run_until(sim, sim->now + 500 * SIM_MS);
	assert_int_equal(delivered(&s, 3), 960);
	assert_true(encoder_of(&s)->counters.decoded >= 58);
	assert_true(encoder_of(&s)->counters.repairs > 960 / 3);
	end(&s);
}

/*
 * All machines are paused while generations are on their way. What was decoded by then took longer
 * than any is waited for, and says nothing of how long the next ones take.
 */
static void
test_stood_still(void **state)
{
	static const uint32_t to[] = {2, 0};
	struct sim *sim = network(2);
	uint64_t before;
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	s = start(sim, "2", to, RLNC_REPAIR_RATELESS);
	lose(sim, 1, 2, 0.3);
	for (uint32_t i = 0; i < 20; i++) {
		small_send(sim, s.session, 320, 300, 500 * SIM_US);
		sim_run_until(sim, sim->now + i * 100 * SIM_US);
		sim->now += 10 * SIM_S;
		sim_run_until(sim, sim->now + 20 * SIM_MS);
		before = destination_lost(small_destination(sim, s.session, 2));
		small_send(sim, s.session, 320, 300, 500 * SIM_US);
		sim_run_until(sim, sim->now + 500 * SIM_MS);
		assert_in_range(
			destination_lost(small_destination(sim, s.session, 2)), 0, before + 16);
	}
	end(&s);
}

/* One of two branches gets nothing for a while: the source is not told that all is there. */
static void
test_branches(void **state)
{
	static const uint32_t to[] = {3, 4, 0};
	struct sim *sim = network(4);
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	small_wire(sim, 2, 4);
	s = start(sim, "2 > (3, 4)", to, RLNC_REPAIR_RATELESS);
	lose(sim, 2, 4, 1);
	small_send(sim, s.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(destination_lost(small_destination(sim, s.session, 3)), 0);
	assert_int_equal(encoder_of(&s)->counters.decoded, 0);
	lose(sim, 2, 4, 0);
	sim_run_until(sim, sim->now + 2 * SIM_S);
	assert_int_equal(encoder_of(&s)->counters.decoded, 0); /* the deadline was before */
	small_send(sim, s.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.decoded, 1);
	end(&s);
}

/* More branches than a relay combines packets for; the last gets nothing for a while, then all. */
static void
test_many_branches(void **state)
{
	uint32_t to[SIM_NODES_MAX] = {0}, leaves = RECODE_HOPS_MAX + 1, last = leaves + 2;
	char flow[SIM_TEXT_MAX] = "2 > (";
	struct sim *sim = network(last);
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	for (uint32_t i = 0; i < leaves; i++) {
		size_t len = strlen(flow);

		to[i] = i + 3;
		small_wire(sim, 2, to[i]);
		snprintf(flow + len, sizeof(flow) - len, "%u%s", to[i], to[i] < last ? "," : ")");
	}
	s = start(sim, flow, to, RLNC_REPAIR_RATELESS);
	sim_source(sim, s.session)->encoder->params.deadline = 5 * SIM_S;
	lose(sim, 2, last, 1);
	small_send(sim, s.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.generations, 1);
	assert_int_equal(encoder_of(&s)->counters.decoded, 0);
	lose(sim, 2, last, 0);
	sim_run_until(sim, sim->now + 4 * SIM_S);
	for (uint32_t i = 0; i < leaves; i++) {
		const struct destination *dst = small_destination(sim, s.session, to[i]);

		assert_int_equal(destination_delivered(dst).packets, 16);
	}
	assert_int_equal(encoder_of(&s)->counters.given_up, 0);
	assert_int_equal(encoder_of(&s)->counters.decoded, 1);
	end(&s);
}

#define MANY 40 /* first hops */

/*
 * The source's links beyond the first, to neighbours that are nowhere: what they would say the test
 * tells the encoder.
 */
static void
add_neighbours(struct sim *sim)
{
	struct node *node = sim->nodes[0].node;

	for (uint32_t i = 3; i < 2 + MANY; i++) {
		struct link_params params = {.node_id = i,
			.port = sim_port(sim, 0, 0),
			.remote = address_ipv4(rte_cpu_to_be_32(0x0a636300 + i)),
			.udp_port = FERRY_UDP_PORT};
		struct link *link = node_add_link(node, &params);

		assert_non_null(link);
		assert_int_equal(node_set_link_mac(node, link, &sim->wires[0].mac[1]), 0);
	}
}

/* A flow with many first hops: what each of them says counts. */
static void
test_first_hops(void **state)
{
	static const uint32_t to[] = {2, 0};
	char flow[SIM_TEXT_MAX] = "(2";
	struct sim *sim = network(2);
	struct rlnc_params coding = params_of(RLNC_REPAIR_RATELESS);
	struct rlnc_encoder *e;
	struct scene s;

	(void)state;
	for (uint32_t i = 3; i < 2 + MANY; i++)
		snprintf(flow + strlen(flow), sizeof(flow) - strlen(flow), ",%u%s", i,
			i + 1 < 2 + MANY ? "" : ")");
	small_wire(sim, 1, 2);
	sim_build(sim);
	add_neighbours(sim);
	s = start_coded(sim, flow, to, &coding);
	e = sim_source(sim, s.session)->encoder;
	for (uint32_t seq = 0; seq < 40 * 16; seq += 16) {
		small_send(sim, s.session, 16, 300, 100 * SIM_US);
		for (uint32_t i = 3; i < 2 + MANY; i++)
			rlnc_rateless_decoded(sim->nodes[0].node->workers[0], e, seq, i);
		assert_int_equal(e->counters.decoded, seq / 16);
		sim_run_until(sim, sim->now + 5 * SIM_MS);
	}
	assert_int_equal(e->counters.generations, 40);
	assert_int_equal(e->counters.decoded, 40);
	assert_int_equal(e->counters.given_up, 0);
	assert_int_equal(e->rateless.first, 0);
	end(&s);
}

/* A destination that relays: it has all, but who is behind it has not. */
static void
test_relaying_destination(void **state)
{
	static const uint32_t to[] = {2, 3, 0};
	struct sim *sim = network(3);
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	s = start(sim, "2* > 3", to, RLNC_REPAIR_RATELESS);
	lose(sim, 2, 3, 1);
	small_send(sim, s.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.decoded, 0);
	lose(sim, 2, 3, 0);
	small_send(sim, s.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.decoded, 1);
	end(&s);
}

/* The bound holds where nobody ever answers, also when far more was needed before. */
static void
test_bound(void **state)
{
	static const uint32_t to[] = {2, 0}, repairs[] = {64, 4};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(repairs); i++) {
		struct sim *sim = network(2);
		struct scene s;

		small_wire(sim, 1, 2);
		s = start(sim, "2", to, RLNC_REPAIR_RATELESS);
		sim_source(sim, s.session)->encoder->params.bound = RLNC_SHARE_ONE / 16 *
								    repairs[i];
		lose(sim, 1, 2, 1);
		small_send(sim, s.session, 16 * 40, 300, SIM_MS);
		sim_run_until(sim, sim->now + 3 * SIM_S);
		assert_int_equal(encoder_of(&s)->counters.given_up, 40);
		assert_true(encoder_of(&s)->counters.repairs <= 40 * repairs[i]);
		assert_int_equal(sim_node_counters(sim, 0).queued, 0);
		end(&s);
	}
}

/* As much as a source repairs, all on a long way: no generation is repaired in vain. */
static void
test_long_way(void **state)
{
	static const uint32_t to[] = {2, 0};
	const uint32_t n = RLNC_UNDECODED_MAX * 128;
	struct sim *sim = network(2);
	struct sim_line line = {
		.lane = {.delay = 100 * SIM_MS, .impair.loss = 0.05}, .offloads = PORT_TX_CHAINS};
	struct rlnc_params coding = params_of(RLNC_REPAIR_RATELESS);
	const struct destination *dst;
	struct scene s;

	(void)state;
	sim->extra_buffers = 8192;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	coding.k = 128;
	coding.deadline = 5 * SIM_S;
	s = start_coded(sim, "2", to, &coding);
	dst = small_destination(sim, s.session, 2);
	for (uint32_t round = 1; round <= 3; round++) {
		small_send(sim, s.session, n, 300, 10 * SIM_MS / 256);
		sim_run_until(sim, sim->now + 4 * SIM_S);
		assert_int_equal(encoder_of(&s)->counters.generations, round * RLNC_UNDECODED_MAX);
		assert_int_equal(destination_delivered(dst).packets, round * n);
		assert_int_equal(small_drops(sim, 2, DROP_coding_late), 0);
		assert_int_equal(encoder_of(&s)->counters.given_up, 0);
		assert_int_equal(encoder_of(&s)->counters.decoded, round * RLNC_UNDECODED_MAX);
	}
	end(&s);
}

/* Very many at once, of which nothing comes: the oldest are given up, whatever is the time. */
static void
test_at_once(void **state)
{
	static const uint32_t to[] = {2, 0};
	struct sim *sim = network(2);
	struct rlnc_params coding = params_of(RLNC_REPAIR_RATELESS);
	uint32_t seen = 0;
	struct scene s;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	coding.k = 1;
	s = start_coded(sim, "2", to, &coding);
	lose(sim, 1, 2, 1);
	for (uint32_t i = 0; i < 32; i++)
		sim_host_send(sim, s.session, 300);
	sim_run_until(sim, sim->now + SIM_MS);
	assert_int_equal(encoder_of(&s)->counters.generations, 32);
	assert_int_equal(encoder_of(&s)->counters.given_up, 32 - RLNC_UNDECODED_MAX);
	for (uint32_t i = 0; i < encoder_of(&s)->nb_generations; i++) {
		const struct rlnc_generation *g = &encoder_of(&s)->generations[i];

		if (!g->closed)
			continue;
		assert_in_range(g->first, 32 - RLNC_UNDECODED_MAX, 31);
		seen |= UINT32_C(1) << g->first;
	}
	assert_int_equal(seen, 0xffff0000);
	end(&s);
}

/* Adaptive: more loss as probes see it, more repair, and what remains lost is near the target. */
static void
adaptive(uint8_t code)
{
	static const uint32_t to[] = {2, 0};
	struct rlnc_params coding = params_of(RLNC_REPAIR_ADAPTIVE);
	struct sim *sim = network(2);
	uint64_t little;
	struct scene s;

	coding.code = code;
	sim->probe = 5 * SIM_MS;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = start_coded(sim, "2", to, &coding);
	sim_run_until(sim, sim->now + 500 * SIM_MS);
	small_send(sim, s.session, 800, 300, 200 * SIM_US);
	little = encoder_of(&s)->counters.repairs;
	assert_in_range(little, 50, 150);
	lose(sim, 1, 2, 0.1);
	sim_run_until(sim, sim->now + SIM_S);
	small_send(sim, s.session, 3200, 300, 200 * SIM_US);
	sim_run_until(sim, sim->now + 500 * SIM_MS);
	assert_true(encoder_of(&s)->counters.repairs - little > 2 * 4 * little);
	/* A thousandth is asked; what probes do not know they do not tell. */
	assert_true(destination_lost(small_destination(sim, s.session, 2)) <= 3200 / 100);
	end(&s);
}

static void
test_adaptive(void **state)
{
	(void)state;
	adaptive(RLNC_BLOCK);
	adaptive(RLNC_WINDOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_loss),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_stood_still),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_many_branches),
		cmocka_unit_test(test_first_hops),
		cmocka_unit_test(test_relaying_destination),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_long_way),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_adaptive),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("rateless", tests, NULL, NULL);
}
