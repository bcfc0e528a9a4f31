/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The destination of a coded session, its source the node's own: what is lost on the way is
 * computed, each payload comes once and whole, and nothing is left behind.
 */
#include "coded_capture.h"
#include "payload.h"
#include "recode.h"
#include "rlnc_decoded.h"
#include "rlnc_receiver.h"
#include "small.h"

#define PACKETS_MAX 8192
#define CASES	    25

struct deliveries {
	uint32_t n, twice, wrong, out_of_order;
	uint64_t last;
	uint8_t seen[PACKETS_MAX];
};

static struct deliveries got[4]; /* by node index */

static void
note(void *arg, struct sim *sim, uint32_t node, uint32_t session, const uint8_t *payload,
	uint32_t len)
{
	struct deliveries *d = &got[node];
	uint64_t number = payload_number(payload);

	(void)arg;
	(void)sim;
	d->wrong += !payload_right(payload, len, session, false) || number >= PACKETS_MAX;
	if (number >= PACKETS_MAX)
		return;
	d->n++;
	d->twice += d->seen[number]++ != 0;
	d->out_of_order += d->n > 1 && number < d->last;
	d->last = number;
}

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

static struct rlnc_params
window(uint8_t k, uint32_t ratio)
{
	struct rlnc_params p = block(k, ratio);

	p.code = RLNC_WINDOW;
	return p;
}

/* 1 and 2, 2 and 3 are neighbours; to 3 the line loses so much, and may have chains or not. */
static struct scene
begin(const struct rlnc_params *coding, const char *flow, double loss, uint32_t reorder,
	uint32_t offloads)
{
	static const uint32_t to[] = {3, 0}, to2[] = {2, 3, 0};
	struct sim *sim = small_new(3);
	struct sim_line line = small_line();
	struct sim_session s;

	memset(got, 0, sizeof(got));
	line.offloads = offloads;
	small_connect(sim, 1, 2, &line);
	line.lane.impair.loss = loss;
	small_connect(sim, 2, 3, &line);
	sim->extra_buffers = rlnc_receiver_holds(coding) + 256;
	sim->recode_packets = 1024;
	sim_build(sim);
	sim->hooks = (struct sim_hooks){.delivered = note};
	s = small_session(sim, 1, strchr(flow, '*') != NULL ? to2 : to);
	s.coding = *coding;
	s.reorder_packets = reorder;
	s.reorder_ns = 50 * SIM_MS;
	sim_session_flow(&s, 0, 1, flow);
	return (struct scene){.sim = sim, .session = small_start(sim, NULL, &s)};
}

static void
send_lengths(const struct scene *scene, uint32_t n, uint64_t gap)
{
	for (uint32_t i = 0; i < n; i++)
		small_send(scene->sim, scene->session, 1,
			(uint16_t)(PAYLOAD_MIN + rng_below(&scene->sim->rng, 1200)), gap);
	sim_run_until(scene->sim, scene->sim->now + 30 * SIM_MS);
}

static const struct rlnc_receiver_counters *
counters(const struct scene *scene, uint32_t id)
{
	return &small_destination(scene->sim, scene->session, id)->coding->counters;
}

/* Everything is given back, also what waits for packets that never come. */
static void
end(const struct scene *scene)
{
	struct sim *sim = scene->sim;

	sim_session_stop(sim, scene->session);
	sim_run_until(sim, sim->now + SIM_S);
	for (uint32_t i = 0; i < sim->nb_nodes; i++)
		assert_int_equal(sim_node_counters(sim, i).queued, 0);
	sim_drain(sim, SIM_S);
	sim_free(sim);
}

static void
check_whole(const struct deliveries *d, uint32_t sent)
{
	assert_int_equal(d->wrong, 0);
	assert_int_equal(d->twice, 0);
	assert_int_equal(d->n, sent);
}

static void
test_block(void **state)
{
	static const uint8_t sizes[] = {8, 16, 32, 128};
	static const uint32_t ratios[] = {1000000, 600000, 400000, 250000};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(sizes); i++) {
		struct rlnc_params coding = block(sizes[i], ratios[i]);
		struct scene scene = begin(&coding, "2 > 3", 0.05, 0, PORT_TX_CHAINS);
		const struct rlnc_receiver_counters *c = counters(&scene, 3);
		const struct destination *dst = small_destination(scene.sim, scene.session, 3);

		send_lengths(&scene, 10u * sizes[i], 50 * SIM_US);
		check_whole(&got[2], 10u * sizes[i]);
		assert_true(c->computed > sizes[i] / 4 && c->dependent > 0);
		assert_int_equal(c->generations, 10);
		assert_int_equal(c->given_up, 0);
		assert_int_equal(destination_lost(dst), 0);
		assert_int_equal(dst->counters.duplicates, 0);
		/* What was computed did not come late. */
		assert_int_equal(dst->counters.reordered, 0);
		end(&scene);
	}
}

