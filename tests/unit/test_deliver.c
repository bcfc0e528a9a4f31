/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a burst leaves in its sessions' lines, whoever's packets it mixes: each line has then moved
 * or settled what was full with its last packet, and nothing else; and what all destinations count
 * is what came.
 */
#include "unit.h"

#include "../harness/test_eal.h"
#include "deliver.h"
#include "destination_settle.h"
#include "rng.h"

#define CONFERENCE 1
#define SESSIONS   5
#define HEADROOM   64
#define PAYLOAD	   32
#define MS	   UINT64_C(1000000)

/* Keys with the same bits of the hash in a table's slot: the first of them is guessed for all. */
#define ALIKE	     ((UINT64_C(0x123456789abcdef) << 4) * INVERSE)
#define INVERSE	     UINT64_C(0xf1de83e19937733d) /* of the hash's factor */
#define NEXT_ALIKE   INVERSE
#define NOT_ADDED    (ALIKE + SESSIONS * NEXT_ALIKE)
#define PLAIN(which) (((uint64_t)CONFERENCE << 32) + 1 + (which))

static struct node *node;
static struct port port;
static struct worker *w, *other;
static uint64_t now;

struct stream {
	struct destination *dst;
	uint64_t key;
	uint32_t seq; /* of the next packet */
	uint16_t flow_seq;
	uint64_t came;
};

static struct stream streams[SESSIONS];
static struct deliver_burst burst;

static uint16_t
nothing(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)p;
	(void)queue;
	(void)pkts;
	(void)n;
	(void)at;
	return 0;
}

static const struct port_ops port_ops = {.rx_burst = nothing, .tx_burst = nothing};

/* --- packets ----------------------------------------------------------------------------- */

