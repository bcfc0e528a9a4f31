/* SPDX-License-Identifier: BSD-3-Clause */
/* Relays that recode: what they send, against a plain decoder. */
#include "coded_capture.h"
#include "path_text.h"
#include "recode.h"
#include "rlnc_encoder.h"

static struct coded_capture capture;

struct scene {
	struct sim *sim;
	uint32_t session;
};

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

/* Nodes 1 to n in a line, each with a wire to the next. */
static struct sim *
line_of(uint32_t n, uint16_t workers, bool ipv6)
{
	struct sim *sim = sim_new(1);
	struct sim_line line = small_line();

	line.ipv6 = ipv6;
	line.queues = workers;
	for (uint32_t i = 0; i < n; i++)
		sim_add_node(sim, i + 1, workers);
	sim->extra_buffers = 256;
	sim->recode_packets = 1024;
	for (uint32_t i = 1; i < n; i++)
		small_connect(sim, i, i + 1, &line);
	return sim;
}

/* A session from node 1 to the last along the line; the nodes between recode. */
static struct scene
start_line(struct sim *sim, const struct rlnc_params *coding, uint8_t how)
{
	uint32_t n = sim->nb_nodes, to[] = {n, 0};
	char text[64] = "";
	struct sim_session s;

	sim_build(sim);
	s = small_session(sim, 1, to);
	s.session++; /* of three workers it is not the links' that keeps this one */
	s.coding = *coding;
	for (uint32_t i = 2; i <= n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
			i > 2 ? " > " : "", i);
	for (uint32_t i = 1; i + 1 < n; i++)
		s.recode[i] = how;
	sim_session_flow(&s, 0, 1, text);
	coded_capture_begin(&capture, sim, WIRE_SENT, n - 1, n);
	return (struct scene){.sim = sim, .session = small_start(sim, NULL, &s)};
}

static void
send_lengths(const struct scene *scene, uint32_t n, uint64_t gap)
{
	for (uint32_t i = 0; i < n; i++)
		small_send(scene->sim, scene->session, 1,
			(uint16_t)(8 + rng_below(&scene->sim->rng, 1200)), gap);
}

static const struct recode_counters *
counters_of(const struct sim *sim, uint32_t id)
{
	return &sim->nodes[sim_node_index(sim, id)].node->workers[0]->recode->counters;
}

static void
end(const struct scene *scene)
{
	sim_session_stop(scene->sim, scene->session);
	sim_drain(scene->sim, 2 * SIM_S);
	sim_free(scene->sim);
}

/* One packet out for each that comes in, after any number of recodings. */
static void
test_line(void **state)
{
	(void)state;
	for (uint32_t nodes = 3; nodes <= 6; nodes++) {
		struct rlnc_params coding = block(16, 250000);
		struct sim *sim = line_of(nodes, 1, nodes % 2 == 0);
		struct scene scene = start_line(sim, &coding, RECODE_ALWAYS);
		uint32_t dependent;

		send_lengths(&scene, 100, 100 * SIM_US);
		sim_run_until(sim, sim->now + 50 * SIM_MS);
		assert_int_equal(coded_count(&capture, RLNC_RECODED), 125);
		assert_int_equal(capture.n, 125);
		assert_int_equal(coded_decode_all(&capture, sim, scene.session, &dependent), 100);
		/* Each recoding may lose rank with odds of about 1 in 255; four of them little. */
		assert_true(dependent <= 24);
		assert_int_equal(counters_of(sim, 2)->kept, 100);
		assert_int_equal(counters_of(sim, 2)->dependent, 25);
		end(&scene);
	}
}

/*
 * A link with a queue: packets wait, and what goes when their turn comes is made then, of all that
 * has come by then: what goes last knows the whole generation.
 */
static void
test_place_holders(void **state)
{
	struct rlnc_params coding = block(32, 500000);
	struct sim *sim = line_of(3, 1, false);
	struct scene scene;
	const struct coded_packet *first, *last;

	(void)state;
	sim->link_rate = 1000000;
	sim->paced_node = 1;
	sim->paced_peer = 3;
	scene = start_line(sim, &coding, RECODE_ALWAYS);
	send_lengths(&scene, 32, 10 * SIM_US);
	sim_run_until(sim, sim->now + 200 * SIM_MS);
	assert_int_equal(capture.n, 48);
	first = &capture.packets[1];
	last = &capture.packets[47];
	assert_true(first->h.n >= 1);
	assert_int_equal(last->h.n, 32);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_not_equal(last->coeffs[i], 0);
	/* Of the packets that waited each is of all 32: one of them came when there were two. */
	for (uint32_t i = 8; i < 48; i++)
		assert_int_equal(capture.packets[i].h.n, 32);
	assert_int_equal(coded_decode_all(&capture, sim, scene.session, NULL), 32);
	end(&scene);
}

