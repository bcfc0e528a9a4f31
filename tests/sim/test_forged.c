/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Combinations far ahead of all that a coded session sent, as of a damaged or forged header: one,
 * or more than there are generations open, do not end the repair of what is really sent. And a
 * source that really went on far ahead is decoded, though it sends combinations alone. What is
 * refused as far ahead is none of its flow's either.
 */
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "small.h"

#define GAP (100 * SIM_US)
#define FAR (UINT32_C(1) << 30)

struct scene {
	struct sim *sim;
	uint32_t index;
	struct destination *dst;
	struct worker *w; /* the destination's */
	uint32_t forged;
};

static struct rlnc_params
coding_of(uint8_t code, bool systematic)
{
	return (struct rlnc_params){.code = code,
		.k = 16,
		.systematic = systematic,
		.ratio = 500000,
		.close = 5 * SIM_MS,
		.deadline = 50 * SIM_MS};
}

static struct scene
begin(const struct rlnc_params *coding, double loss)
{
	struct scene s = {.sim = small_new(2)};
	struct sim_line line = small_line();
	struct sim_session session;

	line.lane.impair.loss = loss;
	small_connect(s.sim, 1, 2, &line);
	s.sim->extra_buffers = rlnc_receiver_holds(coding) + 256;
	sim_build(s.sim);
	session = small_session(s.sim, 1, (uint32_t[]){2, 0});
	session.coding = *coding;
	sim_session_flow(&session, 0, 1, "2");
	s.index = small_start(s.sim, NULL, &session);
	s.dst = small_destination(s.sim, s.index, 2);
	s.w = s.sim->nodes[1].node->workers[0];
	return s;
}

static void
send_packets(struct scene *s, uint32_t n)
{
	small_send(s->sim, s->index, n, 100, GAP);
	sim_run_until(s->sim, s->sim->now + 10 * SIM_MS);
}

/* As if it had come to the destination; of the session's epoch, and ahead of the flow's last. */
static void
forge(struct scene *s, uint8_t kind, uint32_t first, uint16_t ahead)
{
	const struct rlnc_params *coding = &s->dst->coding->params;
	const struct source *source = sim_source(s->sim, s->index);
	struct session_hdr session = {.conference = rte_cpu_to_be_32(s->dst->params.conference),
		.session = rte_cpu_to_be_32(s->dst->params.session),
		.seq = rte_cpu_to_be_32(first),
		.epoch = rte_cpu_to_be_16(source->epoch),
		.flow_seq = rte_cpu_to_be_16((uint16_t)(source->line->first.packets - 1 + ahead)),
		.flags = SESSION_CODED};
	struct rlnc_header h = {.kind = kind,
		.code = coding->code,
		.n = kind == RLNC_SYSTEMATIC ? 1 : coding->k,
		.seed = (uint16_t)++s->forged};
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->w->pool);
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, 100);
	if (p == NULL)
		abort();
	memset(p, 1, 100);
	memcpy(p, &session, sizeof(session));
	(void)rlnc_header_write(&h, p + sizeof(session));
	(void)rte_pktmbuf_adj(m, sizeof(session));
	packet_meta(m)->index = 0;
	s->w->counters.received++;
	destination_input(s->w, s->dst, m);
}

/* Of the last n packets all that was lost is repaired, but for what has no repair yet. */
static void
check_repair(struct scene *s, uint32_t n)
{
	uint64_t before = s->dst->coding->counters.computed, lost = destination_lost(s->dst);

	send_packets(s, n);
	assert_true(s->dst->coding->counters.computed - before > n / 40);
	assert_true(destination_lost(s->dst) <= lost + n / 500);
}

static void
end(struct scene *s)
{
	sim_session_stop(s->sim, s->index);
	sim_drain(s->sim, 2 * SIM_S);
	sim_free(s->sim);
}

static void
forged(uint8_t code, uint32_t before, uint32_t n)
{
	struct rlnc_params coding = coding_of(code, true);
	struct scene s = begin(&coding, 0.05);

	if (before > 0)
		send_packets(&s, before);
	for (uint32_t i = 0; i < n; i++) {
		forge(&s, RLNC_SEEDED, (uint32_t)s.dst->window.highest + FAR + i * 16, 0);
		if (before > 0)
			send_packets(&s, 7);
	}
	/* What began before all source packets goes when nothing is heard of it. */
	if (before == 0)
		send_packets(&s, 1000);
	assert_int_equal(small_drops(s.sim, 2, DROP_session_far_ahead), before > 0 ? s.forged : 0);
	check_repair(&s, 4000);
	end(&s);
}

static void
test_forged(void **state)
{
	(void)state;
	for (uint8_t code = RLNC_BLOCK; code <= RLNC_WINDOW; code++) {
		forged(code, 500, 1);
		forged(code, 500, 70);
	}
}

static void
test_forged_first(void **state)
{
	(void)state;
	for (uint8_t code = RLNC_BLOCK; code <= RLNC_WINDOW; code++)
		forged(code, 0, 70);
}

/* What is refused says nothing of its flow, source packet or combination. */
static void
test_flow(void **state)
{
	static const uint8_t kinds[] = {RLNC_SYSTEMATIC, RLNC_SEEDED};

	(void)state;
	for (uint8_t code = RLNC_BLOCK; code <= RLNC_WINDOW; code++) {
		struct rlnc_params coding = coding_of(code, true);
		struct scene s = begin(&coding, 0);
		const struct destination_flow *flow = destination_flow(s.dst, 0);

		send_packets(&s, 160);
		for (uint32_t i = 0; i < RTE_DIM(kinds); i++) {
			forge(&s, kinds[i], (uint32_t)s.dst->window.highest + FAR, 30000);
			send_packets(&s, 160);
			assert_int_equal(small_drops(s.sim, 2, DROP_session_far_ahead), s.forged);
			assert_int_equal(flow->lost, 0);
			assert_int_equal(destination_flow_received(s.dst, 0),
				source_sent(sim_source(s.sim, s.index)).packets +
					sim_source(s.sim, s.index)->encoder->counters.repairs);
		}
		end(&s);
	}
}

/* Ten generations each, so that none is cut: of what follows one packet is missing. */
static void
test_goes_on(void **state)
{
	(void)state;
	for (uint32_t systematic = 0; systematic < 2; systematic++) {
		struct rlnc_params coding = coding_of(RLNC_BLOCK, systematic != 0);
		struct scene s = begin(&coding, 0);
		uint64_t delivered;

		send_packets(&s, 160);
		sim_source(s.sim, s.index)->encoder->seq += 1 << 21;
		delivered = destination_delivered(s.dst).packets;
		assert_int_equal(delivered, 160);
		send_packets(&s, 160);
		assert_in_range(
			destination_delivered(s.dst).packets, delivered + 159, delivered + 160);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_forged_first),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_goes_on),
	};

	sim_eal(64);
	return cmocka_run_group_tests_name("forged", tests, NULL, NULL);
}