static void
add(uint64_t key, uint32_t seq, uint16_t flow_seq)
{
	struct session_hdr hdr = {.conference = rte_cpu_to_be_32((uint32_t)(key >> 32)),
		.session = rte_cpu_to_be_32((uint32_t)key),
		.seq = rte_cpu_to_be_32(seq),
		.stamp = rte_cpu_to_be_32(w->utc_us),
		.flow_seq = rte_cpu_to_be_16(flow_seq),
		.epoch = RTE_BE16(7)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(node->pool);

	assert_non_null(m);
	m->data_off = HEADROOM;
	memcpy(rte_pktmbuf_append(m, sizeof(hdr) + PAYLOAD), &hdr, sizeof(hdr));
	packet_trim(m, sizeof(hdr));
	packet_meta(m)->index = 0;
	deliver_add(&burst, m);
}

static void
next(struct stream *s)
{
	add(s->key, s->seq++, s->flow_seq++);
	s->came++;
}

static void
begin_burst(void)
{
	now += MS;
	w->now = now;
	w->utc_us = (uint32_t)(now / 1000);
	deliver_begin(w, &burst);
}

/* --- sessions ---------------------------------------------------------------------------- */

static void *
guess(uint64_t key)
{
	return line_table_guess(line_map_table(&node->destinations), key);
}

/*
 * Lines began in step, and nothing disturbs them: what a line has collected is told by the sequence
 * alone. What is full of one that is not guessed waits for its next packet.
 */
static void
check(const struct stream *s)
{
	const struct destination_line *line = s->dst->line;
	uint32_t packets = destination_line_place(line, s->seq), held = packets % DESTINATION_HELD;

	if (guess(s->key) != line && s->came > 1 && held == 0) {
		held = DESTINATION_HELD;
		packets = packets != 0 ? packets : DESTINATION_PENDING;
	}
	assert_int_equal(line->next, s->seq);
	assert_int_equal(collected_packets(line->collected), packets);
	assert_int_equal(collected_held(line->collected), held);
	assert_int_equal(destination_delivered(s->dst).packets, s->came);
	assert_int_equal(destination_lost(s->dst), 0);
}

/* The other worker, if there is one, takes its own at once. */
static void
end_burst(void)
{
	deliver_end(w, &burst);
	if (other != w)
		(void)worker_poll(other, now);
	for (uint32_t i = 0; i < SESSIONS; i++)
		check(&streams[i]);
}

/* It begins so that nothing is collected when its line has its turn: a first packet never is. */
static void
begin_stream(struct stream *s, uint64_t key)
{
	struct destination_params params = {.conference = (uint32_t)(key >> 32),
		.session = (uint32_t)key,
		.window = 64,
		.egress = EGRESS_SINK,
		.nb_flows = 1};

	*s = (struct stream){.dst = node_add_destination(node, &params, 0), .key = key};
	assert_non_null(s->dst);
	while (destination_line_place(s->dst->line, s->seq + 1) != 0)
		s->seq++;
}

static void
begin(unsigned int workers, uint64_t first, uint64_t step)
{
	struct node_params params = {
		.name = "deliver", .id = 1, .nb_workers = (uint16_t)workers, .max_links = 1};
	struct node_budget budget = {.port_descriptors = 64};
	struct utc_map clock = {.now0 = 0, .utc0_ns = 0};
	const char *error = "";

	now = 0;
	port = (struct port){.ops = &port_ops,
		.rx_queues = (uint16_t)workers,
		.tx_queues = (uint16_t)workers,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.up = true};
	node = node_new(&params, &error);
	assert_non_null(node);
	assert_int_equal(node_add_port(node, &port), 0);
	assert_int_equal(node_layout(node, &budget, &error), 0);
	node_set_clock(node, &clock);
	w = node->workers[0];
	other = node->workers[workers - 1];
	for (uint32_t i = 0; i < SESSIONS; i++)
		begin_stream(&streams[i], first + i * step);
	begin_burst();
	for (uint32_t i = 0; i < SESSIONS; i++)
		next(&streams[i]);
	end_burst();
}

static void
end(void)
{
	for (uint32_t i = 0; i < SESSIONS; i++)
		node_remove_destination(node, streams[i].dst);
	while (!node_settled(node)) {
		for (uint16_t i = 0; i < node->nb_workers; i++)
			(void)worker_poll(node->workers[i], now);
		node_tick(node);
	}
	assert_int_equal(rte_mempool_in_use_count(node->pool), 0);
	node_free(node);
}

/* --- cases ------------------------------------------------------------------------------- */

/* Bursts of all lengths: runs of any length, of sessions in any order. */
static void
mix(void)
{
	struct rng rng;

	rng_seed(&rng, unit_seed());
	for (uint32_t round = 0; round < 3000; round++) {
		uint32_t n = rng_below(&rng, BURST_MAX + 1), run = 1 + rng_below(&rng, BURST_MAX);

		begin_burst();
		while (burst.n < n) {
			struct stream *s = &streams[rng_below(&rng, SESSIONS)];

			for (uint32_t k = rng_below(&rng, run) + 1; k > 0 && burst.n < n; k--)
				next(s);
		}
		end_burst();
	}
}

static void
test_mixed(void **state)
{
	(void)state;
	begin(1, PLAIN(0), 1);
	for (uint32_t i = 0; i < SESSIONS; i++)
		assert_ptr_equal(guess(streams[i].key), streams[i].dst->line);
	mix();
	end();
}

/* All are taken for the first one. */
static void
test_wrong_guesses(void **state)
{
	(void)state;
	begin(1, ALIKE, NEXT_ALIKE);
	for (uint32_t i = 0; i < SESSIONS; i++)
		assert_ptr_equal(guess(streams[i].key), streams[0].dst->line);
	mix();
	end();
}

/* The first one's line does not settle for a packet that is nobody's, and seems to fill it. */
static void
test_nobody_s(void **state)
{
	struct stream *s = &streams[0];

	(void)state;
	begin(1, ALIKE, NEXT_ALIKE);
	assert_ptr_equal(guess(NOT_ADDED), s->dst->line);
	assert_null(guess(PLAIN(0)));
	for (uint32_t round = 0; round < 300; round++) {
		uint32_t seq = s->seq + 2 * BURST_MAX;

		while (destination_line_place(s->dst->line, seq + 1) != 0)
			seq++;
		begin_burst();
		for (uint32_t i = 0; i < round % 9; i++)
			next(s);
		add(NOT_ADDED, seq, 0);
		add(PLAIN(0), seq, 0);
		for (uint32_t i = 0; i < round % 7; i++)
			next(s);
		end_burst();
		assert_int_equal(w->counters.drops[DROP_session_unknown], 2 * (round + 1));
	}
	end();
}

static struct stream *
of_owner(const struct worker *owner)
{
	for (uint32_t i = 0; i < SESSIONS; i++)
		if (streams[i].dst->line->owner == owner->index)
			return &streams[i];
	fail_msg("worker %u owns none", owner->index);
	return NULL;
}

/* What another worker's line holds is left to that worker, though its last packet comes here. */
static void
test_two_workers(void **state)
{
	struct destination_line *line;
	struct stream *s;
	uint32_t collected;

	(void)state;
	begin(2, PLAIN(0), 1);
	(void)of_owner(w);
	s = of_owner(other);
	line = s->dst->line;
	mix();
	while (destination_line_place(line, s->seq) % DESTINATION_HELD != 0) {
		begin_burst();
		next(s);
		end_burst();
	}
	for (uint32_t i = 0; i < DESTINATION_HELD; i++)
		destination_collect(line, now, now - now % DELAY_SLICE_NS, 0, PAYLOAD);
	s->seq += DESTINATION_HELD;
	collected = line->collected;
	assert_int_equal(collected_held(collected), DESTINATION_HELD);
	begin_burst();
	add(s->key, s->seq - 1, (uint16_t)(line->next_of_flow - 1));
	deliver_end(w, &burst);
	assert_int_equal(line->collected, collected);
	(void)worker_poll(other, now);
	assert_int_equal(other->counters.drops[DROP_session_duplicate], 1);
	end();
}

static int
setup(void **state)
{
	(void)state;
	return test_eal(64, false);
}

static int
teardown(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_wrong_guesses),
		cmocka_unit_test(test_nobody_s),
		cmocka_unit_test(test_two_workers),
	};

	return cmocka_run_group_tests_name("deliver", tests, setup, teardown);
}