/* What came over several workers' queues is kept by one, which is another than received it. */
static void
test_workers(void **state)
{
	struct rlnc_params coding = block(24, 250000);
	struct sim *sim = line_of(4, 3, true);
	struct scene scene = start_line(sim, &coding, RECODE_ALWAYS);
	const struct node *relay = sim->nodes[1].node;
	uint16_t from;

	(void)state;
	send_lengths(&scene, 240, 50 * SIM_US);
	sim_run_until(sim, sim->now + 50 * SIM_MS);
	assert_int_equal(capture.n, 300);
	assert_int_equal(coded_count(&capture, RLNC_RECODED), 300);
	assert_int_equal(coded_decode_all(&capture, sim, scene.session, NULL), 240);
	from = node_find_link(relay, 1)->rx_owner;
	assert_int_equal(relay->workers[from]->recode->counters.kept, 0);
	end(&scene);
}

/* Packets of one generation for two paths over a relay: what it sends on is for both. */
static void
test_union(void **state)
{
	static const uint32_t to[] = {5, 6, 0};
	struct rlnc_params coding = block(16, 0);
	struct sim *sim = small_new(6);
	struct pathlet_tree tree;
	struct path_text_error error;
	struct sim_session s;
	uint8_t merged[PATHLET_TREE_MAX_BYTES];
	uint32_t session, both = 0;
	size_t len;

	(void)state;
	coding.ratio = 1;
	sim->extra_buffers = 256;
	sim->recode_packets = 1024;
	small_wire(sim, 1, 2);
	small_wire(sim, 1, 5);
	small_wire(sim, 1, 6);
	small_wire(sim, 2, 3);
	small_wire(sim, 3, 5);
	small_wire(sim, 3, 6);
	sim_build(sim);
	s = small_session(sim, 1, to);
	s.coding = coding;
	s.recode[1] = RECODE_ALWAYS;
	sim_session_flow(&s, 0, 1, "(6, 2 > 3 > 5)");
	sim_session_flow(&s, 1, 1, "(5, 2 > 3 > 6)");
	coded_capture_begin(&capture, sim, WIRE_SENT, 2, 3);
	session = small_start(sim, NULL, &s);
	small_send(sim, session, 64, 500, 100 * SIM_US);
	sim_run_until(sim, sim->now + 20 * SIM_MS);
	assert_int_equal(path_text_parse("3 > (5, 6)", &tree, &error), 0);
	len = pathlet_tree_encode(&tree, 0, merged, sizeof(merged));
	assert_int_equal(capture.n, 64);
	for (uint32_t i = 0; i < capture.n; i++) {
		const struct coded_packet *p = &capture.packets[i];

		both += p->pathlet_len == len;
		if (p->pathlet_len != len)
			continue;
		/* The branches' order is that in which they came. */
		assert_int_equal(p->pathlet[6 + 5] + p->pathlet[12 + 5], 5 + 6);
	}
	/* In each of four generations the first few, until the other path has come too. */
	assert_true(both > 64 - 4 * 10);
	assert_int_equal(coded_decode_all(&capture, sim, session, NULL), 64);
	sim_session_stop(sim, session);
	sim_drain(sim, 2 * SIM_S);
	sim_free(sim);
}

/* More generations than there is room for: the longest idle ones go, the sums stay right. */
static void
test_bounded(void **state)
{
	struct rlnc_params coding = block(4, 250000);
	struct sim *sim = line_of(3, 1, false);
	struct scene scene;
	const struct recode_store *store;

	(void)state;
	sim->recode_packets = 64;
	scene = start_line(sim, &coding, RECODE_ALWAYS);
	store = sim->nodes[1].node->workers[0]->recode;
	send_lengths(&scene, 400, 100 * SIM_US);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_true(store->packets <= 64);
	assert_true(store->counters.forgotten > 80);
	assert_int_equal(sim_node_counters(sim, 1).queued, store->packets);
	assert_int_equal(coded_decode_all(&capture, sim, scene.session, NULL), 400);
	/* In time all of them go. */
	sim_run_until(sim, sim->now + 400 * SIM_MS);
	assert_int_equal(store->packets, 0);
	end(&scene);
}

/* The same where it is packets that there is no more room for. */
static void
test_bounded_packets(void **state)
{
	struct rlnc_params coding = block(32, 250000);
	struct sim *sim = line_of(3, 1, false);
	const struct recode_store *store;
	struct scene scene;

	(void)state;
	sim->recode_packets = 64;
	scene = start_line(sim, &coding, RECODE_ALWAYS);
	store = sim->nodes[1].node->workers[0]->recode;
	for (uint32_t i = 0; i < 10; i++) {
		send_lengths(&scene, 32, 100 * SIM_US);
		assert_true(store->packets <= 64);
	}
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_int_equal(store->packets, 64);
	assert_in_range(store->counters.forgotten, 7, 9);
	assert_int_equal(sim_node_counters(sim, 1).queued, store->packets);
	assert_int_equal(coded_decode_all(&capture, sim, scene.session, NULL), 320);
	end(&scene);
}

