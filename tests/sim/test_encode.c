/* SPDX-License-Identifier: BSD-3-Clause */
/* The source of a coded session: what it sends, against a plain decoder. */
#include <rte_ip.h>
#include <rte_udp.h>

#include "payload.h"
#include "plain_decoder.h"
#include "rlnc_encoder.h"
#include "small.h"

#define PACKETS_MAX 4096

/* A packet as it left the source. */
struct sent {
	struct session_hdr session;
	struct rlnc_header h;
	uint8_t coeffs[RLNC_SPAN_MAX];
	uint32_t len; /* of the symbol, or of a systematic packet's payload */
	uint8_t data[PLAIN_SYMBOL];
};

struct capture {
	uint32_t n;
	struct sent sent[PACKETS_MAX];
};

static struct capture capture;

/* A DATA frame over untagged IP; from its Pathlet on. */
static const uint8_t *
skip_headers(const uint8_t *frame, uint32_t *len)
{
	bool ipv6 = frame[12] == 0x86;
	const uint8_t *udp = frame + 14 + (ipv6 ? 40 : 20);
	uint32_t headers = 8 + sizeof(struct link_hdr);

	*len = (uint32_t)(udp[4] << 8 | udp[5]) - headers;
	return (udp[8] & 0x0f) == LINK_DATA ? udp + headers : NULL;
}

static void
hear(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	struct capture *c = arg;
	struct sent *s = &c->sent[c->n];
	const uint8_t *p;
	uint32_t len, pathlet;

	if (log->event != WIRE_SENT || sw->node[0] == SIM_HOST || sw->node[1] == SIM_HOST ||
		sw->node[log->to] == 0)
		return;
	p = skip_headers(log->frame, &len);
	if (p == NULL)
		return;
	pathlet = (uint32_t)(p[0] << 8 | p[1]);
	memcpy(&s->session, p + pathlet, sizeof(s->session));
	p += pathlet + sizeof(s->session);
	len -= pathlet + (uint32_t)sizeof(s->session);
	SIM_CHECK(sim, s->session.flags & SESSION_CODED, "not coded");
	SIM_CHECK(sim, rlnc_header_parse(p, len, &s->h) == DROP_none, "coding header");
	rlnc_header_coeffs(&s->h, s->coeffs);
	s->h.coeffs = NULL;
	s->len = len - rlnc_header_bytes(&s->h);
	memcpy(s->data, p + rlnc_header_bytes(&s->h), s->len);
	SIM_CHECK(sim, ++c->n < PACKETS_MAX, "more packets than places");
}

static uint32_t
first_of(const struct sent *s)
{
	return rte_be_to_cpu_32(s->session.seq);
}

/* What a packet says of its generation's symbols. */
static uint32_t
symbol_of(const struct sent *s, uint8_t *symbol)
{
	uint32_t len = s->len;

	memset(symbol, 0, PLAIN_SYMBOL);
	if (s->h.kind != RLNC_SYSTEMATIC) {
		memcpy(symbol, s->data, len);
		return len;
	}
	symbol[0] = (uint8_t)(len >> 8);
	symbol[1] = (uint8_t)len;
	symbol[2] = s->session.flags & 0x0e;
	memcpy(symbol + 4, &s->session.stamp, 4);
	memcpy(symbol + 8, s->data, len);
	return len + 8;
}

static void
check_symbol(const uint8_t *symbol, uint32_t session, uint32_t seq)
{
	uint32_t len = (uint32_t)(symbol[0] << 8 | symbol[1]);

	assert_true(payload_right(symbol + 8, len, session, false));
	assert_int_equal(payload_number(symbol + 8), seq);
	for (uint32_t i = 8 + len; i < PLAIN_SYMBOL; i++)
		assert_int_equal(symbol[i], 0);
}

/*
 * Decodes the generation that begins at first from the packets at random, n of them: exactly what
 * it takes. Returns n; 0: there is no such generation.
 */
static uint32_t
decode_generation(struct sim *sim, uint32_t session, uint32_t first)
{
	static struct plain_decoder d;
	uint32_t order[PACKETS_MAX], n = 0, size = 0, dependent = 0;
	uint8_t symbol[PLAIN_SYMBOL];

	for (uint32_t i = 0; i < capture.n; i++) {
		if (first_of(&capture.sent[i]) != first)
			continue;
		order[n++] = i;
		if (capture.sent[i].h.final)
			size = capture.sent[i].h.n;
	}
	if (n == 0)
		return 0;
	assert_int_not_equal(size, 0);
	plain_begin(&d, size);
	while (d.rank < size) {
		uint32_t pick = rng_below(&sim->rng, n), len;

		assert_true(n > 0);
		len = symbol_of(&capture.sent[order[pick]], symbol);
		dependent += !plain_take(&d, capture.sent[order[pick]].coeffs, symbol, len);
		order[pick] = order[--n];
	}
	/* Two random combinations of few unknowns depend on each other with odds of 1 in 255. */
	assert_true(dependent <= 1);
	for (uint32_t i = 0; i < size; i++)
		check_symbol(plain_symbol(&d, i), session, first + i);
	return size;
}

