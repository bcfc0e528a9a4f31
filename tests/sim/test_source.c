/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources from end to end: rates of the generators, shaping, policing, the file feed. */
#include <math.h>

#include "small.h"

#define SECONDS 10

static struct sim *
direct(const struct sim_session *how, uint32_t *index)
{
	struct sim *sim = small_new(2);
	struct sim_session s;

	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.kind = how->kind;
	s.rate = how->rate;
	s.burst = how->burst;
	s.generator = how->generator;
	sim_session_flow(&s, 1, 1, "2");
	*index = small_start(sim, NULL, &s);
	return sim;
}

/* Runs a generator; returns payload bytes per second as the destination counted them. */
static double
run_generator(const struct sim_session *how, uint32_t seconds)
{
	const struct source *source;
	uint32_t index;
	struct sim *sim = direct(how, &index);
	double rate;

	sim_run_until(sim, sim->now + seconds * SIM_S);
	sim_session_stop(sim, index);
	sim_drain(sim, SIM_S);
	source = sim_source(sim, index);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets,
		source_sent(source).packets);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).bytes,
		source_sent(source).bytes);
	rate = (double)source_sent(source).bytes / seconds;
	small_finish(sim, NULL, small_none);
	return rate;
}

/* Within so many bytes in all of what is expected. */
static void
check_rate(double rate, double expected, double bytes)
{
	assert_true(fabs(rate - expected) * SECONDS <= bytes);
}

static void
test_constant(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {.kind = GENERATOR_CONSTANT, .size = 997, .rate = 1234567, .seed = 1}};

	(void)state;
	check_rate(run_generator(&how, SECONDS), 1234567 / 8.0, 2 * 997);
}

static void
test_poisson(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {.kind = GENERATOR_POISSON, .size = 200, .rate = 1600000, .seed = 5}};

	(void)state;
	/* 10000 packets, a standard deviation of 100. */
	check_rate(run_generator(&how, SECONDS), 200000, 5 * 100 * 200);
}

static void
test_onoff(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {.kind = GENERATOR_ONOFF,
			.size = 200,
			.rate = 1600000,
			.on_ns = 10 * SIM_MS,
			.off_ns = 30 * SIM_MS,
			.seed = 7}};

	(void)state;
	/* On a quarter of the time; 250 periods, each with a deviation near its mean. */
	check_rate(run_generator(&how, SECONDS), 50000, 500000 * 5 * sqrt(2.0 / 250));
}

static void
test_trace(void **state)
{
	static const uint32_t frames[] = {5000, 0, 100, 1200, 1201, 30000, 1};
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {.kind = GENERATOR_TRACE,
			.size = 1200,
			.frames = frames,
			.nb_frames = 7,
			.frame_ns = 40 * SIM_MS}};

	(void)state;
	check_rate(run_generator(&how, SECONDS), 37502 / (7 * 0.04), 37502);
}

/* A generator faster than its session is held to the session's rate, to the packet. */
static void
test_shaped(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.rate = 999983,
		.burst = 5000,
		.generator = {.kind = GENERATOR_CONSTANT, .size = 500, .rate = 5000000, .seed = 1}};

	(void)state;
	check_rate(run_generator(&how, SECONDS), 999983 / 8.0 + 500, 2 * 500);
}

/* What a host sends above the rate is dropped at once: rate and one burst pass. */
static void
test_policed(void **state)
{
	struct sim_session how = {.kind = SOURCE_UDP, .rate = 800000, .burst = 3000};
	const struct source *source;
	double passed, expected;
	uint32_t index;
	struct sim *sim = direct(&how, &index);

	(void)state;
	small_send(sim, index, 20000, 200, 500 * SIM_US);
	sim_drain(sim, SIM_S);
	source = sim_source(sim, index);
	expected = 100000 * 10 + 3000;
	passed = (double)source_sent(source).bytes;
	assert_true(passed <= expected + 1);
	assert_true(passed >= expected - 2 * 200);
	assert_int_equal(source_sent(source).packets + source->counters.policed, 20000);
	assert_int_equal(small_drops(sim, 1, DROP_session_policed), source->counters.policed);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets,
		source_sent(source).packets);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_session_policed, DROP_none});
}

/* Below its rate nothing is policed, however it comes in bursts that fit. */
static void
test_conforming(void **state)
{
	struct sim_session how = {.kind = SOURCE_UDP, .rate = 800000, .burst = 2000};
	uint32_t index;
	struct sim *sim = direct(&how, &index);

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t k = 0; k < 10; k++)
			sim_host_send(sim, index, 200);
		sim_run_until(sim, sim->now + 20 * SIM_MS);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 1000);
	small_finish(sim, NULL, small_none);
}

/* A generator that has made all its packets says so and rests. */
static void
test_count(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {.kind = GENERATOR_CONSTANT,
			.size = 100,
			.rate = 80000000,
			.count = 777,
			.seed = 1}};
	uint32_t index;
	struct sim *sim = direct(&how, &index);

	(void)state;
	sim_drain(sim, SIM_S);
	assert_true(sim_source(sim, index)->finished);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, 777);
	small_finish(sim, NULL, small_none);
}

#define MESSAGE 300

/* The control thread's part of a file: as many payloads as the feed takes. */
static void
feed_file(struct sim *sim, const struct source *source, uint32_t *next)
{
	while (*next < MESSAGE && !rte_ring_full(source->feed)) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(sim->nodes[0].node->pool);
		uint8_t *p;

		assert_non_null(m);
		m->data_off = 512;
		p = (uint8_t *)rte_pktmbuf_append(m, 1000);
		memset(p, (int)*next, 1000);
		packet_meta(m)->type = (*next == 0 ? SESSION_MESSAGE_FIRST : 0) |
				       (*next == MESSAGE - 1 ? SESSION_MESSAGE_LAST : 0);
		assert_int_equal(rte_ring_sp_enqueue(source->feed, m), 0);
		++*next;
	}
}