/* Nothing but combinations: every packet is computed. */
static void
test_random(void **state)
{
	struct rlnc_params coding = block(24, 600000);
	struct scene scene;

	(void)state;
	coding.systematic = false;
	scene = begin(&coding, "2 > 3", 0.1, 0, PORT_TX_CHAINS);
	send_lengths(&scene, 240, 50 * SIM_US);
	check_whole(&got[2], 240);
	assert_int_equal(counters(&scene, 3)->computed, 240);
	end(&scene);
}

/* With order kept, what is computed goes where it belongs. */
static void
test_order(void **state)
{
	struct rlnc_params coding = block(16, 600000);
	struct scene scene = begin(&coding, "2 > 3", 0.05, 256, PORT_TX_CHAINS);

	(void)state;
	send_lengths(&scene, 320, 50 * SIM_US);
	check_whole(&got[2], 320);
	assert_int_equal(got[2].out_of_order, 0);
	end(&scene);
}

static void
test_window(void **state)
{
	struct rlnc_params coding = window(24, 400000);
	struct scene scene = begin(&coding, "2 > 3", 0.05, 256, PORT_TX_CHAINS);

	(void)state;
	send_lengths(&scene, 2000, 100 * SIM_US);
	check_whole(&got[2], 2000);
	assert_int_equal(got[2].out_of_order, 0);
	assert_true(counters(&scene, 3)->computed > 60);
	end(&scene);
}

/* More is lost than can be repaired: what comes is delivered, memory stays bounded. */
static void
test_overwhelmed(void **state)
{
	struct rlnc_params codings[] = {block(32, 100000), window(24, 100000)};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(codings); i++) {
		struct scene scene = begin(&codings[i], "2 > 3", 0.3, 0, PORT_TX_CHAINS);
		const struct destination *dst = small_destination(scene.sim, scene.session, 3);

		send_lengths(&scene, 3000, 50 * SIM_US);
		assert_int_equal(got[2].wrong + got[2].twice, 0);
		assert_true(got[2].n > 2000 && got[2].n < 2800);
		assert_in_range(got[2].n + destination_lost(dst), 2990, 3000);
		assert_true(counters(&scene, 3)->given_up > 0);
		end(&scene);
	}
}

/* What a way does to packets, and what they are; nothing is given up in that time. */
static struct scene
begin_at_random(struct rng *rng, uint32_t *packets)
{
	static const uint8_t sizes[] = {1, 2, 5, 8, 16, 31, 64};
	struct rlnc_params coding = block(
		sizes[rng_below(rng, RTE_DIM(sizes))], 1 + rng_below(rng, 600000));
	struct wire_lane_params lane = {.delay = SIM_MS};
	struct scene scene;

	coding.deadline = 500 * SIM_MS;
	coding.systematic = rng_below(rng, 4) != 0;
	/* As many as all generations of a block, or one window of a destination, may have. */
	*packets = RTE_MIN(256u, coding.k * 64u);
	if (rng_below(rng, 3) == 0) {
		coding.code = RLNC_WINDOW;
		coding.systematic = true;
		*packets = 2u * rte_align32pow2(RTE_MAX(coding.k, (uint8_t)8));
	}
	scene = begin(&coding, "2 > 3", 0, rng_below(rng, 2) * 256, PORT_TX_CHAINS);
	lane.impair = (struct impair_params){.loss = rng_unit(rng) * 0.4,
		.reorder = rng_unit(rng) * 0.2,
		.reorder_ns = 4 * SIM_MS,
		.duplicate = rng_unit(rng) * 0.1,
		.duplicate_ns = 4 * SIM_MS};
	small_set_lane(scene.sim, sim_wire_between(scene.sim, 1, 2), 3, &lane);
	if (coding.code == RLNC_BLOCK && rng_below(rng, 2) == 0)
		assert_int_equal(node_set_recode(scene.sim->nodes[1].node,
					 scene.sim->sessions[scene.session].conference,
					 scene.sim->sessions[scene.session].session, RECODE_ALWAYS),
			0);
	return scene;
}

