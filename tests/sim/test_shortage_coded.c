/* SPDX-License-Identifier: BSD-3-Clause */
/* Coded sessions where buffers are short: what is missing, how it is counted, and that it recovers.
 */
#include "recode.h"
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "shortage.h"

#define K   16
#define GAP (100 * SIM_US)

static struct shortage shortage;

static const enum drop_reason allowed[] = {
	DROP_no_buffer, DROP_coding_dependent, DROP_coding_late, DROP_coding_given_up, DROP_none};

struct scene {
	struct sim *sim;
	uint32_t session;
};

static struct rlnc_params
coding_of(enum rlnc_code code, enum rlnc_repair repair)
{
	return (struct rlnc_params){.code = (uint8_t)code,
		.k = K,
		.systematic = true,
		.repair = (uint8_t)repair,
		.ratio = 250000,
		.residual = 1000,
		.bound = 20 * RLNC_SHARE_ONE,
		.close = 5 * SIM_MS,
		.deadline = 400 * SIM_MS};
}

/* 1, 2 and 3 in a line; 2 recodes if the session goes on there. */
static struct scene
start(const char *flow, const uint32_t *to, const struct rlnc_params *coding)
{
	struct sim *sim = small_new(3);
	struct sim_session s;

	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	sim->extra_buffers = 2048;
	sim->recode_packets = 1024;
	sim_build(sim);
	s = small_session(sim, 1, to);
	s.coding = *coding;
	s.window = 4096;
	s.recode[1] = coding->code == RLNC_BLOCK ? RECODE_ALWAYS : RECODE_NEVER;
	sim_session_flow(&s, 0, 1, flow);
	shortage_begin(&shortage, sim);
	return (struct scene){.sim = sim, .session = small_start(sim, NULL, &s)};
}

static struct node *
node_of(const struct scene *s, uint32_t id)
{
	return s->sim->nodes[id - 1].node;
}

static const struct rlnc_encoder_counters *
encoder_of(const struct scene *s)
{
	return &sim_source(s->sim, s->session)->encoder->counters;
}

static const struct rlnc_receiver_counters *
receiver_of(const struct scene *s, uint32_t id)
{
	return &small_destination(s->sim, s->session, id)->coding->counters;
}

static const struct recode_counters *
recode_of(const struct scene *s)
{
	return &node_of(s, 2)->workers[0]->recode->counters;
}

static uint64_t
delivered(const struct scene *s, uint32_t id)
{
	return destination_delivered(small_destination(s->sim, s->session, id)).packets;
}

static void
send_generations(const struct scene *s, uint32_t n)
{
	small_send(s->sim, s->session, n * K, 300, GAP);
	sim_run_until(s->sim, s->sim->now + 20 * SIM_MS);
}

/* The line from one node to the next loses all, or nothing. */
static void
cut(const struct scene *s, uint32_t from, bool yes)
{
	struct wire_lane_params lane = small_line().lane;

	lane.impair.loss = yes;
	small_set_lane(s->sim, sim_wire_between(s->sim, from - 1, from), from + 1, &lane);
}

/* A source without buffers for repair: so many are missing, the source packets go. */
static void
test_no_repairs(void **state)
{
	struct rlnc_params coding = coding_of(RLNC_BLOCK, RLNC_REPAIR_RATIO);
	struct scene s = start("2", (uint32_t[]){2, 0}, &coding);

	(void)state;
	shortage_add(&shortage, node_of(&s, 1)->pool, 1); /* to receive into */
	send_generations(&s, 10);
	assert_int_equal(encoder_of(&s)->starved, 10 * K / 4);
	assert_int_equal(encoder_of(&s)->repairs, 0);
	assert_int_equal(delivered(&s, 2), 10 * K);
	shortage_end(&shortage, s.sim);
	send_generations(&s, 10);
	assert_int_equal(encoder_of(&s)->starved, 10 * K / 4);
	assert_int_equal(encoder_of(&s)->repairs, 10 * K / 4);
	small_finish(s.sim, NULL, allowed);
}

/* A destination without a buffer for what it can compute does so at the next packet with one. */
static void
test_computed_later(void **state)
{
	struct rlnc_params coding = coding_of(RLNC_BLOCK, RLNC_REPAIR_RATELESS);
	struct scene s = start("2", (uint32_t[]){2, 0}, &coding);

	(void)state;
	cut(&s, 1, true);
	small_send(s.sim, s.session, 1, 300, GAP);
	cut(&s, 1, false);
	small_send(s.sim, s.session, K - 1, 300, GAP);
	shortage_add(&shortage, node_of(&s, 2)->pool, 1); /* for a repair, which comes alone */
	sim_run_until(s.sim, s.sim->now + 150 * SIM_MS);
	assert_int_equal(receiver_of(&s, 2)->starved, 1);
	assert_int_equal(receiver_of(&s, 2)->computed, 0);
	assert_int_equal(delivered(&s, 2), K - 1);
	shortage_end(&shortage, s.sim);
	sim_run_until(s.sim, s.sim->now + 100 * SIM_MS);
	assert_int_equal(receiver_of(&s, 2)->starved, 1);
	assert_int_equal(receiver_of(&s, 2)->computed, 1);
	assert_int_equal(delivered(&s, 2), K);
	assert_int_equal(encoder_of(&s)->decoded, 1);
	small_finish(s.sim, NULL, allowed);
}

