/* SPDX-License-Identifier: BSD-3-Clause */
/* The source of a coded session: what it sends, against a plain decoder. */
#include "coded_capture.h"
#include "rlnc_encoder.h"

static struct coded_capture capture;

struct scene {
	struct sim *sim;
	uint32_t session;
};

/* Node 1 sends to 2, and to 3 if the flow says so. */
static struct scene
begin(const struct rlnc_params *coding, const char *flow, bool ipv6, uint16_t buffer)
{
	static const uint32_t to[] = {2, 3, 0}, to2[] = {2, 0};
	struct sim *sim = small_new(3);
	struct sim_line line = small_line();
	struct sim_session s;

	line.ipv6 = ipv6;
	sim->buffer_bytes = buffer;
	sim->extra_buffers = 256;
	small_connect(sim, 1, 2, &line);
	small_connect(sim, 1, 3, &line);
	sim_build(sim);
	coded_capture_begin(&capture, sim, WIRE_SENT, 1, 0);
	s = small_session(sim, 1, strchr(flow, '3') != NULL ? to : to2);
	s.coding = *coding;
	s.egress = EGRESS_SINK;
	sim_session_flow(&s, 0, 1, flow);
	return (struct scene){.sim = sim, .session = small_start(sim, NULL, &s)};
}

static void
end(const struct scene *scene)
{
	sim_session_stop(scene->sim, scene->session);
	sim_drain(scene->sim, SIM_S);
	sim_free(scene->sim);
}

static struct rlnc_params
block(uint8_t k, uint32_t ratio)
{
	return (struct rlnc_params){.code = RLNC_BLOCK,
		.k = k,
		.systematic = true,
		.ratio = ratio,
		.close = 5 * SIM_MS,
		.deadline = 200 * SIM_MS};
}

static uint16_t
any_length(struct sim *sim)
{
	return (uint16_t)(8 + rng_below(&sim->rng, 1200));
}

static void
send_lengths(const struct scene *scene, uint32_t n, uint64_t gap)
{
	for (uint32_t i = 0; i < n; i++)
		small_send(scene->sim, scene->session, 1, any_length(scene->sim), gap);
}

/* Full generations of any k; repairs by a ratio that is no whole number of them. */
static void
test_block(void **state)
{
	static const uint8_t sizes[] = {1, 2, 7, 16, 32, 128};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(sizes); i++) {
		struct rlnc_params coding = block(sizes[i], 300000);
		struct scene scene = begin(&coding, "2", i % 2 != 0, 0);
		uint32_t n = 3u * sizes[i] + 10;

		send_lengths(&scene, n, 50 * SIM_US);
		sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
		assert_int_equal(coded_decode_all(&capture, scene.sim, scene.session, NULL), n);
		assert_int_equal(coded_count(&capture, RLNC_SYSTEMATIC), n);
		assert_int_equal(coded_count(&capture, RLNC_SEEDED), n * 3 / 10);
		assert_int_equal(sim_source(scene.sim, scene.session)->encoder->counters.repairs,
			n * 3 / 10);
		end(&scene);
	}
}

/* Closed when nothing comes: the repair comes then, not before. */
static void
test_close(void **state)
{
	struct rlnc_params coding = block(16, RLNC_SHARE_ONE);
	struct scene scene = begin(&coding, "2", false, 0);

	(void)state;
	send_lengths(&scene, 5, SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SYSTEMATIC), 5);
	sim_run_until(scene.sim, scene.sim->now + 3 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 0);
	sim_run_until(scene.sim, scene.sim->now + 3 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 5);
	send_lengths(&scene, 16, SIM_US);
	sim_run_until(scene.sim, scene.sim->now + SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 21);
	assert_int_equal(coded_decode_all(&capture, scene.sim, scene.session, NULL), 21);
	end(&scene);
}

/* Nothing but combinations, as many as sources and repairs. */
static void
test_random(void **state)
{
	struct rlnc_params coding = block(24, 250000);
	struct scene scene;

	(void)state;
	coding.systematic = false;
	scene = begin(&coding, "2", true, 0);
	send_lengths(&scene, 100, 20 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SYSTEMATIC), 0);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 125);
	assert_int_equal(coded_decode_all(&capture, scene.sim, scene.session, NULL), 100);
	end(&scene);
}

/* Payloads over several segments, each branch of a multicast gets every packet. */
static void
test_chains(void **state)
{
	struct rlnc_params coding = block(16, 500000);
	struct scene scene = begin(&coding, "(2, 3)", true, 0);

	(void)state;
	send_lengths(&scene, 64, 50 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SYSTEMATIC), 2 * 64);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 2 * 32);
	end(&scene);
}