/* With a link that loses no less than the one before, packets go as they came. */
static void
test_lossy(void **state)
{
	struct rlnc_params coding = block(16, 250000);
	struct sim *sim = line_of(3, 1, false);
	struct scene scene = start_line(sim, &coding, RECODE_LOSSY);

	(void)state;
	send_lengths(&scene, 64, 100 * SIM_US);
	sim_run_until(sim, sim->now + 20 * SIM_MS);
	assert_int_equal(capture.n, 80);
	assert_int_equal(coded_count(&capture, RLNC_RECODED), 0);
	assert_int_equal(counters_of(sim, 2)->as_is, 80);
	assert_int_equal(coded_decode_all(&capture, sim, scene.session, NULL), 64);
	end(&scene);
}

/* What goes at once over a link whose rate control slept is a combination, too. */
static void
test_asleep(void **state)
{
	struct rlnc_params coding = block(4, 0);
	struct sim *sim = line_of(3, 1, false);
	struct scene scene;

	(void)state;
	sim->pacing = LINK_PACING_TFRC;
	scene = start_line(sim, &coding, RECODE_ALWAYS);
	send_lengths(&scene, 1, SIM_MS);
	sim_run_until(sim, sim->now + 20 * SIM_MS);
	assert_int_equal(capture.n, 1);
	assert_int_equal(coded_count(&capture, RLNC_RECODED), 1);
	assert_int_equal(counters_of(sim, 2)->combined, 1);
	sim_run_until(sim, sim->now + 400 * SIM_MS);
	end(&scene);
}

/*
 * One of two links loses, for the other packets' sake: where it is the first the relay recodes, and
 * sends as many more as the second is known to lose; where it is the second packets go on as they
 * came.
 */
static void
test_lossy_unequal(void **state)
{
	enum {
		KNOWN = 1600
	}; /* packets, after which both links are known */

	(void)state;
	for (uint32_t lossy = 1; lossy <= 2; lossy++) {
		struct rlnc_params coding = block(16, 1000000);
		struct sim *sim = line_of(3, 1, false);
		const struct recode_counters *c;
		struct recode_counters before;
		struct wire_lane_params lane;
		struct sim_wire *wire;
		struct scene scene;
		uint32_t decoded;

		sim->probe = 5 * SIM_MS;
		scene = start_line(sim, &coding, RECODE_LOSSY);
		c = counters_of(sim, 2);
		wire = sim_wire_between(sim, lossy - 1, lossy);
		lane = wire->line.lane;
		lane.impair.loss = 0.15;
		small_set_lane(sim, wire, lossy + 1, &lane);
		send_lengths(&scene, KNOWN, SIM_MS);
		sim_run_until(sim, sim->now + 100 * SIM_MS);
		before = *c;
		send_lengths(&scene, 1600, SIM_MS);
		sim_run_until(sim, sim->now + 100 * SIM_MS);
		if (lossy == 1) {
			/* 85 % of 3200 come. */
			assert_in_range(c->combined - before.combined, 2600, 3000);
			assert_int_equal(c->as_is, before.as_is);
		} else {
			assert_int_equal(c->combined, 0);
			assert_int_equal(c->as_is, 2 * (KNOWN + 1600));
		}
		assert_int_equal(destination_lost(small_destination(sim, scene.session, 3)), 0);
		decoded = coded_decode_all(&capture, sim, scene.session, NULL);
		assert_int_equal(decoded, KNOWN + 1600);
		end(&scene);
	}
}

/*
 * A destination that relays: each copy has a header buffer before another one that refers to the
 * payload. As many as the feeders hold find both.
 */
