/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A coded session's common packets beside the general path: two destinations get the same packets,
 * lost, late, twice, damaged as they are, one of them with rlnc_in_order before destination_input,
 * as deliver.c calls it, and after each burst both have sent the same datagrams and count the same.
 */
#include "unit.h"

#include "../harness/test_eal.h"
#include "coded_stream.h"
#include "destination_settle.h"
#include "egress.h"
#include "rlnc_in_order.h"
#include "tx_buffer.h"

#define HEADROOM 200
#define MS	 UINT64_C(1000000)
#define DEADLINE (200 * MS)
#define NB_FLOWS (CODED_FLOWS_MAX - 1) /* the source's last two are one to the destination */

/* One of the two destinations, in a world of its own. */
struct side {
	struct worker w;
	struct node node;
	struct port port;
	struct tx_buffer tx;
	struct frame_template header;
	struct destination *dst;
	struct rte_mempool *pool;
	uint64_t frames, digest; /* that left */
	uint32_t taken;		 /* by rlnc_in_order */
};

static struct side near, far; /* with rlnc_in_order, without */

static struct rng rng;

struct scene {
	struct coded_odds odds;
	uint8_t egress;
	bool ipv6;
	uint32_t reorder_packets;
};

static struct rte_mbuf *
make_mbuf(struct side *side, const struct coded_packet *p, const uint8_t *bytes)
{
	uint32_t first = p->cut != 0 ? p->cut : p->len;
	struct rte_mbuf *m = rte_pktmbuf_alloc(side->pool), *rest;

	assert_non_null(m);
	m->data_off = HEADROOM;
	memcpy(rte_pktmbuf_append(m, (uint16_t)first), bytes, first);
	if (p->cut != 0) {
		rest = rte_pktmbuf_alloc(side->pool);
		assert_non_null(rest);
		if (p->len > first)
			memcpy(rte_pktmbuf_append(rest, (uint16_t)(p->len - first)), bytes + first,
				p->len - first);
		assert_int_equal(rte_pktmbuf_chain(m, rest), 0);
	}
	m->data_off += (uint16_t)sizeof(struct session_hdr);
	m->data_len -= (uint16_t)sizeof(struct session_hdr);
	m->pkt_len -= (uint16_t)sizeof(struct session_hdr);
	if (p->summed)
		packet_sum_set(m, checksum_mbuf(m, 0));
	return m;
}

/* --- the destinations -------------------------------------------------------------------- */

