/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A generation about which packets contradict each other, at a relay between a source whose repair
 * is rateless and its destinations: a forged packet comes after true ones, or before them.
 */
#include "coded_capture.h"
#include "forward.h"
#include "path_text.h"
#include "recode.h"
#include "rlnc_encoder.h"

#define K 16

static struct coded_capture capture; /* from node 2 to 3 */

struct scene {
	struct sim *sim;
	uint32_t session;
};

/*
 * From node 1 over node 2, which has a wire to each of 3 and 4. To 3 it is paced, if rate (bytes/s)
 * is not 0.
 */
static struct scene
begin(const char *flow, const uint32_t *to, enum recode_how how, uint64_t rate)
{
	struct scene s = {.sim = small_new(4)};
	struct sim_session session;

	s.sim->link_rate = rate;
	s.sim->paced_node = 1;
	s.sim->paced_peer = 3;
	s.sim->extra_buffers = 2048;
	s.sim->recode_packets = 1024;
	small_wire(s.sim, 1, 2);
	small_wire(s.sim, 2, 3);
	small_wire(s.sim, 2, 4);
	sim_build(s.sim);
	session = small_session(s.sim, 1, to);
	session.coding = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = K,
		.systematic = true,
		.repair = RLNC_REPAIR_RATELESS,
		.bound = 4 * RLNC_SHARE_ONE,
		.close = 5 * SIM_MS,
		.deadline = 400 * SIM_MS};
	session.recode[1] = (uint8_t)how;
	sim_session_flow(&session, 0, 1, flow);
	coded_capture_begin(&capture, s.sim, WIRE_SENT, 2, 3);
	s.session = small_start(s.sim, NULL, &session);
	return s;
}

static void
send_packets(const struct scene *s, uint32_t n)
{
	small_send(s->sim, s->session, n, 300, 100 * SIM_US);
}

static void
end(const struct scene *s)
{
	sim_session_stop(s->sim, s->session);
	sim_drain(s->sim, 5 * SIM_S);
	sim_free(s->sim);
}

static const struct rlnc_encoder *
encoder_of(const struct scene *s)
{
	return sim_source(s->sim, s->session)->encoder;
}

/* A packet of a generation (its first sequence) comes to node 2, as if from node 1. */
static void
forge(const struct scene *s, uint32_t first, const char *path, const struct rlnc_header *h)
{
	struct node *node = s->sim->nodes[1].node;
	struct worker *w = node->workers[0];
	const struct session_hdr session = {
		.conference = rte_cpu_to_be_32(s->sim->sessions[s->session].conference),
		.session = rte_cpu_to_be_32(s->sim->sessions[s->session].session),
		.seq = rte_cpu_to_be_32(first),
		.epoch = rte_cpu_to_be_16(sim_source(s->sim, s->session)->epoch),
		.flags = SESSION_CODED};
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct deliver_burst here;
	struct path_text_error error;
	struct pathlet_tree tree;
	uint8_t *p;
	size_t len;

	assert_non_null(m);
	assert_int_equal(path_text_parse(path, &tree, &error), 0);
	p = (uint8_t *)rte_pktmbuf_append(m, 300);
	if (p == NULL)
		abort();
	memset(p, 0, 300);
	len = pathlet_tree_encode(&tree, 0, p, 200);
	memcpy(p + len, &session, sizeof(session));
	(void)rlnc_header_write(h, p + len + sizeof(session));
	packet_meta(m)->index = node_find_link(node, 1)->index;
	worker_poll(w, s->sim->now);
	w->counters.received++;
	deliver_begin(w, &here);
	forward_input(w, &m, 1, &here);
	deliver_end(w, &here);
	worker_poll(w, s->sim->now);
}

/*
 * A relay sends on what contradicts its generation, and learns nothing of it: who is named by that
 * alone, a next hop, the relay itself, somebody behind node 3, gets nothing else and is not waited
 * for.
 */
static void
test_forged_later(void **state)
{
	static const struct rlnc_header h = {
		.kind = RLNC_SEEDED, .code = RLNC_BLOCK, .final = true, .n = 4, .seed = 1};
	static const uint32_t to[] = {3, 0};
	static const char *const paths[] = {"2 > (3, 4)", "2* > 3", "2 > 3* > 4"};
	static const uint8_t astray[] = {4, 2, 3};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(paths); i++) {
		enum drop_reason reason = i < 2 ? DROP_session_unknown : DROP_pathlet_unknown_hop;
		struct scene s = begin("2 > 3", to, RECODE_ALWAYS, 0);

		send_packets(&s, K / 2);
		sim_run_until(s.sim, s.sim->now + 2 * SIM_MS);
		forge(&s, 0, paths[i], &h);
		send_packets(&s, K / 2);
		sim_run_until(s.sim, s.sim->now + 50 * SIM_MS);
		assert_int_equal(small_drops(s.sim, 3, DROP_coding_malformed), 1);
		for (uint32_t node = 2; node <= 4; node++)
			assert_int_equal(small_drops(s.sim, node, reason), node == astray[i]);
		assert_int_equal(encoder_of(&s)->counters.decoded, 1);
		end(&s);
	}
}

static void
lose_all(const struct scene *s, uint32_t from, uint32_t to, bool lost)
{
	struct sim_wire *sw = sim_wire_between(s->sim, from - 1, to - 1);
	struct wire_lane_params lane = sw->line.lane;

	lane.impair.loss = lost ? 1 : 0;
	small_set_lane(s->sim, sw, to, &lane);
}