/* Each repair is of the last sources, at most a window of them, and says so truly. */
static void
test_window(void **state)
{
	static uint8_t symbols[200][PLAIN_SYMBOL];
	struct rlnc_params coding = block(12, 200000);
	struct scene scene;
	uint32_t seq = 0, repairs = 0;

	(void)state;
	coding.code = RLNC_WINDOW;
	scene = begin(&coding, "2", false, 0);
	send_lengths(&scene, 150, 100 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	for (uint32_t i = 0; i < capture.n; i++) {
		const struct coded_packet *s = &capture.packets[i];
		uint8_t sum[PLAIN_SYMBOL] = {0};

		assert_int_equal(s->h.code, RLNC_WINDOW);
		if (s->h.kind == RLNC_SYSTEMATIC) {
			assert_int_equal(coded_first(s) + s->h.index, seq);
			(void)coded_symbol(s, symbols[seq]);
			coded_check_symbol(symbols[seq], scene.session, seq);
			seq++;
			continue;
		}
		repairs++;
		assert_int_equal(coded_first(s) + s->h.n, seq);
		assert_int_equal(s->h.n, RTE_MIN(seq, 12u));
		for (uint32_t k = 0; k < s->h.n; k++)
			for (uint32_t b = 0; b < PLAIN_SYMBOL; b++)
				sum[b] ^= plain_mul(s->coeffs[k], symbols[coded_first(s) + k][b]);
		assert_memory_equal(sum, s->data, s->len);
	}
	assert_int_equal(seq, 150);
	assert_int_equal(repairs, 30);
	/* What is kept is given back once nothing could use it any more. */
	sim_run_until(scene.sim, scene.sim->now + 250 * SIM_MS);
	assert_int_equal(sim_node_counters(scene.sim, sim_node_index(scene.sim, 1)).queued, 0);
	end(&scene);
}

/* The last packets before a silence get one repair, once, and what comes next begins anew. */
static void
test_window_idle(void **state)
{
	struct rlnc_params coding = block(12, 200000);
	struct scene scene;

	(void)state;
	coding.code = RLNC_WINDOW;
	scene = begin(&coding, "2", false, 0);
	send_lengths(&scene, 7, 100 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 4 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 1);
	sim_run_until(scene.sim, scene.sim->now + 4 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 2);
	assert_int_equal(capture.packets[8].h.n, 7);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 2);
	send_lengths(&scene, 4, 100 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 2);
	send_lengths(&scene, 1, 100 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 3);
	/* The next ones' timer runs for the deadline, which is later: they wait no longer than any.
	 */
	send_lengths(&scene, 1, 100 * SIM_US);
	sim_run_until(scene.sim, scene.sim->now + 3 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 3);
	sim_run_until(scene.sim, scene.sim->now + 5 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 4);
	sim_run_until(scene.sim, scene.sim->now + 20 * SIM_MS);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 4);
	end(&scene);
}

/* A source that ends midway, after so many packets: what it keeps is given back. */
static void
stop_after(const struct rlnc_params *coding, uint32_t n, uint64_t consumed, uint64_t dropped)
{
	struct scene scene = begin(coding, "2", false, 0);
	struct node *node = scene.sim->nodes[0].node;

	send_lengths(&scene, n, 10 * SIM_US);
	node_remove_source(node, sim_source(scene.sim, scene.session));
	scene.sim->nb_sessions = 0;
	sim_drain(scene.sim, SIM_S);
	assert_int_equal(sim_node_counters(scene.sim, 0).consumed, consumed);
	assert_int_equal(small_drops(scene.sim, 1, DROP_session_stopped), dropped);
	sim_free(scene.sim);
}

static void
test_stop(void **state)
{
	struct rlnc_params coding = block(64, 100000);

	(void)state;
	stop_after(&coding, 40, 40, 0);
	assert_int_equal(coded_count(&capture, RLNC_SYSTEMATIC), 40);
	assert_int_equal(coded_count(&capture, RLNC_SEEDED), 0);
	/* Of a block of combinations nobody can have anything before it is whole. */
	coding.systematic = false;
	stop_after(&coding, 40, 0, 40);
	assert_int_equal(capture.n, 0);
	stop_after(&coding, 64 + 40, 64, 40);
	coding.repair = RLNC_REPAIR_RATELESS;
	coding.bound = RLNC_SHARE_ONE;
	stop_after(&coding, 64 + 40, 64 + 1, 40); /* and DECODED */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_idle),
		cmocka_unit_test(test_stop),
	};

	sim_eal(128);
	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
