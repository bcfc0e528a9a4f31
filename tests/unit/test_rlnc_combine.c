/* SPDX-License-Identifier: BSD-3-Clause */
/* Combinations of symbols in chained packets, against multiplication bit by bit. */
#include "unit.h"

#include <rte_mbuf.h>

#include "../harness/test_eal.h"
#include "plain_decoder.h"
#include "rlnc_combine.h"
#include "rng.h"

#define SYMBOLS 24

static struct rte_mempool *pool;
static uint8_t plain[SYMBOLS][PLAIN_SYMBOL];

/* A packet of len random bytes in segments of any size, some of them empty; bytes get a copy. */
static struct rte_mbuf *
random_packet(struct rng *rng, uint32_t len, uint8_t *bytes)
{
	struct rte_mbuf *first = NULL;
	uint32_t done = 0;

	while (first == NULL || done < len) {
		uint32_t part = RTE_MIN(rng_below(rng, 700), len - done);
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		assert_non_null(m);
		m->data_off = (uint16_t)rng_below(rng, 100);
		for (uint32_t i = 0; i < part; i++)
			rte_pktmbuf_mtod(m, uint8_t *)[i] = bytes[done + i] = (uint8_t)rng_next(
				rng);
		m->data_len = (uint16_t)part;
		m->pkt_len = part;
		if (first == NULL)
			first = m;
		else
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
		done += part;
	}
	return first;
}

/* A symbol whose body is all of a packet but its first off bytes. */
static void
random_vector(struct rng *rng, struct rlnc_held *v, uint8_t *symbol)
{
	uint8_t bytes[1500];
	uint32_t off = rng_below(rng, 10), len = rng_below(rng, 1400);
	struct rlnc_symbol_head head;

	memset(symbol, 0, PLAIN_SYMBOL);
	for (size_t i = 0; i < sizeof(head); i++)
		((uint8_t *)&head)[i] = (uint8_t)rng_next(rng);
	rlnc_held_set(v, head, random_packet(rng, off + len, bytes), (uint16_t)off);
	memcpy(symbol, &head, sizeof(head));
	memcpy(symbol + sizeof(head), bytes + off, len);
}

static void
try_combination(struct rng *rng)
{
	static uint8_t out[RLNC_OUTPUTS_MAX][PLAIN_SYMBOL];
	uint16_t n = (uint16_t)(1 + rng_below(rng, SYMBOLS));
	uint16_t outs = (uint16_t)(1 + rng_below(rng, RLNC_OUTPUTS_MAX));
	uint8_t coeffs[RLNC_OUTPUTS_MAX * SYMBOLS], *dst[RLNC_OUTPUTS_MAX];
	struct rlnc_held vectors[SYMBOLS];
	uint16_t longest, expected = 0;

	for (uint16_t i = 0; i < n; i++) {
		random_vector(rng, &vectors[i], plain[i]);
		expected = RTE_MAX(expected, vectors[i].len);
	}
	for (uint32_t i = 0; i < sizeof(coeffs); i++)
		coeffs[i] = (uint8_t)rng_next(rng);
	for (uint16_t o = 0; o < outs; o++)
		dst[o] = out[o];
	memset(out, 0x5a, sizeof(out));
	longest = rlnc_longest(vectors, n);
	assert_int_equal(longest, expected + 8);
	rlnc_combine(vectors, n, coeffs, n, dst, outs);
	for (uint16_t o = 0; o < outs; o++) {
		for (uint32_t b = 0; b < PLAIN_SYMBOL; b++) {
			uint8_t sum = b < longest ? 0 : 0x5a;

			for (uint16_t i = 0; i < n && b < longest; i++)
				sum ^= plain_mul(coeffs[o * n + i], plain[i][b]);
			assert_int_equal(out[o][b], sum);
		}
	}
	for (uint16_t i = 0; i < n; i++)
		rte_pktmbuf_free(vectors[i].m);
}

static void
test_combinations(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int i = 0; i < 60; i++)
		try_combination(&rng);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_combinations)};

	if (test_eal(64, false) < 0)
		return 1;
	pool = rte_pktmbuf_pool_create("pool", 1023, 0, 0, 1024, SOCKET_ID_ANY);
	if (pool == NULL)
		return 1;
	return cmocka_run_group_tests_name("rlnc_combine", tests, NULL, NULL);
}