/*
 * The first packet of a generation is lost, and a forged one comes in its place, for node 3 alone:
 * of one that is the whole generation. Node 3 believes it and says that it has all. What really
 * comes is sent on to node 3 all the same, and repaired for node 4, as far as the bound allows. A
 * generation before it lets the source know the time that an answer takes.
 */
static void
test_forged_first(void **state)
{
	static const struct rlnc_header h = {
		.kind = RLNC_SEEDED, .code = RLNC_BLOCK, .final = true, .n = 1, .seed = 1};
	static const uint32_t to[] = {3, 4, 0};
	static const uint8_t hows[] = {RECODE_NEVER, RECODE_LOSSY, RECODE_ALWAYS};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(hows); i++) {
		struct scene s = begin("2 > (3, 4)", to, hows[i], 0);

		send_packets(&s, K);
		sim_run_until(s.sim, s.sim->now + 50 * SIM_MS);
		assert_int_equal(encoder_of(&s)->counters.decoded, 1);
		lose_all(&s, 1, 2, true);
		send_packets(&s, 1);
		lose_all(&s, 1, 2, false);
		forge(&s, K, "2 > 3", &h);
		sim_run_until(s.sim, s.sim->now + 3 * SIM_MS);
		lose_all(&s, 2, 4, true);
		send_packets(&s, K / 2);
		sim_run_until(s.sim, s.sim->now + 3 * SIM_MS);
		lose_all(&s, 2, 4, false);
		send_packets(&s, K / 2 - 1);
		sim_run_until(s.sim, s.sim->now + 500 * SIM_MS);
		assert_int_equal(encoder_of(&s)->counters.generations, 2);
		for (uint32_t node = 3; node <= 4; node++) {
			const struct destination *dst = small_destination(s.sim, s.session, node);

			assert_int_equal(destination_delivered(dst).packets, 2 * K);
		}
		assert_int_equal(encoder_of(&s)->counters.decoded, 1);
		assert_int_equal(encoder_of(&s)->counters.given_up, 1);
		end(&s);
	}
}

/* A combination of n source packets, which goes to node 3. */
static void
forge_combination(const struct scene *s, uint8_t n, bool final)
{
	const struct rlnc_header h = {
		.kind = RLNC_SEEDED, .code = RLNC_BLOCK, .final = final, .n = n, .seed = n};

	forge(s, 0, "2 > 3", &h);
}

/*
 * More packets contradict a generation than do not: then those too that do not go on as they came,
 * though node 3 has said that it has all, and node 1 is not told so. Once they are not more all is
 * as before.
 */
static void
test_in_doubt(void **state)
{
	enum out {
		COMBINED = RLNC_RECODED,
		AS_IT_CAME = RLNC_SEEDED,
		NOTHING = UINT8_MAX
	};
	static const struct {
		uint8_t n, out; /* enum out */
		bool final, told;
	} steps[] = {{3, COMBINED, true, false}, {12, AS_IT_CAME, true, true},
		{12, AS_IT_CAME, true, false}, {3, NOTHING, true, true},
		{12, AS_IT_CAME, true, false}, {12, AS_IT_CAME, true, false},
		{2, AS_IT_CAME, false, false}, {2, NOTHING, false, true}};
	static const uint32_t to[] = {3, 0};
	struct scene s = begin("2 > 3", to, RECODE_ALWAYS, 0);
	struct worker *w = s.sim->nodes[1].node->workers[0];
	struct recode_key key = {.conference = s.sim->sessions[s.session].conference,
		.session = s.sim->sessions[s.session].session,
		.epoch = sim_source(s.sim, s.session)->epoch};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(steps); i++) {
		uint32_t sent = capture.n;
		uint64_t made = w->counters.originated;

		forge_combination(&s, steps[i].n, steps[i].final);
		sim_run_until(s.sim, s.sim->now + 5 * SIM_MS);
		assert_int_equal(capture.n - sent, steps[i].out != NOTHING);
		if (steps[i].out != NOTHING)
			assert_int_equal(capture.packets[sent].h.kind, steps[i].out);
		/* Combinations and DECODED. */
		made = w->counters.originated - made;
		assert_int_equal(made, (steps[i].out == COMBINED) + steps[i].told);
		if (i == 0)
			assert_true(recode_decoded(w, &key, 3));
	}
	end(&s);
}

/* Packets wait to be combined when their turn comes; by then others contradict them: none is. */
static void
test_waiting(void **state)
{
	static const uint32_t to[] = {3, 0};

	(void)state;
	for (uint32_t contrary = 3; contrary <= 4; contrary++) {
		struct scene s = begin("2 > 3", to, RECODE_ALWAYS, 4000000);
		uint8_t kind = contrary == 3 ? RLNC_RECODED : RLNC_SEEDED;

		for (uint32_t i = 0; i < 3; i++)
			forge_combination(&s, 3, true);
		for (uint32_t i = 0; i < contrary; i++)
			forge_combination(&s, 12, true);
		sim_run_until(s.sim, s.sim->now + 100 * SIM_MS);
		assert_int_equal(capture.n, 3 + contrary);
		assert_int_equal(capture.packets[0].h.kind, RLNC_RECODED);
		for (uint32_t i = 1; i < 3; i++)
			assert_int_equal(capture.packets[i].h.kind, kind);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_later),
		cmocka_unit_test(test_forged_first),
		cmocka_unit_test(test_in_doubt),
		cmocka_unit_test(test_waiting),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("contradicted", tests, NULL, NULL);
}