/* Is delivered what follows from all that arrived, of n source packets from first on: no less? */
static uint32_t
check_known(const struct coded_capture *arrived, uint32_t first, uint32_t n, uint32_t span)
{
	static struct plain_decoder plain;
	uint32_t known = 0;

	plain_begin(&plain, n);
	for (uint32_t i = 0; i < arrived->n; i++) {
		const struct coded_packet *p = &arrived->packets[i];
		uint8_t coeffs[2 * PLAIN_SPAN] = {0};
		uint32_t at = coded_first(p) - first;

		if (at >= span)
			continue;
		memcpy(coeffs + at, p->coeffs, p->h.n);
		(void)plain_take(&plain, coeffs, coeffs, 0);
	}
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(got[2].seen[first + i], plain_symbol(&plain, i) != NULL);
		known += got[2].seen[first + i];
	}
	return known;
}

/* Whatever is lost, late or twice: all is delivered that a plain decoder makes of what arrived. */
static void
test_all_that_is_known(void **state)
{
	static struct coded_capture arrived;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (uint32_t i = 0; i < CASES; i++) {
		uint32_t packets, known = 0, span;
		struct scene scene = begin_at_random(&rng, &packets);
		const struct rlnc_params *coding = &scene.sim->sessions[scene.session].coding;

		coded_capture_begin(&arrived, scene.sim, WIRE_DELIVERED, 2, 3);
		send_lengths(&scene, packets, 50 * SIM_US);
		sim_run_until(scene.sim, scene.sim->now + 60 * SIM_MS);
		span = coding->code == RLNC_WINDOW ? packets : 1;
		for (uint32_t first = 0, n; first < packets; first += n) {
			n = coding->code == RLNC_WINDOW
				    ? packets
				    : RTE_MIN((uint32_t)coding->k, packets - first);
			known += check_known(&arrived, first, n, span);
		}
		assert_int_equal(got[2].wrong + got[2].twice, 0);
		assert_int_equal(got[2].n, known);
		end(&scene);
	}
}

/* A destination that sends on: payloads are shared, and a port without chains wants copies. */
static void
test_destination_that_relays(void **state)
{
	static const uint32_t offloads[] = {PORT_TX_CHAINS, 0};

	(void)state;
	for (uint32_t i = 0; i < RTE_DIM(offloads); i++) {
		struct rlnc_params coding = block(16, 600000);
		struct scene scene = begin(&coding, "2* > 3", 0.05, 0, offloads[i]);

		send_lengths(&scene, 160, 50 * SIM_US);
		check_whole(&got[1], 160);
		check_whole(&got[2], 160);
		assert_int_equal(counters(&scene, 2)->computed, 0);
		assert_true(counters(&scene, 3)->computed > 0);
		end(&scene);
	}
}

/* DECODED datagrams that a wire carried, and what they name. */
struct told {
	uint32_t n, wrong, last;
	uint64_t at[64];
};

static struct told told;

static void
hear(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	const uint8_t *udp = log->frame + 14 + 20;
	const struct decoded_body *body = (const void *)(udp + 8 + sizeof(struct link_hdr));

	(void)arg;
	if (log->event != WIRE_SENT || sw->node[log->to] == SIM_HOST ||
		sw->node[log->to ^ 1] == SIM_HOST || (udp[8] & 0x0f) != LINK_DECODED)
		return;
	/* From 3 to 2, of whom the generation came. */
	told.wrong += sw->node[log->to] != 1 || sw->node[log->to ^ 1] != 2 ||
		      (udp[4] << 8 | udp[5]) != 8 + 24 + 16 ||
		      body->conference != rte_cpu_to_be_32(sim->sessions[0].conference) ||
		      body->session != rte_cpu_to_be_32(sim->sessions[0].session) ||
		      rte_be_to_cpu_32(body->seq) % 8 != 0;
	told.last = rte_be_to_cpu_32(body->seq);
	if (told.n < RTE_DIM(told.at))
		told.at[told.n++] = log->now;
}

/*
 * Where repair goes on until it is told, each generation that is whole is told of to the neighbour,
 * again while more of it comes, but not for each packet.
 */
static void
test_told(void **state)
{
	struct wire_lane_params lane = {
		.delay = SIM_MS, .impair = {.reorder = 1, .reorder_ns = 20 * SIM_MS}};
	struct rlnc_params coding = block(8, 4000000);
	struct scene scene = begin(&coding, "2 > 3", 0, 0, PORT_TX_CHAINS);

	(void)state;
	memset(&told, 0, sizeof(told));
	scene.sim->hooks.wire = hear;
	small_destination(scene.sim, scene.session, 3)->coding->params.repair =
		RLNC_REPAIR_RATELESS;
	send_lengths(&scene, 8, 50 * SIM_US);
	assert_int_equal(told.wrong, 0);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last, 0);
	/* Now what is sent comes over 20 ms. */
	small_set_lane(scene.sim, sim_wire_between(scene.sim, 1, 2), 3, &lane);
	send_lengths(&scene, 8, 50 * SIM_US);
	assert_int_equal(told.wrong, 0);
	assert_int_equal(told.last, 8);
	assert_in_range(told.n, 3, 6);
	for (uint32_t i = 2; i < told.n; i++)
		assert_true(told.at[i] - told.at[i - 1] >= RLNC_DECODED_NS);
	end(&scene);
}