/* What it cannot compute in time is given up, and nothing of it stays. */
static void
test_given_up(void **state)
{
	struct rlnc_params coding = coding_of(RLNC_BLOCK, RLNC_REPAIR_RATIO);
	struct scene s = start("2", (uint32_t[]){2, 0}, &coding);
	uint64_t given_up;

	(void)state;
	cut(&s, 1, true);
	small_send(s.sim, s.session, 1, 300, GAP);
	cut(&s, 1, false);
	shortage_add(&shortage, node_of(&s, 2)->pool, 2); /* and for a repair with it */
	small_send(s.sim, s.session, K - 1, 300, GAP);
	sim_run_until(s.sim, s.sim->now + SIM_S);
	given_up = receiver_of(&s, 2)->given_up;
	assert_true(receiver_of(&s, 2)->starved > 0);
	assert_in_range(given_up, 1, K / 4);
	assert_int_equal(small_drops(s.sim, 2, DROP_coding_given_up), given_up);
	assert_int_equal(delivered(&s, 2), K - 1);
	assert_int_equal(sim_node_counters(s.sim, 1).queued, 0);
	shortage_end(&shortage, s.sim);
	send_generations(&s, 4);
	assert_int_equal(delivered(&s, 2), 5 * K - 1);
	small_finish(s.sim, NULL, allowed);
}

/* A relay without a buffer to pass DECODED on does so later: the source need not repair to the end.
 */
static void
test_passed_on_later(void **state)
{
	struct rlnc_params coding = coding_of(RLNC_BLOCK, RLNC_REPAIR_RATELESS);
	struct scene s = start("2 > 3", (uint32_t[]){3, 0}, &coding);

	(void)state;
	small_send(s.sim, s.session, K, 300, GAP);
	shortage_add(&shortage, node_of(&s, 2)->header_pool, 0);
	sim_run_until(s.sim, s.sim->now + 20 * SIM_MS);
	assert_int_equal(delivered(&s, 3), K);
	assert_int_equal(encoder_of(&s)->generations, 1);
	assert_int_equal(encoder_of(&s)->decoded, 0);
	shortage_end(&shortage, s.sim);
	sim_run_until(s.sim, s.sim->now + 250 * SIM_MS);
	assert_int_equal(encoder_of(&s)->decoded, 1);
	assert_int_equal(encoder_of(&s)->given_up, 0);
	small_finish(s.sim, NULL, allowed);
}

/*
 * A relay that has no buffer for a new combination sends what came, and delivers it here too. Each
 * takes two headers, as neither may move where the data of the other begins.
 */
static void
test_as_it_came(void **state)
{
	static const uint8_t goes[] = {0, 0, 1, 1};
	struct rlnc_params coding = coding_of(RLNC_BLOCK, RLNC_REPAIR_RATIO);
	uint32_t sent = 0;
	struct scene s;

	(void)state;
	coding.ratio = 0;
	s = start("2* > 3", (uint32_t[]){2, 3, 0}, &coding);
	for (uint32_t headers = 0; headers <= 3; headers++) {
		shortage_begin(&shortage, s.sim);
		shortage_add(&shortage, node_of(&s, 2)->pool, 1);
		shortage_add(&shortage, node_of(&s, 2)->header_pool, headers);
		send_generations(&s, 4);
		sent += 4 * K * goes[headers];
		assert_int_equal(recode_of(&s)->starved, (headers + 1) * 4 * K);
		assert_int_equal(recode_of(&s)->as_is, sent);
		assert_int_equal(delivered(&s, 3), sent);
		assert_int_equal(delivered(&s, 2), 0);
		assert_int_equal(
			small_drops(s.sim, 2, DROP_no_buffer), (headers + 1) * 2 * 4 * K - sent);
		shortage_end(&shortage, s.sim);
	}
	send_generations(&s, 4);
	assert_int_equal(recode_of(&s)->as_is, sent);
	assert_int_equal(delivered(&s, 3), sent + 4 * K);
	assert_int_equal(delivered(&s, 2), 4 * K);
	small_finish(s.sim, NULL, allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_repairs),
		cmocka_unit_test(test_computed_later),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_passed_on_later),
		cmocka_unit_test(test_as_it_came),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("shortage_coded", tests, NULL, NULL);
}