static void
test_header_buffers(void **state)
{
	enum {
		CONFERENCES = 4, /* one alone is left half of the places */
		PLACES = 10000
	};
	static const uint32_t to[] = {2, 3, 0};
	struct feeder_terms terms = feeder_terms_default();
	struct sim *sim = line_of(3, 1, false);
	struct sim_session s;
	uint32_t sessions[CONFERENCES];

	(void)state;
	sim->feeder_packets = PLACES;
	sim->link_rate = 1000;
	sim->paced_node = 1;
	sim->paced_peer = 3;
	sim_build(sim);
	s = small_session(sim, 1, to);
	s.coding = block(16, 0);
	s.recode[1] = RECODE_LOSSY;
	sim_session_flow(&s, 0, 1, "2* > 3");
	terms.packets = PLACES;
	for (uint32_t i = 0; i < CONFERENCES; i++, s.conference++) {
		assert_int_equal(node_set_conference(sim->nodes[1].node, s.conference, &terms), 0);
		sessions[i] = small_start(sim, NULL, &s);
		small_send(sim, sessions[i], PLACES / CONFERENCES, 100, 10 * SIM_US);
	}
	for (uint32_t i = 0; i < PLACES; i++)
		small_send(sim, sessions[i % CONFERENCES], 1, 100, 10 * SIM_US);
	assert_int_equal(small_drops(sim, 2, DROP_no_buffer), 0);
	assert_true(sim->nodes[1].node->workers[0]->feeders.packets > PLACES * 3 / 4);
	for (uint32_t i = 0; i < CONFERENCES; i++) {
		sim_session_stop(sim, sessions[i]);
		sim_run_until(sim, sim->now + 10 * SIM_MS);
		assert_int_equal(node_end_conference(sim->nodes[1].node, --s.conference), 0);
	}
	sim_drain(sim, 2 * SIM_S);
	sim_free(sim);
}

/*
 * Coding headers that are random bytes, of any generation: bounded memory, named drops, and the
 * sums hold (sim_run.c sees to that). What is sound goes on.
 */
static void
test_hostile(void **state)
{
	struct rlnc_params coding = block(16, 250000);
	struct sim *sim = line_of(4, 1, false);
	struct scene scene = start_line(sim, &coding, RECODE_ALWAYS);
	struct source *source = sim_source(sim, scene.session);
	const struct recode_store *store = sim->nodes[1].node->workers[0]->recode;
	struct rlnc_encoder *encoder = source->encoder;

	(void)state;
	/* The source does not code: its payloads are taken for what they are not. */
	source->encoder = NULL;
	source->line->flags |= SESSION_CODED;
	sim->hooks.wire = NULL;
	for (uint32_t i = 0; i < 6000; i++) {
		uint64_t kind = rng_below(&sim->rng, 4), bits = rng_below(&sim->rng, 4);
		uint64_t n = rng_below(&sim->rng, 2) ? rng_below(&sim->rng, 20)
						     : rng_below(&sim->rng, 256);

		sim->sessions[scene.session].sent = kind << 60 | bits << 56 | n << 48 |
						    (rng_next(&sim->rng) & 0xffffffffffff);
		small_send(sim, scene.session, 1, (uint16_t)(8 + rng_below(&sim->rng, 300)),
			20 * SIM_US);
		assert_true(store->packets <= store->packets_max);
	}
	assert_true(store->counters.kept > 100 && store->counters.forgotten > 100);
	assert_true(small_drops(sim, 4, DROP_coding_malformed) > 100);
	source->encoder = encoder;
	end(&scene);
}

/*
 * A packet that contradicts an earlier one goes on as it came, and nothing is learned from it: no
 * combination says what none of them said.
 */
static void
test_contradiction(void **state)
{
	static const struct {
		bool final, as_is;
		uint8_t n;
	} sent[] = {{false, false, 12}, {true, true, 3}, {false, false, 12}, {true, false, 12},
		{true, true, 11}, {true, true, 13}, {false, true, 13}, {false, false, 5}};
	struct rlnc_params coding = block(16, 250000);
	struct sim *sim = line_of(3, 1, false);
	struct scene scene = start_line(sim, &coding, RECODE_ALWAYS);
	struct source *source = sim_source(sim, scene.session);
	struct rlnc_encoder *encoder = source->encoder;

	(void)state;
	source->encoder = NULL;
	source->line->flags |= SESSION_CODED;
	for (uint32_t i = 0; i < RTE_DIM(sent); i++) {
		const struct rlnc_header *h = &capture.packets[i].h;
		uint64_t kind = RLNC_SEEDED << 4 | (sent[i].final ? RLNC_HEADER_FINAL : 0);

		/* As in test_hostile; all of one generation. */
		sim->sessions[scene.session].sent = kind << 56 | (uint64_t)sent[i].n << 48 | i;
		small_send(sim, scene.session, 1, 100, 5 * SIM_MS);
		source->line->others--;
		assert_int_equal(capture.n, i + 1);
		assert_int_equal(h->kind, sent[i].as_is ? RLNC_SEEDED : RLNC_RECODED);
		assert_int_equal(h->final, sent[i].as_is ? sent[i].final : i >= 3);
		assert_int_equal(h->n, sent[i].as_is ? sent[i].n : 12);
	}
	assert_int_equal(counters_of(sim, 2)->as_is, 4);
	source->encoder = encoder;
	end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_place_holders),
		cmocka_unit_test(test_workers),
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_bounded_packets),
		cmocka_unit_test(test_lossy),
		cmocka_unit_test(test_asleep),
		cmocka_unit_test(test_lossy_unequal),
		cmocka_unit_test(test_header_buffers),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_contradiction),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("recode", tests, NULL, NULL);
}