/* However late a source packet is, its flow has not lost it. */
static void
test_late_flow(void **state)
{
	struct wire_lane_params now = {.delay = SIM_MS}, later = now;
	struct rlnc_params coding = block(16, 0);
	struct scene scene = begin(&coding, "2 > 3", 0, 0, PORT_TX_CHAINS);
	struct sim_wire *wire = sim_wire_between(scene.sim, 1, 2);
	const struct destination *dst = small_destination(scene.sim, scene.session, 3);

	(void)state;
	send_lengths(&scene, 64, 100 * SIM_US);
	for (uint32_t n = 50; n <= 400; n *= 2) {
		uint64_t received = destination_flow_received(dst, 0);

		later.delay = (n + 30) * 100 * SIM_US;
		later.impair = (struct impair_params){.reorder = 1, .reorder_ns = 1};
		small_set_lane(scene.sim, wire, 3, &later);
		small_send(scene.sim, scene.session, 1, 100, 2 * SIM_MS);
		small_set_lane(scene.sim, wire, 3, &now);
		small_send(scene.sim, scene.session, n, 100, 100 * SIM_US);
		assert_int_equal(destination_flow_const(dst, 0)->lost, 1);
		sim_run_until(scene.sim, scene.sim->now + 50 * SIM_MS);
		assert_int_equal(destination_lost(dst), 0);
		assert_int_equal(destination_flow_const(dst, 0)->lost, 0);
		assert_int_equal(destination_flow_received(dst, 0) - received, n + 1);
	}
	end(&scene);
}

/* A session that is removed while combinations wait. */
static void
test_removed(void **state)
{
	struct rlnc_params coding = block(32, 100000);
	struct scene scene = begin(&coding, "2 > 3", 0.4, 0, PORT_TX_CHAINS);
	struct node *node = scene.sim->nodes[2].node;

	(void)state;
	send_lengths(&scene, 300, 50 * SIM_US);
	assert_true(sim_node_counters(scene.sim, 2).queued > 0);
	sim_session_stop(scene.sim, scene.session);
	node_remove_destination(node, small_destination(scene.sim, scene.session, 3));
	sim_run_until(scene.sim, scene.sim->now + 10 * SIM_MS);
	assert_true(small_drops(scene.sim, 3, DROP_session_ended) > 0);
	assert_int_equal(sim_node_counters(scene.sim, 2).queued, 0);
	scene.sim->sessions[scene.session].nb_destinations = 0;
	sim_drain(scene.sim, SIM_S);
	sim_free(scene.sim);
}

/* A relay that recodes sends as many for each that came as it takes for one to come through. */
static void
test_relay_makes_up(void **state)
{
	enum {
		SENT = 1600
	};
	struct rlnc_params coding = block(16, 1);
	struct sim *sim = small_new(3);
	struct sim_line line = small_line();
	struct sim_wire *wire;
	const struct link *link;
	struct sim_session s;
	struct scene scene = {.sim = sim};

	(void)state;
	small_connect(sim, 1, 2, &line);
	wire = small_connect(sim, 2, 3, &line);
	line.lane.impair.loss = 0.2;
	small_set_lane(sim, wire, 3, &line.lane);
	sim->probe = 5 * SIM_MS;
	sim->extra_buffers = rlnc_receiver_holds(&coding) + 256;
	sim->recode_packets = 1024;
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){3, 0});
	s.coding = coding;
	s.recode[1] = RECODE_ALWAYS;
	sim_session_flow(&s, 0, 1, "2 > 3");
	scene.session = small_start(sim, NULL, &s);
	sim_run_until(sim, sim->now + SIM_S);
	link = node_find_link(sim->nodes[1].node, 3);
	send_lengths(&scene, SENT, SIM_MS);
	assert_in_range(link->tx.packets, SENT * 115 / 100, SENT * 140 / 100);
	end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_overwhelmed),
		cmocka_unit_test(test_all_that_is_known),
		cmocka_unit_test(test_destination_that_relays),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_late_flow),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_relay_makes_up),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