/* A port that takes all, and remembers what it was as one number. */
static uint16_t
take_frames(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct side *side = port->driver;
	static uint8_t room[4096];

	(void)queue;
	(void)now;
	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *data = rte_pktmbuf_read(pkts[i], 0, pkts[i]->pkt_len, room);

		for (uint32_t at = 0; at < pkts[i]->pkt_len; at++)
			side->digest = (side->digest ^ data[at]) * UINT64_C(0x100000001b3);
		side->frames++;
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops port_ops = {.tx_burst = take_frames};

static void
begin_side(struct side *side, const struct scene *scene)
{
	struct rlnc_params coding = {
		.code = RLNC_BLOCK, .k = scene->odds.k, .systematic = true, .deadline = DEADLINE};
	struct destination_params params = {.conference = CODED_CONFERENCE,
		.session = CODED_SESSION,
		.window = 1024,
		.reorder_packets = scene->reorder_packets,
		.reorder_ns = 20 * MS,
		.egress = scene->egress,
		.egress_port = &side->port,
		.coding = &coding,
		.nb_flows = scene->odds.flows > 1 ? NB_FLOWS : 1};
	static const uint8_t ip6[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};
	struct frame_endpoints ends = {.source = address_ipv4(RTE_BE32(0x0a000001)),
		.destination = address_ipv4(RTE_BE32(0x0a000002)),
		.source_port = 5000,
		.destination_port = 5004,
		.hop_limit = FRAME_HOP_LIMIT};
	struct rte_mempool *pool = side->pool;

	if (scene->ipv6) {
		ends.source = address_ipv6(ip6[0]);
		ends.destination = address_ipv6(ip6[1]);
	}
	memset(side, 0, sizeof(*side));
	side->pool = pool;
	line_pool_init(&side->node.destination_lines, sizeof(struct destination_shelf));
	side->port = (struct port){.ops = &port_ops,
		.driver = side,
		.mtu = 1500,
		.offloads = PORT_TX_CHAINS,
		.up = true};
	side->node.ports[0] = &side->port;
	side->tx.port = &side->port;
	side->w.node = &side->node;
	side->w.pool = pool;
	side->w.header_pool = pool;
	side->w.tx[0] = &side->tx;
	side->w.now = 1000 * MS;
	timer_wheel_init(&side->w.wheel, &side->w, side->w.now);
	side->dst = destination_new(&side->node, &params);
	assert_non_null(side->dst);
	frame_template_build(&side->header, &side->port, &ends, NULL, 0);
	side->dst->line->ports[0] = RTE_BE16(5000);
	side->dst->line->ports[1] = RTE_BE16(5004);
	side->dst->line->header = &side->header;
}

static void
end_side(struct side *side)
{
	destination_flush(&side->w, side->dst);
	assert_int_equal(side->w.counters.queued, 0);
	assert_int_equal(rlnc_receiver_held(side->dst->coding), 0);
	destination_free(side->dst);
	line_pool_free(&side->node.destination_lines);
	assert_int_equal(rte_mempool_in_use_count(side->pool), 0);
}

/* A packet on its way to a destination. */
struct given {
	struct rte_mbuf *m;
	struct rte_mbuf before;
	bool shared;
};

static struct given
given_of(struct side *side, const struct coded_packet *p)
{
	struct given g = {.m = make_mbuf(side, p, p->bytes), .shared = p->shared};

	/* Whoever else has a hold of it sees it as it was. */
	for (struct rte_mbuf *seg = g.m; p->shared && seg != NULL; seg = seg->next)
		rte_mbuf_refcnt_update(seg, 1);
	g.before = *g.m;
	return g;
}

/* Some packets in a row; next: by rlnc_in_order, as long as it takes them. */
static void
give(struct side *side, const struct coded_packet *p, uint16_t n, bool next)
{
	uint64_t slice = side->w.now - side->w.now % DELAY_SLICE_NS;
	struct destination_line *line = side->dst->line;
	struct rte_mbuf *pkts[BURST_MAX];
	struct given given[BURST_MAX];

	for (uint16_t i = 0; i < n; i++) {
		given[i] = given_of(side, &p[i]);
		pkts[i] = given[i].m;
	}
	for (uint16_t i = 0, taken; i < n; i = (uint16_t)(i + taken)) {
		taken = 0;
		if (next && line->way == DESTINATION_CODED)
			taken = rlnc_in_order(&side->w, line, pkts + i, (uint16_t)(n - i), slice);
		assert_true(taken <= n - i);
		side->taken += taken;
		if (taken > 0)
			continue;
		destination_input(&side->w, side->dst, pkts[i]);
		taken = 1;
	}
	for (uint16_t i = 0; i < n; i++) {
		if (!given[i].shared)
			continue;
		assert_int_equal(given[i].m->data_off, given[i].before.data_off);
		assert_int_equal(given[i].m->pkt_len, given[i].before.pkt_len);
		rte_pktmbuf_free(given[i].m);
	}
}

static void
end_burst(struct side *side, uint64_t now, uint32_t utc_us)
{
	tx_buffer_flush(&side->w, &side->tx);
	side->w.now = now;
	side->w.utc_us = utc_us;
	timer_wheel_run(&side->w.wheel, now);
	tx_buffer_flush(&side->w, &side->tx);
}

static void
compare(void)
{
	static struct delay_histogram near_delay, far_delay;
	struct destination *a = near.dst, *b = far.dst;
	struct destination_sum near_sum = destination_delivered(a),
			       far_sum = destination_delivered(b);

	assert_int_equal(near.frames, far.frames);
	assert_int_equal(near.digest, far.digest);
	assert_memory_equal(&near.w.counters, &far.w.counters, sizeof(near.w.counters));
	assert_memory_equal(
		&a->coding->counters, &b->coding->counters, sizeof(a->coding->counters));
	assert_memory_equal(&a->counters, &b->counters, sizeof(a->counters));
	assert_memory_equal(&near_sum, &far_sum, sizeof(near_sum));
	assert_int_equal(destination_lost(a), destination_lost(b));
	for (uint16_t i = 0; i < a->params.nb_flows; i++) {
		assert_int_equal(destination_flow_received(a, i), destination_flow_received(b, i));
		assert_int_equal(destination_flow(a, i)->lost, destination_flow(b, i)->lost);
	}
	assert_int_equal(destination_heard_at(a), destination_heard_at(b));
	destination_delay(a, &near_delay);
	destination_delay(b, &far_delay);
	assert_memory_equal(&near_delay, &far_delay, sizeof(near_delay));
	assert_int_equal(rlnc_receiver_held(a->coding), rlnc_receiver_held(b->coding));
	assert_int_equal(
		rlnc_blocks_oldest(&a->coding->blocks), rlnc_blocks_oldest(&b->coding->blocks));
	assert_true(a->coding->timer.armed || rlnc_blocks_oldest(&a->coding->blocks) == UINT64_MAX);
}

/* --- cases ------------------------------------------------------------------------------- */

static void
run(const struct scene *scene)
{
	uint64_t now;
	uint32_t i = 0;

	coded_stream(&rng, &scene->odds);
	begin_side(&near, scene);
	begin_side(&far, scene);
	now = near.w.now;
	while (i < coded_nb_order) {
		static struct coded_packet burst[BURST_MAX];
		uint32_t most = RTE_MIN(1 + rng_below(&rng, BURST_MAX), coded_nb_order - i);

		for (uint16_t n = 0; n < most; n++) {
			burst[n] = coded_sent[coded_order[i++]];
			if (coded_happens(&rng, scene->odds.damaged))
				coded_damage(&rng, burst[n].bytes);
		}
		give(&near, burst, (uint16_t)most, true);
		give(&far, burst, (uint16_t)most, false);
		compare();
		now += coded_happens(&rng, scene->odds.pause) ? 2 * DEADLINE
							      : rng_below(&rng, 5 * MS);
		end_burst(&near, now, (uint32_t)(now / 1000));
		end_burst(&far, now, (uint32_t)(now / 1000));
		compare();
	}
	end_side(&near);
	end_side(&far);
	assert_int_equal(far.taken, 0);
}

/* Nothing happens on the way: all but a few take the fast path. */
static void
test_all(void **state)
{
	struct scene scene = {.odds = {.k = 16, .generations = 100}, .egress = EGRESS_UDP};

	(void)state;
	run(&scene);
	assert_int_equal(near.frames, coded_nb_sent);
	assert_true(near.taken > coded_nb_sent * 9 / 10);
	scene.egress = EGRESS_SINK;
	run(&scene);
	assert_true(near.taken > coded_nb_sent * 9 / 10);
}

/*
 * The same where the destination accounts for several flows, and the one in use changes at times.
 */
static void
test_flows(void **state)
{
	struct scene scene = {.odds = {.k = 16, .flows = NB_FLOWS, .turn = 5, .generations = 200},
		.egress = EGRESS_UDP};

	(void)state;
	run(&scene);
	assert_int_equal(near.frames, 200 * 16);
	assert_true(near.taken > coded_nb_sent * 8 / 10);
}

/* As much is lost as combinations can tell, and it is told. */
static void
test_loss(void **state)
{
	struct scene scene = {.odds = {.k = 16, .loss = 50, .repairs = 8, .generations = 200},
		.egress = EGRESS_UDP};

	(void)state;
	run(&scene);
	assert_true(near.taken > coded_nb_sent / 5);
	assert_true(near.dst != NULL && near.frames > 3000);
}

static uint32_t
some_odds(void)
{
	static const uint32_t odds[] = {0, 0, 1, 10, 50, 200};

	return odds[rng_below(&rng, RTE_DIM(odds))];
}

static void
test_whatever(void **state)
{
	uint32_t taken = 0;

	(void)state;
	for (int i = 0; i < 150; i++) {
		struct coded_odds odds = {.k = (uint8_t)(2 + rng_below(&rng, CODED_K_MAX - 1)),
			.loss = some_odds(),
			.late = some_odds(),
			.twice = some_odds(),
			.damaged = some_odds(),
			.odd = some_odds(),
			.short_ones = some_odds(),
			.relayed = some_odds(),
			.turn = some_odds(),
			.pause = rng_below(&rng, 4) == 0 ? 20 : 0,
			.lies = rng_below(&rng, 3) == 0 ? 30 : 0,
			.flows = rng_below(&rng, CODED_FLOWS_MAX + 1),
			.repairs = rng_below(&rng, 8),
			.generations = 1 + rng_below(&rng, 40)};
		struct scene scene = {.odds = odds,
			.egress = rng_below(&rng, 4) == 0 ? EGRESS_SINK : EGRESS_UDP,
			.ipv6 = rng_below(&rng, 3) == 0,
			.reorder_packets = rng_below(&rng, 3) == 0 ? 32 : 0};

		run(&scene);
		taken += near.taken;
	}
	assert_true(taken > 1000);
}

static int
setup(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0 || packet_init() < 0)
		return -1;
	slow_field_init();
	rng_seed(&rng, unit_seed());
	near.pool = rte_pktmbuf_pool_create("near", 4095, 0, 0, 2048, -1);
	far.pool = rte_pktmbuf_pool_create("far", 4095, 0, 0, 2048, -1);
	return near.pool != NULL && far.pool != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	rte_mempool_free(near.pool);
	rte_mempool_free(far.pool);
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_whatever),
	};

	return cmocka_run_group_tests_name("rlnc_in_order", tests, setup, teardown);
}