/* All generations from sequence 0 on; returns the source packets. */
static uint32_t
decode_all(struct sim *sim, uint32_t session)
{
	uint32_t seq = 0, n;

	do {
		n = decode_generation(sim, session, seq);
		seq += n;
	} while (n > 0);
	return seq;
}

static uint32_t
count_kind(uint8_t kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < capture.n; i++)
		n += capture.sent[i].h.kind == kind;
	return n;
}

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
	capture.n = 0;
	sim->hooks = (struct sim_hooks){.wire = hear, .arg = &capture};
	s = small_session(sim, 1, strchr(flow, '3') != NULL ? to : to2);
	s.coding = *coding;
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
		assert_int_equal(decode_all(scene.sim, scene.session), n);
		assert_int_equal(count_kind(RLNC_SYSTEMATIC), n);
		assert_int_equal(count_kind(RLNC_SEEDED), n * 3 / 10);
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
	assert_int_equal(count_kind(RLNC_SYSTEMATIC), 5);
	sim_run_until(scene.sim, scene.sim->now + 3 * SIM_MS);
	assert_int_equal(count_kind(RLNC_SEEDED), 0);
	sim_run_until(scene.sim, scene.sim->now + 3 * SIM_MS);
	assert_int_equal(count_kind(RLNC_SEEDED), 5);
	send_lengths(&scene, 16, SIM_US);
	sim_run_until(scene.sim, scene.sim->now + SIM_MS);
	assert_int_equal(count_kind(RLNC_SEEDED), 21);
	assert_int_equal(decode_all(scene.sim, scene.session), 21);
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
	assert_int_equal(count_kind(RLNC_SYSTEMATIC), 0);
	assert_int_equal(count_kind(RLNC_SEEDED), 125);
	assert_int_equal(decode_all(scene.sim, scene.session), 100);
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
	assert_int_equal(count_kind(RLNC_SYSTEMATIC), 2 * 64);
	assert_int_equal(count_kind(RLNC_SEEDED), 2 * 32);
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
		const struct sent *s = &capture.sent[i];
		uint8_t sum[PLAIN_SYMBOL] = {0};

		assert_int_equal(s->h.code, RLNC_WINDOW);
		if (s->h.kind == RLNC_SYSTEMATIC) {
			assert_int_equal(first_of(s) + s->h.index, seq);
			(void)symbol_of(s, symbols[seq]);
			check_symbol(symbols[seq], scene.session, seq);
			seq++;
			continue;
		}
		repairs++;
		assert_int_equal(first_of(s) + s->h.n, seq);
		assert_int_equal(s->h.n, RTE_MIN(seq, 12u));
		for (uint32_t k = 0; k < s->h.n; k++)
			for (uint32_t b = 0; b < PLAIN_SYMBOL; b++)
				sum[b] ^= plain_mul(s->coeffs[k], symbols[first_of(s) + k][b]);
		assert_memory_equal(sum, s->data, s->len);
	}
	assert_int_equal(seq, 150);
	assert_int_equal(repairs, 30);
	/* What is kept is given back once nothing could use it any more. */
	sim_run_until(scene.sim, scene.sim->now + 250 * SIM_MS);
	assert_int_equal(
		sim_node_counters(scene.sim, sim_node_index(scene.sim, 1)).queued, 0);
	end(&scene);
}

/* A source that ends midway gives back what it keeps. */
static void
test_stop(void **state)
{
	struct rlnc_params coding = block(64, 100000);
	struct scene scene = begin(&coding, "2", false, 0);
	struct node *node = scene.sim->nodes[0].node;

	(void)state;
	send_lengths(&scene, 40, 10 * SIM_US);
	node_remove_source(node, sim_source(scene.sim, scene.session));
	scene.sim->nb_sessions = 0;
	sim_drain(scene.sim, SIM_S);
	assert_int_equal(count_kind(RLNC_SEEDED), 0);
	sim_free(scene.sim);
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
		cmocka_unit_test(test_stop),
	};

	sim_eal(128);
	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