static void
send_file(const struct rlnc_params *coding)
{
	struct sim_session how = {.kind = SOURCE_FILE, .rate = 8000000, .burst = 1000}, s;
	struct sim *sim = small_new(2);
	uint32_t index, fed = 0, got = 0;
	struct destination *dst;
	struct rte_mbuf *m;
	uint64_t begin;

	small_wire(sim, 1, 2);
	sim->extra_buffers = 1024;
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.kind = how.kind;
	s.rate = how.rate;
	s.burst = how.burst;
	s.egress = EGRESS_FILE;
	s.coding = *coding;
	sim_session_flow(&s, 1, 1, "2");
	index = sim_add_session(sim, &s);
	/* Its packets are looked at here, not by the harness. */
	sim->sessions[index].egress = EGRESS_SINK;
	feed_file(sim, sim_source(sim, index), &fed);
	sim_session_start(sim, index);
	begin = sim->now;
	dst = small_destination(sim, index, 2);
	while (got < MESSAGE && sim->now < begin + SIM_S) {
		sim_run_until(sim, sim->now + SIM_MS);
		feed_file(sim, sim_source(sim, index), &fed);
		while (rte_ring_sc_dequeue(dst->file, (void **)&m) == 0) {
			uint8_t flags = (got == 0 ? SESSION_MESSAGE_FIRST : 0) |
					(got == MESSAGE - 1 ? SESSION_MESSAGE_LAST : 0);

			assert_int_equal(packet_meta(m)->type, flags);
			assert_int_equal(m->pkt_len, 1000);
			assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 999), got % 256);
			got++;
			rte_pktmbuf_free(m);
		}
	}
	assert_int_equal(got, MESSAGE);
	assert_true(sim_source(sim, index)->finished);
	/* 1 ms a packet, the first at once. */
	assert_in_range(sim->now - begin, 299 * SIM_MS, 312 * SIM_MS);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_coding_dependent, DROP_none});
}

/* A file is sent once, in order, at the session's rate, its ends marked; coded, too. */
static void
test_file(void **state)
{
	struct rlnc_params coding = {0};

	(void)state;
	send_file(&coding);
	coding = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = 8,
		.systematic = true,
		.ratio = 250000,
		.close = 5 * SIM_MS,
		.deadline = 100 * SIM_MS};
	send_file(&coding);
}

/* A file from 1 to 2, a payload each 10 ms, its feed full. */
static struct sim *
slow_file(uint16_t mtu, uint32_t *index)
{
	struct sim *sim = small_new(2);
	struct sim_line line = small_line();
	struct sim_session s;
	uint32_t fed = 0;

	line.mtu = mtu;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	s.kind = SOURCE_FILE;
	s.rate = 800000;
	s.burst = 1000;
	sim_session_flow(&s, 1, 1, "2");
	*index = small_start(sim, NULL, &s);
	feed_file(sim, sim_source(sim, *index), &fed);
	return sim;
}

/* A file is taken away in its midst: what was fed and not sent is dropped by name. */
static void
test_file_taken_away(void **state)
{
	uint32_t index;
	struct sim *sim = slow_file(1500, &index);
	uint32_t fed = rte_ring_count(sim_source(sim, index)->feed);
	uint64_t sent;

	(void)state;
	sim_run_until(sim, sim->now + 105 * SIM_MS);
	sent = source_sent(sim_source(sim, index)).packets;
	assert_int_equal(sent, 11);
	node_remove_source(sim->nodes[0].node, sim_source(sim, index));
	sim_drain(sim, SIM_S);
	assert_int_equal(small_drops(sim, 1, DROP_session_stopped), fed - sent);
	assert_int_equal(destination_delivered(small_destination(sim, index, 2)).packets, sent);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_session_stopped, DROP_none});
}

static void
check_oversize(struct sim *sim, uint32_t index, uint32_t bytes, uint64_t n)
{
	const struct source *source = sim_source(sim, index);

	assert_int_equal(source->counters.oversize, n);
	assert_int_equal(source->counters.oversize_last, bytes);
	assert_int_equal(small_drops(sim, 1, DROP_session_oversize), n);
	assert_int_equal(source_sent(source).packets, 0);
	node_remove_source(sim->nodes[0].node, sim_source(sim, index));
	small_finish(sim, NULL,
		(enum drop_reason[]){DROP_session_oversize, DROP_session_stopped, DROP_none});
}

/* What does not fit the session's links is dropped by name, and told; at the session's rate. */
static void
test_oversize(void **state)
{
	struct sim_session how = {.kind = SOURCE_GENERATOR,
		.generator = {
			.kind = GENERATOR_CONSTANT, .size = 1450, .rate = 1160000, .seed = 1}};
	uint32_t index;
	struct sim *sim = direct(&how, &index);

	(void)state;
	sim_run_until(sim, sim->now + 95 * SIM_MS);
	check_oversize(sim, index, 1450, 10);
	sim = slow_file(1000, &index);
	sim_run_until(sim, sim->now + 95 * SIM_MS);
	check_oversize(sim, index, 1000, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_onoff),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_shaped),
		cmocka_unit_test(test_policed),
		cmocka_unit_test(test_conforming),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_taken_away),
		cmocka_unit_test(test_oversize),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
